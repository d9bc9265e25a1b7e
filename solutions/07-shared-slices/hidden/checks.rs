//! Hidden checks of lesson 07.
//!
//! Addresses and allocated bytes tell a shared band from a copied one, and a
//! rendezvous tells threads that run together from threads that take turns.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use shared_slices::{Pixel, edit_bands, fade, read_bands, share_rows, shared_bands};
use wt_check::{
    AllocProbe, Rendezvous, assert_snapshot, check, observe, observed, rng, wait_until,
};

fn main() -> ExitCode {
    wt_check::run(&[
        check!(rows_are_shared_out_evenly),
        check!(each_pixel_is_in_one_band),
        check!(bands_own_the_image),
        check!(reading_copies_no_pixel),
        check!(readers_run_at_the_same_time),
        check!(results_come_in_the_order_of_the_bands),
        check!(each_pixel_is_edited_once),
        check!(editing_copies_no_pixel),
        check!(editors_run_at_the_same_time),
        observed!(colours_fade_row_by_row => expected_colours),
        check!(alpha_is_kept),
        check!(a_faded_image_looks_as_it_must),
        check!(one_row_is_one_band),
        check!(an_empty_image_has_no_bands),
        check!(a_panic_in_the_work_reaches_the_caller),
    ])
}

/// Width, rows and workers of images that have at least a row for each worker.
const IMAGES: [(usize, usize, usize); 7] = [
    (4, 8, 1),
    (4, 8, 2),
    (1, 9, 4),
    (5, 7, 3),
    (3, 10, 4),
    (2, 5, 5),
    (16, 31, 8),
];

/// The arithmetic by itself, before anything is cut.
fn rows_are_shared_out_evenly() {
    for (_, rows, workers) in IMAGES {
        let shares = share_rows(rows, workers);
        let asked = format!("`share_rows({rows}, {workers})` returned {shares:?}:");
        let mut next = 0;
        for share in &shares {
            assert!(
                share.start == next,
                "{asked} row {next} should begin the next range"
            );
            assert!(share.start < share.end, "{asked} a range is empty");
            next = share.end;
        }
        assert!(
            next == rows,
            "{asked} they end at row {next}, and the image has {rows} rows"
        );
        assert!(
            shares.len() == workers,
            "{asked} {} ranges for {workers} workers",
            shares.len()
        );
        let sizes = || shares.iter().map(ExactSizeIterator::len);
        let (least, most) = (sizes().min().unwrap_or(0), sizes().max().unwrap_or(0));
        assert!(
            most - least <= 1,
            "{asked} one worker has {least} rows, another {most}"
        );
    }
}

/// Every pixel carries its own number, so a band cannot be mistaken for another.
fn each_pixel_is_in_one_band() {
    for (width, rows, workers) in IMAGES {
        let bands = shared_bands(&numbered(width * rows), width, workers);
        let image = format!("an image of {width} × {rows} pixels was cut for {workers} workers:");
        let mut seen = vec![0; width * rows];
        for band in &bands {
            let pixels = band.pixels();
            assert!(
                pixels.len() % width == 0,
                "{image} a band has {} pixels, which are no whole rows",
                pixels.len()
            );
            let first = pixels.first().map_or(0, |&pixel| number(pixel) / width);
            assert!(
                band.first_row() == first,
                "{image} a band says that it begins at row {}, and its first pixel is of row {first}",
                band.first_row()
            );
            pixels.iter().for_each(|&pixel| seen[number(pixel)] += 1);
        }
        let wrong = seen.iter().position(|&times| times != 1);
        if let Some(at) = wrong {
            panic!("{image} {} is in {} bands", place(at, width), seen[at]);
        }
    }
}

/// Shared ownership, and no more of it than there are bands: a leak would live on.
fn bands_own_the_image() {
    let image = numbered(48);
    let watch = Arc::downgrade(&image);
    let mut bands = shared_bands(&image, 4, 3);
    drop(image);
    assert!(
        watch.strong_count() > 0,
        "the caller dropped its handle, and the image was freed although 3 bands were left"
    );
    // On another thread, as a band that is worked on.
    let last = bands.pop();
    let reader = wt_check::spawn("reader", move || {
        last.and_then(|band| band.pixels().last().copied())
    });
    let read = reader
        .join_soon()
        .unwrap_or_else(|why| panic!("`pixels` on another thread gave nothing: {why}"));
    assert!(
        read.map(number) == Some(47),
        "the last pixel of the last band is not that of the image"
    );
    drop(bands);
    assert!(
        watch.strong_count() == 0,
        "all bands are gone, and the image still has {} owners",
        watch.strong_count()
    );
}

const WIDTH: usize = 1024;
const ROWS: usize = 512;
/// What the large image weighs: 2 MiB.
const BYTES: usize = WIDTH * ROWS * size_of::<Pixel>();
/// What threads, queues and bands may need, whatever the image weighs.
const SMALL: u64 = BYTES as u64 / 16;

fn reading_copies_no_pixel() {
    let image: Arc<[Pixel]> = std::iter::repeat_n([7; 4], WIDTH * ROWS).collect();
    let inside = image.as_ptr_range();
    let inside = inside.start.addr()..inside.end.addr();
    let probe = AllocProbe::process();
    let bands = read_bands(&image, WIDTH, 4, |band| {
        (band.pixels().as_ptr().addr(), band.pixels().len())
    });
    let bytes = probe.stats().bytes;
    let elsewhere = bands.iter().filter(|(at, _)| !inside.contains(at)).count();
    assert!(
        elsewhere == 0,
        "{elsewhere} of {} readers were given pixels outside of the image's memory",
        bands.len()
    );
    assert!(
        bytes <= SMALL,
        "an image of 2048 KiB was read, and {} KiB were allocated for it",
        bytes >> 10
    );
    let read: usize = bands.iter().map(|(_, len)| len).sum();
    assert!(read > 0, "the readers were given no pixels");
}

/// Only threads that run at the same time can meet.
fn readers_run_at_the_same_time() {
    let (meeting, given_up) = (Rendezvous::new(4), Arc::new(AtomicBool::new(false)));
    let inside = meeting.clone();
    read_bands(&numbered(40), 2, 4, move |_| meet(&inside, &given_up));
    assert!(
        meeting.met(),
        "4 workers read 20 rows, and at most {} of them were at work at the same time",
        meeting.peak()
    );
}

/// Each reader is held back until those behind it are done.
fn results_come_in_the_order_of_the_bands() {
    let (done, given_up) = (AtomicUsize::new(0), AtomicBool::new(false));
    let firsts = read_bands(&numbered(16), 2, 4, move |band| {
        let behind = 3_usize.saturating_sub(band.first_row() / 2);
        let turn = || done.load(Ordering::SeqCst) >= behind || given_up.load(Ordering::SeqCst);
        given_up.fetch_or(!wait_until(turn), Ordering::SeqCst);
        done.fetch_add(1, Ordering::SeqCst);
        band.first_row()
    });
    assert!(
        firsts == [0, 2, 4, 6],
        "the last of 4 readers was done first, and the results are not in the order of the bands"
    );
}

/// An edit adds 1 to what it finds, so that a second visit shows.
fn each_pixel_is_edited_once() {
    for (width, rows, workers) in IMAGES {
        let mut pixels = vec![[0; 4]; width * rows];
        for (row, pixels) in pixels.chunks_mut(width).enumerate() {
            pixels.fill([0, row as u8, 0, 0]);
        }
        let calls = Mutex::new(Vec::new());
        edit_bands(&mut pixels, width, workers, |first_row, band| {
            let row = band.first().map(|pixel| usize::from(pixel[1]));
            let call = (first_row, row, band.len());
            calls
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(call);
            band.iter_mut().for_each(|pixel| pixel[0] += 1);
        });
        let image = format!("an image of {width} × {rows} pixels was edited by {workers} workers:");
        let wrong = pixels.iter().position(|pixel| pixel[0] != 1);
        if let Some(at) = wrong {
            panic!(
                "{image} {} was edited {} times",
                place(at, width),
                pixels[at][0]
            );
        }
        let mut calls = calls.into_inner().unwrap_or_else(PoisonError::into_inner);
        calls.sort_unstable();
        for (first_row, row, len) in calls {
            assert!(
                len % width == 0,
                "{image} a band has {len} pixels, which are no whole rows"
            );
            assert!(
                row == Some(first_row),
                "{image} `edit` was told that its band begins at row {first_row}, and its first pixel is of row {}",
                row.unwrap_or(0)
            );
        }
    }
}

fn editing_copies_no_pixel() {
    let mut pixels = vec![[7; 4]; WIDTH * ROWS];
    let inside = pixels.as_ptr_range();
    let inside = inside.start.addr()..inside.end.addr();
    let (bands, elsewhere) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let probe = AllocProbe::process();
    edit_bands(&mut pixels, WIDTH, 4, |_, band| {
        bands.fetch_add(1, Ordering::SeqCst);
        let copied = !inside.contains(&band.as_ptr().addr());
        elsewhere.fetch_add(usize::from(copied), Ordering::SeqCst);
    });
    let bytes = probe.stats().bytes;
    let (bands, elsewhere) = (bands.into_inner(), elsewhere.into_inner());
    assert!(bands > 0, "`edit` was not called");
    assert!(
        elsewhere == 0,
        "{elsewhere} of {bands} editors were given pixels outside of the image's memory"
    );
    assert!(
        bytes <= SMALL,
        "an image of 2048 KiB was edited, and {} KiB were allocated for it",
        bytes >> 10
    );
}

fn editors_run_at_the_same_time() {
    let (meeting, given_up) = (Rendezvous::new(4), AtomicBool::new(false));
    edit_bands(&mut [[0; 4]; 40], 2, 4, |_, _| meet(&meeting, &given_up));
    assert!(
        meeting.met(),
        "4 workers edited 20 rows, and at most {} of them were at work at the same time",
        meeting.peak()
    );
}

fn colours_fade_row_by_row() {
    for (number, (width, mut pixels)) in random_images().into_iter().enumerate() {
        fade(&mut pixels, width, 1 + number);
        observe_rows(&pixels, width, 1 + number);
    }
}

/// The oracle: one thread, one row after another.
fn expected_colours() {
    for (number, (width, mut pixels)) in random_images().into_iter().enumerate() {
        let rows = pixels.len() / width;
        for (at, pixel) in pixels.iter_mut().enumerate() {
            let left = rows - at / width;
            for colour in &mut pixel[..3] {
                *colour = (usize::from(*colour) * left / rows) as u8;
            }
        }
        observe_rows(&pixels, width, 1 + number);
    }
}

/// Half transparent stays half transparent.
fn alpha_is_kept() {
    for (number, (width, mut pixels)) in random_images().into_iter().enumerate() {
        let before: Vec<u8> = pixels.iter().map(|pixel| pixel[3]).collect();
        fade(&mut pixels, width, 1 + number);
        let changed = pixels
            .iter()
            .zip(&before)
            .filter(|(now, was)| now[3] != **was);
        assert!(
            changed.count() == 0,
            "`fade` changed the alpha of an image, not only its colours"
        );
    }
}

/// The same small image every time, row by row. Its alpha is another check's claim.
fn a_faded_image_looks_as_it_must() {
    let (width, rows, workers) = (2, 7, 3);
    let mut pixels = vec![[0; 4]; width * rows];
    for pair in pixels.chunks_mut(width) {
        pair.copy_from_slice(&[[255, 140, 7, 255], [70, 35, 1, 0]]);
    }
    fade(&mut pixels, width, workers);
    let lines = pixels.chunks(width).enumerate().map(|(row, pixels)| {
        let pixel = |[red, green, blue, _]: Pixel| format!("{red:3} {green:3} {blue:3}");
        format!("row {row}   {}   {}", pixel(pixels[0]), pixel(pixels[1]))
    });
    assert_snapshot!("faded", lines.collect::<Vec<_>>().join("\n"));
}

fn one_row_is_one_band() {
    let shares = share_rows(1, 8);
    assert!(
        shares.len() == 1 && shares[0] == (0..1),
        "`share_rows(1, 8)` returned {shares:?}, not one range with the one row"
    );
    let bands = shared_bands(&numbered(3), 3, 8);
    let sizes: Vec<usize> = bands.iter().map(|band| band.pixels().len()).collect();
    assert!(
        sizes == [3],
        "one row of 3 pixels was cut into bands of {sizes:?} pixels"
    );
    let (mut row, calls) = ([[0; 4]; 3], AtomicUsize::new(0));
    edit_bands(&mut row, 3, 8, |_, band| {
        calls.fetch_add(1, Ordering::SeqCst);
        band.iter_mut().for_each(|pixel| pixel[0] += 1);
    });
    let edited = row.iter().filter(|pixel| pixel[0] == 1).count();
    let calls = calls.into_inner();
    assert!(
        calls == 1 && edited == 3,
        "one row of 3 pixels was edited by {calls} calls of `edit`, and {edited} pixels were changed"
    );
}

fn an_empty_image_has_no_bands() {
    let shares = share_rows(0, 4);
    assert!(
        shares.is_empty(),
        "`share_rows(0, 4)` returned {shares:?}, and there are no rows"
    );
    let nothing: Arc<[Pixel]> = Arc::new([]);
    let read = read_bands(&nothing, 5, 4, |_| ()).len();
    assert!(
        read == 0,
        "{read} readers were given a band of an empty image"
    );
    let calls = AtomicUsize::new(0);
    edit_bands(&mut [], 5, 4, |_, _| {
        calls.fetch_add(1, Ordering::SeqCst);
    });
    let calls = calls.into_inner();
    assert!(
        calls == 0,
        "{calls} editors were given a band of an empty image"
    );
    fade(&mut [], 5, 4);
}

/// A missing result that looks like none is worse than a panic.
fn a_panic_in_the_work_reaches_the_caller() {
    let outcome = catch_unwind(|| {
        let work = |band: &shared_slices::Band| match band.first_row() {
            0 => panic!("this panic belongs to the check"),
            row => row,
        };
        read_bands(&numbered(12), 2, 3, work)
    });
    if let Ok(results) = outcome {
        panic!(
            "one of 3 readers panicked, and `read_bands` returned {} results as if nothing had happened",
            results.len()
        );
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        edit_bands(&mut [[0; 4]; 12], 2, 3, |first_row, _| {
            assert!(first_row != 0, "this panic belongs to the check");
        });
    }));
    assert!(
        outcome.is_err(),
        "one of 3 editors panicked, and `edit_bands` returned as if nothing had happened"
    );
}

/// Waits for the other workers; after the first that waited in vain nobody waits.
fn meet(meeting: &Rendezvous, given_up: &AtomicBool) {
    if !given_up.load(Ordering::SeqCst) && !meeting.meet() {
        given_up.store(true, Ordering::SeqCst);
    }
}

/// An image whose pixels are their own numbers.
fn numbered(pixels: usize) -> Arc<[Pixel]> {
    (0..pixels as u32).map(u32::to_le_bytes).collect()
}

fn number(pixel: Pixel) -> usize {
    u32::from_le_bytes(pixel) as usize
}

fn place(at: usize, width: usize) -> String {
    format!("pixel {} of row {}", at % width, at / width)
}

/// Row by row, so that a failure shows one row and not the whole image.
fn observe_rows(pixels: &[Pixel], width: usize, workers: usize) {
    let rows = pixels.len() / width;
    for (row, pixels) in pixels.chunks(width).enumerate() {
        let colours: Vec<&[u8]> = pixels.iter().map(|pixel| &pixel[..3]).collect();
        let key = format!("row {row} of {width} × {rows} pixels faded by {workers} workers");
        observe(&key, colours);
    }
}

/// Five images of this run with their widths, for 1 to 5 workers. Each has a row for
/// each worker, and some more, but not as many for each.
fn random_images() -> Vec<(usize, Vec<Pixel>)> {
    let mut rng = rng();
    let mut image = |workers: usize| {
        let rows = workers * rng.usize(1..3) + rng.usize(1..workers.max(2));
        let width = rng.usize(1..7);
        let mut byte = || rng.u8(..);
        let pixel = |_| [byte(), byte(), byte(), byte()];
        (width, (0..width * rows).map(pixel).collect())
    };
    (1..=5).map(&mut image).collect()
}
