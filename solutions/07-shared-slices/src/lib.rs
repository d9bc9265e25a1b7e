//! One image, many threads, no copy: bands that share the ownership of the pixels
//! for reading, and bands that borrow them for writing.
//!
//! Also known as tiles or strips. Reading through an `Arc` is what `bytes::Bytes`
//! and [`wt_core::buffer::SharedSlice`] do; writing through a scope is `rayon`'s
//! `par_chunks_mut`.

use std::mem;
use std::ops::Range;
use std::panic::resume_unwind;

use wt_core::sync::Arc;
use wt_core::thread;

/// Red, green, blue and alpha of one pixel.
pub type Pixel = [u8; 4];

/// Some rows of an image, and a share in owning the whole of it.
///
/// A band may go to any thread, and it may outlive every other handle to the image.
#[derive(Debug, Clone)]
pub struct Band {
    image: Arc<[Pixel]>,
    /// Which pixels of `image`.
    range: Range<usize>,
    first_row: usize,
}

impl Band {
    /// The number of the band's first row in the image.
    #[must_use]
    pub fn first_row(&self) -> usize {
        self.first_row
    }

    /// The pixels of the band, row by row, where they are.
    #[must_use]
    pub fn pixels(&self) -> &[Pixel] {
        &self.image[self.range.clone()]
    }
}

/// Shares out `rows` rows between `workers` workers: one range for each, in order.
///
/// No range is empty, and no two differ by more than one row. With fewer rows than
/// workers there are as many ranges as rows.
///
/// # Panics
///
/// Panics if `workers` is 0.
#[must_use]
pub fn share_rows(rows: usize, workers: usize) -> Vec<Range<usize>> {
    assert!(workers > 0, "0 workers do no work");
    let bands = workers.min(rows);
    // Each boundary is computed from the whole. What one band loses by rounding
    // down is the gain of the next, and the last boundary is `rows` itself.
    let boundary = |band: usize| band * rows / bands;
    (0..bands)
        .map(|band| boundary(band)..boundary(band + 1))
        .collect()
}

/// Cuts an image into a band for each worker, in order. No pixel is copied.
///
/// # Panics
///
/// Panics if `workers` or `width` is 0, or the image does not consist of whole rows.
#[must_use]
pub fn shared_bands(image: &Arc<[Pixel]>, width: usize, workers: usize) -> Vec<Band> {
    let band = |rows: Range<usize>| Band {
        image: Arc::clone(image),
        range: rows.start * width..rows.end * width,
        first_row: rows.start,
    };
    let rows = share_rows(count_rows(image, width), workers);
    rows.into_iter().map(band).collect()
}

/// Lets each worker look at its band, all at the same time, and returns their
/// results in the order of the bands.
///
/// Blocks until all have ended.
///
/// # Panics
///
/// As [`shared_bands`]; and if `work` panics, with its panic.
pub fn read_bands<R: Send + 'static>(
    image: &Arc<[Pixel]>,
    width: usize,
    workers: usize,
    work: impl Fn(&Band) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let work = Arc::new(work);
    let start = |band: Band| {
        let work = Arc::clone(&work);
        thread::spawn(move || work(&band))
    };
    // Two `collect`s: without the first, each thread would be started after the
    // end of the one before; without the second, a panic would leave threads behind.
    let bands = shared_bands(image, width, workers);
    let threads: Vec<_> = bands.into_iter().map(start).collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
    let result_or_panic =
        |result: thread::Result<R>| result.unwrap_or_else(|why| resume_unwind(why));
    results.into_iter().map(result_or_panic).collect()
}

/// Lets each worker change its band in place, all at the same time. `edit` gets the
/// number of the band's first row, and the band's pixels.
///
/// Blocks until all have ended. No pixel is copied, and no lock is needed: no pixel
/// is in two bands.
///
/// # Panics
///
/// As [`shared_bands`]; and if `edit` panics.
pub fn edit_bands(
    image: &mut [Pixel],
    width: usize,
    workers: usize,
    edit: impl Fn(usize, &mut [Pixel]) + Sync,
) {
    let shares = share_rows(count_rows(image, width), workers);
    let (mut rest, edit) = (image, &edit);
    thread::scope(|scope| {
        for rows in shares {
            // `take`: the borrow of the rest must be given up before it can be cut.
            let (band, others) = mem::take(&mut rest).split_at_mut(rows.len() * width);
            rest = others;
            scope.spawn(move || edit(rows.start, band));
        }
    });
}

/// Darkens an image from top to bottom, in place: of `n` rows, row `y` keeps
/// `n - y` parts of `n` of its colours, rounded down. Alpha stays as it is.
///
/// # Panics
///
/// As [`edit_bands`].
pub fn fade(image: &mut [Pixel], width: usize, workers: usize) {
    let rows = count_rows(image, width);
    edit_bands(image, width, workers, |first_row, band| {
        for (row, pixels) in (first_row..).zip(band.chunks_mut(width)) {
            for [red, green, blue, _alpha] in pixels {
                for colour in [red, green, blue] {
                    *colour = (usize::from(*colour) * (rows - row) / rows) as u8;
                }
            }
        }
    });
}

/// How many rows an image of this width has.
fn count_rows(image: &[Pixel], width: usize) -> usize {
    assert!(width > 0, "an image of width 0 has no rows");
    let pixels = image.len();
    assert!(
        pixels.is_multiple_of(width),
        "{pixels} pixels are no whole rows of {width}"
    );
    pixels / width
}
