//! Cutting at records, and seeing bytes as other types.

use std::panic;
use std::thread;

use wt_core::buffer::{CastError, RecordError, SharedSlice};

const ROUNDS: usize = if cfg!(miri) { 20 } else { 1000 };

#[test]
fn records_end_where_the_predicate_says() {
    let words = SharedSlice::from_vec(vec![3, -1, 4, -1, 5, 9, -1, 2]);
    let split = |parts| -> Vec<Vec<i32>> {
        let parts = words.split_records(parts, |&number| number < 0);
        parts.iter().map(|part| part.to_vec()).collect()
    };
    assert_eq!(split(1), [vec![3, -1, 4, -1, 5, 9, -1, 2]]);
    assert_eq!(split(2), [vec![3, -1, 4, -1], vec![5, 9, -1, 2]]);
    assert_eq!(
        split(100),
        [vec![3, -1], vec![4, -1], vec![5, 9, -1], vec![2]]
    );
    let none: SharedSlice<u8> = SharedSlice::from_vec(vec![]);
    assert!(none.split_records(3, |_| true).is_empty());
    assert!(panic::catch_unwind(|| none.split_records(0, |_| true)).is_err());
}

#[test]
fn split_records_covers_a_slice_once_and_cuts_no_record() {
    let mut rng = fastrand::Rng::with_seed(8);
    for _ in 0..ROUNDS {
        let all: Vec<u8> = (0..rng.usize(..200)).map(|_| rng.u8(..20)).collect();
        let count = rng.usize(1..20);
        let parts = SharedSlice::from_vec(all.clone()).split_records(count, |&byte| byte == 0);
        assert!(parts.len() <= count && parts.iter().all(|part| !part.is_empty()));
        assert_eq!(parts.concat(), all);
        // Std's own cuts are an oracle: each part is a whole number of its pieces.
        let pieces: Vec<&[u8]> = all.split_inclusive(|&byte| byte == 0).collect();
        let together: Vec<&[u8]> = parts
            .iter()
            .flat_map(|part| part.split_inclusive(|&byte| byte == 0))
            .collect();
        assert_eq!(together, pieces);
    }
}

#[test]
fn many_threads_count_what_one_thread_counts() {
    let mut rng = fastrand::Rng::with_seed(12);
    let text: Vec<u8> = (0..50 * ROUNDS).map(|_| rng.u8(..30)).collect();
    let count = |part: &[u8]| {
        let records = part.split_inclusive(|&byte| byte == 0);
        records
            .map(|r| r.len() as u64)
            .fold((0, 0), |(n, squares), len| (n + 1, squares + len * len))
    };
    let oracle = count(&text);
    let text = SharedSlice::from_vec(text);
    for threads in [1, 2, 8] {
        let parts = text.split_records(threads, |&byte| byte == 0);
        assert_eq!(parts.len(), threads);
        let threads: Vec<_> = parts
            .into_iter()
            .map(|part| thread::spawn(move || count(&part)))
            .collect();
        let sums = threads.into_iter().map(|thread| thread.join().unwrap());
        let sum = sums.fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        assert_eq!(sum, oracle);
    }
}

#[test]
fn fixed_records_are_dealt_out_evenly() {
    let mut rng = fastrand::Rng::with_seed(9);
    for _ in 0..ROUNDS {
        let (records, size, count) = (rng.usize(..40), rng.usize(1..10), rng.usize(1..12));
        let all: Vec<u8> = (0..records * size).map(|_| rng.u8(..)).collect();
        let slice = SharedSlice::from_vec(all.clone());
        let parts = slice.split_fixed(count, size).unwrap();
        assert_eq!(parts.len(), count.min(records));
        assert_eq!(parts.concat(), all);
        let lengths: Vec<usize> = parts.iter().map(|part| part.len() / size).collect();
        let (least, most) = (lengths.iter().min(), lengths.iter().max());
        assert!(most.unwrap_or(&1) - least.unwrap_or(&1) <= 1, "{lengths:?}");
        assert!(parts.iter().all(|part| part.len() % size == 0));
    }
}

#[test]
fn a_record_that_is_not_whole_is_an_error() {
    let slice = SharedSlice::from_vec(vec![0_u8; 11]);
    let error: RecordError = slice.split_fixed(2, 4).unwrap_err();
    assert_eq!(error.left_over(), 3);
    assert_eq!(
        error.to_string(),
        "length 11 is 3 more than whole records of 4"
    );
    let whole = slice.slice(..slice.len() - error.left_over());
    assert_eq!(whole.split_fixed(2, 4).unwrap().len(), 2);
    assert!(panic::catch_unwind(|| slice.split_fixed(0, 4)).is_err());
    assert!(panic::catch_unwind(|| slice.split_fixed(2, 0)).is_err());
}

#[test]
fn a_cast_shows_the_same_memory() {
    let numbers = SharedSlice::from_vec(vec![1_u32, 2, 3, 4]);
    let bytes = numbers.cast::<u8>().unwrap();
    assert_eq!(bytes.as_ptr(), numbers.as_ptr().cast());
    assert_eq!(bytes[4..8], 2_u32.to_ne_bytes());
    let back = bytes.slice(4..12).cast::<u32>().unwrap();
    assert_eq!(back, [2, 3]);
    assert_eq!(back.as_ptr(), numbers[1..].as_ptr());
    drop((numbers, bytes));
    let thread = thread::spawn(move || back.iter().sum::<u32>());
    assert_eq!(thread.join().unwrap(), 5);
}

#[test]
fn what_is_not_aligned_is_an_error_that_says_by_how_much() {
    let bytes = SharedSlice::from_vec(vec![0_u64; 4]).cast::<u8>().unwrap();
    for past in 1..8 {
        let error = bytes.slice(past..past + 8).cast::<u64>().unwrap_err();
        assert_eq!(error, CastError::Alignment { past, align: 8 });
    }
    let error = bytes.slice(3..11).view::<u64>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the memory begins 3 bytes past a multiple of 8"
    );
}

#[test]
fn what_is_not_a_whole_number_of_elements_is_an_error() {
    let bytes = SharedSlice::from_vec(vec![0_u64; 4]).cast::<u8>().unwrap();
    let error = bytes.slice(..10).cast::<u32>().unwrap_err();
    assert_eq!(error, CastError::Length { len: 10, size: 4 });
    assert_eq!(
        error.to_string(),
        "10 bytes are not a whole number of elements of 4 bytes"
    );
    let pixels = bytes.slice(..9).cast::<[u8; 3]>().unwrap();
    assert_eq!(pixels.len(), 3);
    assert!(bytes.slice(..0).cast::<u64>().unwrap().is_empty());
    assert!(bytes.view::<[u8; 0]>().is_err(), "no number of nothings");
}

#[test]
fn casts_agree_with_the_conversions_of_std() {
    let mut rng = fastrand::Rng::with_seed(10);
    for _ in 0..ROUNDS {
        let numbers: Vec<u64> = (0..rng.usize(..30)).map(|_| rng.u64(..)).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_ne_bytes()).collect();
        let shared = SharedSlice::from_vec(numbers).cast::<u8>().unwrap();
        assert_eq!(shared[..], bytes[..]);
        let start = rng.usize(..=bytes.len());
        let end = rng.usize(start..=bytes.len());
        let part = shared.slice(start..end);
        match part.cast::<u16>() {
            Ok(words) => {
                let oracle = bytes[start..end].chunks_exact(2);
                let oracle: Vec<u16> = oracle
                    .map(|pair| u16::from_ne_bytes([pair[0], pair[1]]))
                    .collect();
                assert_eq!(words[..], oracle[..]);
            }
            Err(CastError::Alignment { past, align }) => {
                assert_eq!((past, align), (start % 2, 2));
                assert_eq!(past, 1);
            }
            Err(error) => assert_eq!(
                error,
                CastError::Length {
                    len: end - start,
                    size: 2
                }
            ),
        }
    }
}
