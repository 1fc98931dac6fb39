//! The one inner loop of all products: a few rows of input times a panel of columns, with all their
//! sums in registers, and what follows a sum while it is still there.
//!
//! A row of input need not lie in one piece: it is made of segments that lie at the same distances
//! in every row. So a convolution is a product without a matrix of patches (Dukhan 2019, "The
//! indirect convolution algorithm").

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors in these bodies are not inlined, and cost half of the speed"
)]

use std::ops::{Deref, DerefMut, Range};

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::epilogue::Epilogue;

/// The right side of a product, `[groups, depth, columns]`, in the order in which it is read.
#[derive(Debug)]
pub struct Packed {
    columns: usize,
    panels: Vec<Panel>,
}

/// Columns whose sums fit into registers side by side.
#[derive(Debug)]
struct Panel {
    columns: Range<usize>,
    /// How much further right in every row of the input its group begins.
    offset: usize,
    /// Vector registers in a row.
    vectors: usize,
    /// `[depth, vectors · lanes]`, zeros at the end of rows that are not full.
    values: Aligned,
}

/// Numbers that begin where a line of the cache does, so that no vector lies in two of them.
#[derive(Debug)]
struct Aligned {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    fn zeros(len: usize) -> Self {
        const LINE: usize = 64;
        let values = vec![0.0; len + LINE / size_of::<f32>()];
        // Only what is fast depends on the answer; it may be any number.
        let start = values.as_ptr().align_offset(LINE).min(values.len() - len);
        Self { values, start, len }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.start..][..self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..][..self.len]
    }
}

/// Numbers of a panel that is not too large.
const PANEL: usize = 1 << 18;

impl Packed {
    /// `rows`: `[groups · columns, depth]`, so the transpose. `place` says at which depth a product
    /// meets the value that `rows` has at a depth. Groups lie `distance` apart in the input.
    pub fn new(
        rows: &[f32],
        [groups, columns, depth]: [usize; 3],
        distance: usize,
        place: impl Fn(usize) -> usize + Sync,
    ) -> Self {
        let Registers { lanes, vectors: most } = registers();
        // Two panels should have room in a core's second cache, the one that is used and the next one.
        let most = if depth * most * lanes > PANEL { most.div_ceil(2) } else { most };
        let vectors = columns.div_ceil(lanes);
        let count = vectors.div_ceil(most);
        let panels = (0..groups * count).into_par_iter().map(|i| {
            let (group, i) = (i / count, i % count);
            let [first, end] = [i, i + 1].map(|i| (i * vectors / count * lanes).min(columns));
            let width = (end - first).next_multiple_of(lanes);
            let columns = group * columns + first..group * columns + end;
            let mut values = Aligned::zeros(depth * width);
            for at in 0..depth {
                let column = rows[columns.start * depth..columns.end * depth].iter();
                let row = &mut values[place(at) * width..][..width];
                for (value, &from) in row.iter_mut().zip(column.skip(at).step_by(depth)) {
                    *value = from;
                }
            }
            Panel { columns, offset: group * distance, vectors: width / lanes, values }
        });
        Self { columns: groups * columns, panels: panels.collect() }
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The rows that it was made of, with the same size and `place`.
    pub fn rows(
        &self,
        [groups, columns, depth]: [usize; 3],
        place: impl Fn(usize) -> usize,
    ) -> Vec<f32> {
        let mut rows = vec![0.0; groups * columns * depth];
        for panel in &self.panels {
            let width = panel.values.len() / depth.max(1);
            for at in 0..depth {
                let values = &panel.values[place(at) * width..];
                for (column, &value) in panel.columns.clone().zip(values) {
                    rows[column * depth + at] = value;
                }
            }
        }
        rows
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.panels.iter().map(|panel| panel.values.len()).sum()
    }

    /// The columns of each panel.
    pub fn panels(&self) -> impl Iterator<Item = Range<usize>> {
        self.panels.iter().map(|panel| panel.columns.clone())
    }
}

/// What the processor offers to a product.
#[derive(Debug, Clone, Copy)]
pub struct Registers {
    /// Numbers in a vector register.
    pub lanes: usize,
    /// Vector registers across a panel.
    vectors: usize,
}

/// The same ones for as long as the program runs.
pub fn registers() -> Registers {
    struct Ask;
    impl WithSimd for Ask {
        type Output = Registers;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Registers {
            let vectors = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
            Registers { lanes: S::F32_LANES, vectors }
        }
    }
    Arch::new().dispatch(Ask)
}

/// A line of the cache.
type Line = [f32; 16];

/// Says that a line will be needed soon. To wait for the memory takes as long as to multiply with
/// what comes from there, where a network is run for one picture.
#[inline(always)]
fn fetch(line: &Line) {
    #[cfg(target_arch = "x86_64")]
    safe_arch::prefetch_t1(line);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

/// `out = epilogue(rows · weights)` for some rows and some neighbouring panels.
///
/// It owns nothing: with something to drop when a panic unwinds, the compiler would keep the sums in
/// memory, at a quarter of the speed.
pub struct Product<'a> {
    pub input: &'a [f32],
    /// Where each row of the input begins.
    pub starts: &'a [usize],
    /// How much further each of its segments begins, and how long all of them are.
    pub segments: &'a [usize],
    pub length: usize,
    pub weights: &'a Packed,
    /// The depth of the weights that the first segment begins to meet.
    pub depth: usize,
    pub panels: Range<usize>,
    /// A row of the output for each row of the input, only the columns of `panels`.
    pub out: &'a mut [&'a mut [f32]],
    /// What follows, and the number of the first row as a pixel of the output.
    pub epilogue: Option<(&'a Epilogue<'a>, usize)>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let panels = &self.weights.panels[self.panels.clone()];
        let first = panels.first().map_or(0, |panel| panel.columns.start);
        for (i, panel) in panels.iter().enumerate() {
            let at = panel.columns.start - first;
            let next = panels.get(i + 1).map_or(&[][..], |next| next.values.as_chunks().0);
            // As many rows at once as there are registers for, so that additions need not wait for
            // each other and every number that is loaded is used often.
            match (panel.vectors, S::REGISTER_COUNT >= 32) {
                (1, true) => self.panel::<S, 12, 6, 1>(simd, (panel, next), at),
                (2, true) => self.panel::<S, 12, 6, 2>(simd, (panel, next), at),
                (3, true) => self.panel::<S, 8, 4, 3>(simd, (panel, next), at),
                (1, false) => self.panel::<S, 6, 3, 1>(simd, (panel, next), at),
                (2, false) => self.panel::<S, 6, 3, 2>(simd, (panel, next), at),
                _ => self.panel::<S, 6, 3, 4>(simd, (panel, next), at),
            }
        }
    }
}

impl Product<'_> {
    /// All rows by a panel of `V` vectors, `M` rows at once; the last ones perhaps `HALF` at once.
    #[inline(always)]
    fn panel<S: Simd, const M: usize, const HALF: usize, const V: usize>(
        &mut self,
        simd: S,
        (panel, next): (&Panel, &[Line]),
        at: usize,
    ) {
        let each = next.len() / self.starts.len().div_ceil(M).max(1) + 1;
        let mut ahead = next.chunks(each);
        let mut row = 0;
        while row < self.starts.len() {
            let ahead = ahead.next().unwrap_or_default();
            if self.starts.len() - row > HALF {
                self.rows::<S, M, V>(simd, (panel, ahead), at, row);
                row += M;
            } else {
                self.rows::<S, HALF, V>(simd, (panel, ahead), at, row);
                row += HALF;
            }
        }
    }

    /// `M` rows from `first` on; past the last one, that one again, which is then not stored.
    #[inline(always)]
    fn rows<S: Simd, const M: usize, const V: usize>(
        &mut self,
        simd: S,
        (panel, ahead): (&Panel, &[Line]),
        at: usize,
        first: usize,
    ) {
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        self.sums(simd, (panel, ahead), first, &mut sums);
        let count = M.min(self.starts.len() - first);
        let out = &mut self.out[first..first + count];
        for m in 0..count {
            if let Some((epilogue, pixel)) = self.epilogue {
                epilogue.finish(simd, &mut sums[m], pixel + first + m, panel.columns.clone());
            }
            store(simd, &mut out[m][at..at + panel.columns.len()], &sums[m]);
        }
    }

    /// What is added up stays in registers because it is only ever indexed by constants, once the
    /// compiler has unrolled the short loops; therefore it is copied to `out` in the end.
    #[inline(always)]
    fn sums<S: Simd, const M: usize, const V: usize>(
        &self,
        simd: S,
        (panel, ahead): (&Panel, &[Line]),
        first: usize,
        out: &mut [[S::f32s; V]; M],
    ) {
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        let mut starts = [panel.offset; M];
        if let Some(given) = self.starts[first..].first_chunk::<M>() {
            for m in 0..M {
                starts[m] += given[m];
            }
        } else {
            for m in 0..M {
                starts[m] += self.starts[(first + m).min(self.starts.len() - 1)];
            }
        }
        let (weights, _) = S::as_simd_f32s(&panel.values).0.as_chunks::<V>();
        for (s, segment) in self.segments.iter().enumerate() {
            let weights = &weights[self.depth + s * self.length..][..self.length];
            let mut rows: [&[f32]; M] = [&[]; M];
            for m in 0..M {
                rows[m] = &self.input[starts[m] + segment..][..weights.len()];
            }
            let ahead = ahead.get(s * self.length..).unwrap_or_default();
            for (k, weight) in weights.iter().enumerate() {
                if let Some(line) = ahead.get(k) {
                    fetch(line);
                }
                for m in 0..M {
                    let value = simd.splat_f32s(rows[m][k]);
                    for v in 0..V {
                        sums[m][v] = simd.mul_add_f32s(value, weight[v], sums[m][v]);
                    }
                }
            }
        }
        for m in 0..M {
            for v in 0..V {
                out[m][v] = sums[m][v];
            }
        }
    }
}

/// As many numbers as `V` registers have; zeros after the end of `values`.
#[inline(always)]
pub fn load<S: Simd, const V: usize>(simd: S, values: &[f32]) -> [S::f32s; V] {
    if let Some(vectors) = S::as_simd_f32s(values).0.first_chunk::<V>() {
        return *vectors;
    }
    let mut vectors = [simd.splat_f32s(0.0); V];
    for v in 0..V {
        let from = (v * S::F32_LANES).min(values.len());
        let to = ((v + 1) * S::F32_LANES).min(values.len());
        vectors[v] = simd.partial_load_f32s(&values[from..to]);
    }
    vectors
}

/// As many numbers as fit into `values`.
#[inline(always)]
pub fn store<S: Simd, const V: usize>(simd: S, values: &mut [f32], vectors: &[S::f32s; V]) {
    if let Some(places) = S::as_mut_simd_f32s(values).0.first_chunk_mut::<V>() {
        *places = *vectors;
        return;
    }
    for v in 0..V {
        let from = (v * S::F32_LANES).min(values.len());
        let to = ((v + 1) * S::F32_LANES).min(values.len());
        simd.partial_store_f32s(&mut values[from..to], vectors[v]);
    }
}
