//! Double buffering: while one half of a text is encoded, the next one is read.
//!
//! Run:    cargo run -p eg09-recycled-buffers
//! See:    one log line per chunk. Two buffers take turns, A B A B; the text is encoded,
//!         and nothing was allocated after the start.
//! Try:    set `BUFFERS` to 3: a third buffer, C, joins the dance. Set it to 1: the reader
//!         waits until each chunk has been encoded.

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread;

const BUFFERS: usize = 2;
const CHUNK: usize = 48;
const TEXT: &str = "A buffer that comes home can go out again. It costs an allocation once, \
    and a push and a pop ever after; the pages are mapped and the cache is warm. ";

/// A buffer with its name on it.
struct Buffer {
    name: char,
    bytes: Vec<u8>,
}

// ANCHOR: main
fn main() {
    // Full buffers go there, empty ones come back: the two channels are the whole pool.
    let (full_tx, full_rx) = channel::bounded(BUFFERS);
    let (home_tx, home_rx) = channel::bounded(BUFFERS);
    for name in ('A'..='Z').take(BUFFERS) {
        let bytes = Vec::with_capacity(CHUNK);
        home_tx.send(Buffer { name, bytes }).unwrap();
    }
    let encoder = thread::spawn(move || encode(full_rx, home_tx));
    read(TEXT.as_bytes(), home_rx, full_tx);
    let grown = encoder.join().unwrap();
    println!(
        "{} bytes went through {BUFFERS} buffers of {CHUNK}; {grown} had to grow",
        TEXT.len()
    );
}
// ANCHOR_END: main

// ANCHOR: read
/// Takes an empty buffer, fills it, sends it on; sleeps when none is home.
fn read(text: &[u8], home: Receiver<Buffer>, full: Sender<Buffer>) {
    for chunk in text.chunks(CHUNK) {
        let mut buffer = home.recv().unwrap();
        buffer.bytes.extend_from_slice(chunk);
        full.send(buffer).unwrap();
    } // `full` is dropped here, and the encoder's loop ends
}
// ANCHOR_END: read

// ANCHOR: encode
/// Encodes each chunk, empties its buffer and sends it home. Says how many have grown.
fn encode(full: Receiver<Buffer>, home: Sender<Buffer>) -> usize {
    let mut grown = 0;
    for mut buffer in full {
        println!("{}  {}", buffer.name, rot13(&buffer.bytes));
        grown += usize::from(buffer.bytes.capacity() != CHUNK);
        buffer.bytes.clear(); // empties it, and keeps its room
        let _ = home.send(buffer); // the reader may have left
    }
    grown
}
// ANCHOR_END: encode

fn rot13(bytes: &[u8]) -> String {
    let turn = |byte: u8, first: u8| char::from((byte - first + 13) % 26 + first);
    let encode = |&byte: &u8| match byte {
        b'a'..=b'z' => turn(byte, b'a'),
        b'A'..=b'Z' => turn(byte, b'A'),
        _ => char::from(byte),
    };
    bytes.iter().map(encode).collect()
}
