//! Must fail: each_pixel_is_in_one_band (wrong)
//! Hint: You share out pixels. Where in its row does your second band begin when the rows are 5 pixels wide?
//!
//! The mistake: the pixels are shared out, not the rows: `image.len() / workers` for each. A
//! band then begins in the middle of a row, and "the band's first row" means nothing.

use std::mem;
use std::ops::Range;
use std::panic::resume_unwind;

use wt_core::sync::Arc;
use wt_core::thread;

pub type Pixel = [u8; 4];

#[derive(Debug, Clone)]
pub struct Band {
    image: Arc<[Pixel]>,
    range: Range<usize>,
    first_row: usize,
}

impl Band {
    #[must_use]
    pub fn first_row(&self) -> usize {
        self.first_row
    }

    #[must_use]
    pub fn pixels(&self) -> &[Pixel] {
        &self.image[self.range.clone()]
    }
}

#[must_use]
pub fn share_rows(rows: usize, workers: usize) -> Vec<Range<usize>> {
    assert!(workers > 0, "0 workers do no work");
    let bands = workers.min(rows);
    let boundary = |band: usize| band * rows / bands;
    (0..bands)
        .map(|band| boundary(band)..boundary(band + 1))
        .collect()
}

#[must_use]
pub fn shared_bands(image: &Arc<[Pixel]>, width: usize, workers: usize) -> Vec<Band> {
    let bands = share_rows(count_rows(image, width), workers).len();
    let band = |pixels: Range<usize>| Band {
        image: Arc::clone(image),
        first_row: pixels.start / width,
        range: pixels,
    };
    let pixels = share_rows(image.len(), bands.max(1));
    pixels.into_iter().map(band).collect()
}

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
    let bands = shared_bands(image, width, workers);
    let threads: Vec<_> = bands.into_iter().map(start).collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
    let result_or_panic =
        |result: thread::Result<R>| result.unwrap_or_else(|why| resume_unwind(why));
    results.into_iter().map(result_or_panic).collect()
}

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
            let (band, others) = mem::take(&mut rest).split_at_mut(rows.len() * width);
            rest = others;
            scope.spawn(move || edit(rows.start, band));
        }
    });
}

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

fn count_rows(image: &[Pixel], width: usize) -> usize {
    assert!(width > 0, "an image of width 0 has no rows");
    let pixels = image.len();
    assert!(
        pixels.is_multiple_of(width),
        "{pixels} pixels are no whole rows of {width}"
    );
    pixels / width
}
