//! Ports: main introduces two workers to each other and steps out.
//!
//! Run:    cargo run -p eg10-duplex-port
//! See:    words in Morse code, asked and answered without main; then one side hangs up.
//! Try:    let `read` end with `std::mem::forget(line)`. Nobody hangs up, and the coder
//!         waits for ever.

use wt_core::port::{self, Port};
use wt_core::thread;

/// What the reader holds: it sends words and receives their letters in Morse code.
type Asking = Port<String, Vec<&'static str>>;
/// The other end, with the types the other way round.
type Answering = Port<Vec<&'static str>, String>;

// ANCHOR: main
fn main() {
    let (to_reader, reader) = port::pair::<Asking, ()>();
    let (to_coder, coder) = port::pair::<Answering, ()>();
    let reader = thread::spawn(move || read(reader.recv().unwrap()));
    let coder = thread::spawn(move || code(coder.recv().unwrap()));

    let (left, right) = port::bounded(1);
    println!("main:   here is a line for the two of you; I keep no end of it");
    to_reader.send(left).unwrap();
    to_coder.send(right).unwrap();

    reader.join().unwrap();
    let words = coder.join().unwrap();
    println!("coder:  the other side hung up after {words} words");
    println!(
        "main:   {} messages there and back, 2 through me",
        2 * words
    );
}
// ANCHOR_END: main

// ANCHOR: workers
/// Asks for each word. Its end is dropped when it returns: that is the hang-up.
fn read(line: Asking) {
    for word in "PORTS TRAVEL LIGHT".split(' ') {
        line.send(word.to_owned()).unwrap();
        println!("reader: {word:<7} {}", line.recv().unwrap().join(" "));
    }
}

/// Answers until the other side hangs up, and says how often.
fn code(line: Answering) -> usize {
    let answer = |word: String| line.send(morse(&word)).unwrap();
    line.iter().map(answer).count()
}
// ANCHOR_END: workers

fn morse(word: &str) -> Vec<&'static str> {
    const SIGNALS: [&str; 26] = [
        ".-", "-...", "-.-.", "-..", ".", "..-.", "--.", "....", "..", ".---", "-.-", ".-..", "--",
        "-.", "---", ".--.", "--.-", ".-.", "...", "-", "..-", "...-", ".--", "-..-", "-.--",
        "--..",
    ];
    let signal = |letter: u8| SIGNALS[usize::from(letter - b'A')];
    word.bytes().map(signal).collect()
}
