//! What the models behind the book's figures claim, done by the library.
//!
//! `book/tests/model.json` holds scripts and what the library did on them;
//! `book/tests/model.test.mjs` plays the scripts on the models. This test plays
//! them on the library again. `WT_BLESS=1` writes the file anew.

mod deadline;
#[path = "figures/hand_over.rs"]
mod hand_over;
#[path = "figures/queue.rs"]
mod queue;
#[path = "figures/schedule.rs"]
mod schedule;

use std::fs;
use std::path::Path;

use deadline::within_patience;

#[global_allocator]
static ALLOCATOR: hand_over::LargeBlocks = hand_over::LargeBlocks;

#[test]
fn the_book_has_what_the_library_does() {
    let now = within_patience(|| {
        format!(
            "{{\n\"queues\": [\n{}\n],\n\"schedules\": [\n{}\n],\n\"handOvers\": [\n{}\n]\n}}\n",
            queue::records().join(",\n"),
            schedule::records().join(",\n"),
            hand_over::records().join(",\n"),
        )
    });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/tests/model.json");
    if std::env::var_os("WT_BLESS").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap();
    assert!(
        now == kept,
        "the library does not do any more what `book/tests/model.json` says; \
         `WT_BLESS=1 cargo test -p wt-core --test figures` writes it anew"
    );
}
