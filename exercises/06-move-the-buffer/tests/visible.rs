//! The example of the brief. The hidden checks look at much more.

use move_the_buffer::Worker;

#[test]
fn a_picture_is_inverted_and_comes_back() {
    let invert = |pixels: &mut Vec<u8>| pixels.iter_mut().for_each(|p| *p = 255 - *p);
    let worker = Worker::spawn(invert);

    worker.send(vec![0, 100, 255]).expect("the worker runs");
    worker.send(vec![1, 2, 3]).expect("the worker runs");

    assert_eq!(worker.recv(), Some(vec![255, 155, 0]));
    assert_eq!(worker.recv(), Some(vec![254, 253, 252]));
    assert!(worker.shutdown().is_empty());
}

#[test]
fn it_is_the_same_buffer_that_comes_back() {
    let worker = Worker::spawn(|buffer| buffer[0] = 7);
    let buffer = vec![0; 1 << 20];
    let address = buffer.as_ptr();

    worker.send(buffer).expect("the worker runs");

    let buffer = worker.recv().expect("one buffer is out");
    assert_eq!(buffer.as_ptr(), address);
}
