//! What parent and child say to each other: a line of JSON, and after some lines plain bytes or
//! numbers. A parent believes no count that it hears.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::explain::{Ending, FeatureMap, Forward, Head, LayerNorm, NoMaps};
use crate::model::{GraphFacts, PictureRange};
use crate::photo::PhotoOptions;
use crate::text::CleanText;

/// Longest line: the names and shapes of all tensors.
const MAX_LINE: u64 = 64 << 20;
/// Most numbers that come at once: a head, a feature map, or pictures.
const MAX_NUMBERS: usize = 1 << 28;

/// What a child is there for, the first line that it reads.
#[derive(Debug, Serialize, Deserialize)]
pub enum Job {
    Photo {
        path: OsString,
        options: PhotoOptions,
    },
    Checkpoint {
        path: OsString,
        /// Where it may unpack things.
        folder: OsString,
    },
    Network {
        path: OsString,
    },
}

/// A picture whose pixels follow, in RGB.
#[derive(Debug, Serialize, Deserialize)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
}

/// Pictures for a network follow, each of so many numbers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Question {
    pub pictures: usize,
    pub numbers: usize,
    pub side: usize,
}

/// The result of a network for one picture; logits follow, then the feature map.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    classes: usize,
    /// Channels, height, width.
    features: Option<[usize; 3]>,
}

/// Why there is no network: the rest of a line about the file, or a line about the network.
#[derive(Debug, Serialize, Deserialize)]
pub enum Refusal {
    File(CleanText),
    Network(CleanText),
}

/// [`GraphFacts`]; the numbers of its ending follow.
#[derive(Debug, Serialize, Deserialize)]
pub struct Facts {
    name: CleanText,
    classes: usize,
    ending: End,
    cell: Option<usize>,
    side: Option<usize>,
    range: PictureRange,
    parameters: usize,
    dtype: CleanText,
    metadata: BTreeMap<String, String>,
}

/// Classes and channels of a head.
type Size = [usize; 2];

#[derive(Debug, Serialize, Deserialize)]
enum End {
    Linear(Size),
    NormLinear(Size, f32),
    Other(Option<Size>, CleanText),
}

impl Facts {
    pub fn write(facts: &GraphFacts, to: &mut impl Write) -> io::Result<()> {
        let size = |head: &Head| [head.classes, head.channels];
        let ending = match &facts.ending {
            Ending::Linear(head) => End::Linear(size(head)),
            Ending::NormLinear(head, norm) => End::NormLinear(size(head), norm.epsilon),
            Ending::Other { linear, why } => {
                End::Other(linear.as_deref().map(size), CleanText::new(&why.0))
            }
        };
        let told = Self {
            name: CleanText::new(&facts.name),
            classes: facts.classes,
            ending,
            cell: facts.cell,
            side: facts.side,
            range: facts.range,
            parameters: facts.parameters,
            dtype: CleanText::new(&facts.dtype),
            metadata: facts.metadata.clone(),
        };
        writeln!(to, "{}", line(&Ok::<_, Refusal>(told)))?;
        if let Some(head) = facts.ending.linear() {
            write_numbers(to, &head.weight)?;
            write_numbers(to, &head.bias)?;
        }
        if let Ending::NormLinear(_, norm) = &facts.ending {
            write_numbers(to, &norm.scale)?;
            write_numbers(to, &norm.shift)?;
        }
        Ok(())
    }

    pub fn read(self, from: &mut impl Read) -> io::Result<GraphFacts> {
        let head = |from: &mut _, [classes, channels]: Size| -> io::Result<Arc<Head>> {
            let weight = read_numbers(from, classes.saturating_mul(channels))?;
            let bias = read_numbers(from, classes)?;
            Ok(Arc::new(Head { classes, channels, weight, bias }))
        };
        let ending = match self.ending {
            End::Linear(size) => Ending::Linear(head(from, size)?),
            End::NormLinear(size, epsilon) => {
                let head = head(from, size)?;
                let scale = read_numbers(from, head.channels)?;
                let shift = read_numbers(from, head.channels)?;
                Ending::NormLinear(head, LayerNorm { scale, shift, epsilon })
            }
            End::Other(size, why) => Ending::Other {
                linear: size.map(|size| head(from, size)).transpose()?,
                why: NoMaps(why.as_str().into()),
            },
        };
        Ok(GraphFacts {
            name: self.name.into(),
            classes: self.classes,
            ending,
            cell: self.cell,
            side: self.side,
            range: self.range,
            parameters: self.parameters,
            dtype: self.dtype.into(),
            metadata: self.metadata,
        })
    }
}

impl Answer {
    pub fn write(forwards: &[Forward], to: &mut impl Write) -> io::Result<()> {
        let size = |map: &FeatureMap| [map.channels, map.height, map.width];
        let answers = forwards.iter().map(|forward| Self {
            classes: forward.logits.len(),
            features: forward.features.as_ref().map(size),
        });
        writeln!(to, "{}", line(&Ok::<_, CleanText>(Vec::from_iter(answers))))?;
        for forward in forwards {
            write_numbers(to, &forward.logits)?;
            let features = forward.features.as_ref().map_or(&[][..], |map| &map.data);
            write_numbers(to, features)?;
        }
        Ok(())
    }

    pub fn read(&self, from: &mut impl Read) -> io::Result<Forward> {
        let logits = read_numbers(from, self.classes)?;
        let map = |[channels, height, width]: [usize; 3]| -> io::Result<FeatureMap> {
            let count = channels.saturating_mul(height).saturating_mul(width);
            Ok(FeatureMap { channels, height, width, data: read_numbers(from, count)? })
        };
        let features = self.features.map(map).transpose()?;
        Ok(Forward { logits, features, conv2: None })
    }
}

/// A value as one line, without its end.
pub fn line(value: &impl Serialize) -> String {
    // Plain data can always be written; nothing is what nobody understands.
    serde_json::to_string(value).unwrap_or_default()
}

/// The value of the next line.
///
/// # Errors
/// When there is none, or something else.
pub fn read<T: DeserializeOwned>(reader: &mut impl BufRead) -> io::Result<T> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}

/// Numbers as 4 bytes each, the lowest first.
///
/// # Errors
/// When they do not get there.
pub fn write_numbers(to: &mut impl Write, numbers: &[f32]) -> io::Result<()> {
    let mut bytes = [0; PIECE];
    for numbers in numbers.chunks(PIECE / 4) {
        let places = bytes.as_chunks_mut::<4>().0;
        for (place, number) in places.iter_mut().zip(numbers) {
            *place = number.to_le_bytes();
        }
        to.write_all(&bytes[..4 * numbers.len()])?;
    }
    Ok(())
}

/// # Errors
/// When there are not as many, or they are more than anybody sends.
pub fn read_numbers(from: &mut impl Read, count: usize) -> io::Result<Vec<f32>> {
    if count > MAX_NUMBERS {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut numbers = Vec::new();
    let mut bytes = [0; PIECE];
    while numbers.len() < count {
        let next = (count - numbers.len()).min(PIECE / 4);
        from.read_exact(&mut bytes[..4 * next])?;
        let pieces = bytes.as_chunks::<4>().0.iter().take(next);
        // What is promised is taken only as it comes.
        numbers.extend(pieces.map(|&bytes| f32::from_le_bytes(bytes)));
    }
    Ok(numbers)
}

/// Bytes that are turned into numbers, or back, at a time.
const PIECE: usize = 1 << 14;
