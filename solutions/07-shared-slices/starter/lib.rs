//! Lesson 07: one image, many threads, no copy. The brief is in `README.md`.
//!
//! You may use `wt_core::{thread, sync, channel}` and std.

use std::ops::Range;

use wt_core::sync::Arc;

/// Red, green, blue and alpha of one pixel.
pub type Pixel = [u8; 4];

/// Some rows of an image, and a share in owning the whole of it.
///
/// A band may go to any thread, and it may outlive every other handle to the image.
#[derive(Debug, Clone)]
pub struct Band {
    // What must a band own, and what must it know, to find its pixels?
}

impl Band {
    /// The number of the band's first row in the image.
    #[must_use]
    pub fn first_row(&self) -> usize {
        todo!("say where in the image the band begins")
    }

    /// The pixels of the band, row by row, where they are.
    #[must_use]
    pub fn pixels(&self) -> &[Pixel] {
        todo!("show the band's part of the image")
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
    todo!("share out {rows} rows")
}

/// Cuts an image into a band for each worker, in order. No pixel is copied.
///
/// # Panics
///
/// Panics if `workers` or `width` is 0, or the image does not consist of whole rows.
#[must_use]
pub fn shared_bands(image: &Arc<[Pixel]>, width: usize, workers: usize) -> Vec<Band> {
    let rows = count_rows(image, width);
    todo!("make {workers} bands of {rows} rows")
}

/// Lets each worker look at its band, all at the same time, and returns their
/// results in the order of the bands.
///
/// Blocks until all have ended.
///
/// # Panics
///
/// As [`shared_bands`]; and if `work` panics.
pub fn read_bands<R: Send + 'static>(
    image: &Arc<[Pixel]>,
    width: usize,
    workers: usize,
    work: impl Fn(&Band) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let bands = shared_bands(image, width, workers);
    drop(work);
    todo!("give {} bands to as many threads", bands.len())
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
    drop(edit);
    todo!("lend {} bands to as many threads", shares.len())
}

/// Darkens an image from top to bottom, in place: of `n` rows, row `y` keeps
/// `n - y` parts of `n` of its colours, rounded down. Alpha stays as it is.
///
/// # Panics
///
/// As [`edit_bands`].
pub fn fade(image: &mut [Pixel], width: usize, workers: usize) {
    let rows = count_rows(image, width);
    todo!("fade {rows} rows on {workers} threads")
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
