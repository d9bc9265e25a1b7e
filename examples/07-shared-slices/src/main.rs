//! Shared slices: three threads read one photo through `Arc`, then three write to it.
//!
//! Run:    cargo run -p eg07-shared-slices
//! See:    an underexposed photo of a ball, and the same after its contrast was
//!         stretched. The bytes have never moved.
//! Try:    in `stretch`, put `.take(2)` after `chunks_mut(…)`. The last third stays dark.

use wt_core::sync::Arc;
use wt_core::thread;

const WIDTH: usize = 48;
const ROWS: usize = 15;
const WORKERS: usize = 3;
const BAND: usize = ROWS / WORKERS * WIDTH; // whole rows

fn main() {
    let mut photo = underexposed_ball();
    let before = photo.as_ptr();
    print("as the camera saw it", &photo);
    let (dark, light) = extremes(&photo);
    println!("three readers: darkest {dark}, lightest {light}\n");
    let pixels = Arc::get_mut(&mut photo).expect("the readers have let go of the photo");
    stretch(pixels, dark, light);
    print("stretched by three writers", &photo);
    println!("same memory: {}", photo.as_ptr() == before);
}

// ANCHOR: read
/// Each reader owns a share of the whole photo and looks at its band.
fn extremes(photo: &Arc<[u8]>) -> (u8, u8) {
    let start = |band: usize| {
        let photo = Arc::clone(photo); // one more owner, no more bytes
        thread::spawn(move || {
            let pixels = &photo[band * BAND..(band + 1) * BAND];
            (*pixels.iter().min().unwrap(), *pixels.iter().max().unwrap())
        })
    };
    let readers: Vec<_> = (0..WORKERS).map(start).collect();
    let bands = readers.into_iter().map(|reader| reader.join().unwrap());
    bands.fold((255, 0), |(dark, light), (d, l)| {
        (dark.min(d), light.max(l))
    })
}
// ANCHOR_END: read

// ANCHOR: write
/// Each writer borrows a band; no two bands overlap, so nobody needs a lock.
fn stretch(photo: &mut [u8], dark: u8, light: u8) {
    thread::scope(|scope| {
        for band in photo.chunks_mut(BAND) {
            scope.spawn(move || {
                for pixel in band {
                    let above = u32::from(*pixel - dark);
                    *pixel = (above * 255 / u32::from(light - dark)) as u8;
                }
            });
        }
    });
}
// ANCHOR_END: write

/// A grey photo, lit from the upper left, between 40 and 99 of 255.
fn underexposed_ball() -> Arc<[u8]> {
    let centred = |at: usize, size: usize| at as f32 / (size - 1) as f32 * 2.0 - 1.0;
    let pixel = |at: usize| {
        let (x, y) = (centred(at % WIDTH, WIDTH), centred(at / WIDTH, ROWS));
        let z = (1.1 - x * x - y * y).max(0.0).sqrt();
        let lit = (0.75 * z - 0.5 * x - 0.45 * y).clamp(0.0, 1.0);
        40 + if z > 0.0 { (lit * 59.0) as u8 } else { 0 }
    };
    (0..WIDTH * ROWS).map(pixel).collect()
}

/// One character for each pixel: the lighter, the denser.
fn print(title: &str, photo: &[u8]) {
    println!("{title}:");
    let shade = |&pixel: &u8| char::from(b" .:-=*%@"[usize::from(pixel) / 32]);
    for row in photo.chunks(WIDTH) {
        let shades: String = row.iter().map(shade).collect();
        println!("{}", shades.trim_end());
    }
}
