//! Readers of one large image. They do little with each pixel, so what it takes to get
//! at the pixels shows.

use wt_core::sync::Arc;

use shared_slices::{Pixel, read_bands};

/// What is done.
pub const WHAT: &str = "2 workers add up the reds of 2048 × 2048 pixels (16 MiB)";

const WIDTH: usize = 2048;

/// The image.
pub fn prepare() -> Arc<[Pixel]> {
    let pixel = |at: u32| at.wrapping_mul(0x9e37_79b1).to_le_bytes();
    (0..(WIDTH * WIDTH) as u32).map(pixel).collect()
}

/// Adds up the reds of every band, and the bands.
pub fn run(image: &Arc<[Pixel]>) -> u64 {
    let reds = read_bands(image, WIDTH, 2, |band| {
        let red = |pixel: &Pixel| u64::from(pixel[0]);
        band.pixels().iter().map(red).sum::<u64>()
    });
    reds.into_iter().sum()
}
