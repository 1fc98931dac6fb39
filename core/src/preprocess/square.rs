//! A square of the photo that a network is shown in place of its recipe's own crop.
//!
//! Squares are whole pixels of the photo and lie inside it. What a network gets is that part, cut
//! out and resized to the side of its input with the recipe's filter: in Pillow
//! `photo.crop((x, y, x + side, y + side)).resize((crop, crop), filter)`. Pixels beside the square
//! have no part in it.

use std::fmt;
use std::str::FromStr;

/// In pixels of the photo; y points down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Square {
    /// The leftmost column.
    pub x: u32,
    /// The uppermost row.
    pub y: u32,
    /// Columns, and rows.
    pub side: u32,
}

/// A corner of a square: the left or the right, the upper or the lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corner {
    pub is_right: bool,
    pub is_lower: bool,
}

impl Corner {
    pub const ALL: [Self; 4] = [
        Self { is_right: false, is_lower: false },
        Self { is_right: true, is_lower: false },
        Self { is_right: false, is_lower: true },
        Self { is_right: true, is_lower: true },
    ];
}

impl Square {
    /// The shortest side that dragging makes: a network sees no thing in fewer pixels.
    pub const LEAST: u32 = 32;

    /// The shortest side for a photo of this size, which may be smaller than [`Self::LEAST`].
    fn least([width, height]: [u32; 2]) -> u32 {
        Self::LEAST.min(width).min(height)
    }

    /// Whether it has pixels, and all of them are the photo's.
    pub fn is_inside(self, [width, height]: [u32; 2]) -> bool {
        let fits =
            |start: u32, length: u32| start.checked_add(self.side).is_some_and(|end| end <= length);
        self.side > 0 && fits(self.x, width) && fits(self.y, height)
    }

    /// The square of whole pixels that is nearest to one that begins at `[x, y]`, moved and made
    /// smaller as far as the photo asks for it. Of a rectangle that is no square, `side` is the
    /// shorter one.
    pub fn nearest(start: [f64; 2], side: f64, photo: [u32; 2]) -> Self {
        let most = photo[0].min(photo[1]);
        let side = whole(side, Self::least(photo), most);
        let [x, y] = [0, 1].map(|i| whole(start[i], 0, photo[i] - side));
        Self { x, y, side }
    }

    /// The same square elsewhere, by so many pixels; it stays in the photo.
    #[must_use]
    pub fn moved(self, by: [f64; 2], photo: [u32; 2]) -> Self {
        let start = [f64::from(self.x) + by[0], f64::from(self.y) + by[1]];
        Self::nearest(start, f64::from(self.side), photo)
    }

    /// The square once a corner was pulled `to` a place. The opposite corner stays, and the side is
    /// the longer one of what the pointer asks for, as far as there is photo.
    #[must_use]
    pub fn pulled(self, corner: Corner, to: [f64; 2], photo: [u32; 2]) -> Self {
        let is_far = [corner.is_right, corner.is_lower];
        let start = [self.x, self.y];
        // Where the opposite corner is, how far the pointer is from it, and how much room there is.
        let fixed = [0, 1].map(|i| if is_far[i] { start[i] } else { start[i] + self.side });
        let pulled = [0, 1].map(|i| {
            let offset = to[i] - f64::from(fixed[i]);
            if is_far[i] { offset } else { -offset }
        });
        let room =
            [0, 1].map(|i| if is_far[i] { photo[i].saturating_sub(fixed[i]) } else { fixed[i] });
        let most = room[0].min(room[1]);
        let side = whole(pulled[0].max(pulled[1]), Self::least(photo).min(most), most);
        let [x, y] = [0, 1].map(|i| if is_far[i] { fixed[i] } else { fixed[i] - side });
        Self { x, y, side }
    }
}

/// The nearest whole number in a range; its start for what is no number.
fn whole(value: f64, least: u32, most: u32) -> u32 {
    // Casts cut off what does not fit and make zero of NaN.
    (value.round() as u32).clamp(least, most.max(least))
}

impl fmt::Display for Square {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { x, y, side } = self;
        write!(f, "{x},{y},{side}")
    }
}

impl FromStr for Square {
    type Err = String;

    /// `x,y,side`
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Result<Vec<u32>, _> =
            text.split(',').map(|part| part.trim().parse::<u32>()).collect();
        match numbers.as_deref() {
            Ok(&[x, y, side]) if side > 0 => Ok(Self { x, y, side }),
            _ => Err("give three whole numbers: the left column, the upper row and the side of \
                      the square, such as 40,20,300"
                .to_owned()),
        }
    }
}
