//! The example of the brief. The hidden checks look at much more.

use shared_slices::{Pixel, fade, read_bands};
use std::sync::Arc;

/// Two pixels wide, four rows high.
const GREY: [Pixel; 8] = [[200, 100, 40, 255]; 8];

#[test]
fn readers_share_an_image() {
    let image: Arc<[Pixel]> = Arc::new(GREY);
    let reds = read_bands(&image, 2, 2, |band| {
        band.pixels()
            .iter()
            .map(|pixel| u32::from(pixel[0]))
            .sum::<u32>()
    });
    assert_eq!(reds, [800_u32, 800]);
}

#[test]
fn an_image_fades_from_row_to_row() {
    let mut image = GREY;
    fade(&mut image, 2, 2);
    let rows: Vec<Pixel> = image.chunks(2).map(|row| row[0]).collect();
    let expected = [
        [200, 100, 40, 255],
        [150, 75, 30, 255],
        [100, 50, 20, 255],
        [50, 25, 10, 255],
    ];
    assert_eq!(rows, expected);
}
