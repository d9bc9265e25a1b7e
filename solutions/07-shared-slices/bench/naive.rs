//! Each worker gets pixels of its own, as `postMessage` with a slice does.

use wt_core::sync::Arc;
use wt_core::thread;

/// Red, green, blue and alpha of one pixel.
pub type Pixel = [u8; 4];

/// A copy of some rows.
pub struct Band {
    pixels: Vec<Pixel>,
}

impl Band {
    /// The copied pixels.
    pub fn pixels(&self) -> &[Pixel] {
        &self.pixels
    }
}

/// Lets each worker look at a copy of its band.
pub fn read_bands<R: Send + 'static>(
    image: &Arc<[Pixel]>,
    width: usize,
    workers: usize,
    work: impl Fn(&Band) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let work = Arc::new(work);
    let rows = (image.len() / width).div_ceil(workers);
    let start = |pixels: &[Pixel]| {
        let pixels = pixels.to_vec();
        let work = Arc::clone(&work);
        thread::spawn(move || work(&Band { pixels }))
    };
    let threads: Vec<_> = image.chunks(rows * width).map(start).collect();
    let joined = threads.into_iter().map(|thread| thread.join());
    joined
        .map(|result| result.expect("a reader ends"))
        .collect()
}
