//! Also right: bands are `SharedSlice`s, and an editor gets its band row by row.
//!
//! `chunks_mut(width)` lends all rows at once, one slice each, and every thread takes its
//! share of them. `edit` is called once per row. Results come through a channel, with their
//! number.

use std::collections::BTreeMap;
use std::ops::Range;

use wt_core::buffer::SharedSlice;
use wt_core::channel;
use wt_core::sync::Arc;
use wt_core::thread;

pub type Pixel = [u8; 4];

#[derive(Debug, Clone)]
pub struct Band {
    pixels: SharedSlice<Pixel>,
    first_row: usize,
}

impl Band {
    #[must_use]
    pub fn first_row(&self) -> usize {
        self.first_row
    }

    #[must_use]
    pub fn pixels(&self) -> &[Pixel] {
        &self.pixels
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
    let whole = SharedSlice::from_arc(Arc::clone(image));
    let band = |rows: Range<usize>| Band {
        pixels: whole.slice(rows.start * width..rows.end * width),
        first_row: rows.start,
    };
    let rows = share_rows(count_rows(image, width), workers);
    rows.into_iter().map(band).collect()
}

pub fn read_bands<R: Send + 'static>(
    image: &Arc<[Pixel]>,
    width: usize,
    workers: usize,
    work: impl Fn(&Band) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let bands = shared_bands(image, width, workers);
    let (tx, rx) = channel::unbounded();
    thread::scope(|scope| {
        for (number, band) in bands.iter().enumerate() {
            let (tx, work) = (tx.clone(), &work);
            scope.spawn(move || tx.send((number, work(band))));
        }
    });
    drop(tx);
    let results: BTreeMap<usize, R> = rx.iter().collect();
    results.into_values().collect()
}

pub fn edit_bands(
    image: &mut [Pixel],
    width: usize,
    workers: usize,
    edit: impl Fn(usize, &mut [Pixel]) + Sync,
) {
    let shares = share_rows(count_rows(image, width), workers);
    let mut rows = image.chunks_mut(width);
    let mut bands = Vec::new();
    for share in &shares {
        let band: Vec<&mut [Pixel]> = rows.by_ref().take(share.len()).collect();
        bands.push((share.start, band));
    }
    let edit = &edit;
    thread::scope(|scope| {
        for (first_row, band) in bands {
            scope.spawn(move || {
                for (row, pixels) in (first_row..).zip(band) {
                    edit(row, pixels);
                }
            });
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
