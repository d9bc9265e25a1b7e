//! Also right: halves of halves: each thread gives one half away and keeps the other.
//!
//! No list of threads and no queue of bands. The calling thread does a share of the work,
//! so that one thread less is started. `rayon::join` works like this.

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
    let (share, longer) = match workers.min(rows) {
        0 => return Vec::new(),
        bands => (rows / bands, rows % bands),
    };
    let mut start = 0;
    let mut take = |band| {
        let end = start + share + usize::from(band < longer);
        start = end;
        end - share - usize::from(band < longer)..end
    };
    (0..workers.min(rows)).map(&mut take).collect()
}

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

pub fn read_bands<R: Send + 'static>(
    image: &Arc<[Pixel]>,
    width: usize,
    workers: usize,
    work: impl Fn(&Band) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let bands = shared_bands(image, width, workers);
    read_halves(&bands, &work)
}

fn read_halves<R: Send>(bands: &[Band], work: &(impl Fn(&Band) -> R + Sync)) -> Vec<R> {
    let (left, right) = match bands {
        [] => return Vec::new(),
        [band] => return vec![work(band)],
        _ => bands.split_at(bands.len() / 2),
    };
    thread::scope(|scope| {
        let left = scope.spawn(|| read_halves(left, work));
        let right = read_halves(right, work);
        let mut results = left.join().unwrap_or_else(|why| resume_unwind(why));
        results.extend(right);
        results
    })
}

pub fn edit_bands(
    image: &mut [Pixel],
    width: usize,
    workers: usize,
    edit: impl Fn(usize, &mut [Pixel]) + Sync,
) {
    let shares = share_rows(count_rows(image, width), workers);
    edit_halves(image, width, &shares, &edit);
}

fn edit_halves(
    image: &mut [Pixel],
    width: usize,
    shares: &[Range<usize>],
    edit: &(impl Fn(usize, &mut [Pixel]) + Sync),
) {
    let (left, right) = match shares {
        [] => return,
        [rows] => return edit(rows.start, image),
        _ => shares.split_at(shares.len() / 2),
    };
    let rows: usize = left.iter().map(ExactSizeIterator::len).sum();
    let (above, below) = image.split_at_mut(rows * width);
    thread::scope(|scope| {
        scope.spawn(|| edit_halves(above, width, left, edit));
        edit_halves(below, width, right, edit);
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
