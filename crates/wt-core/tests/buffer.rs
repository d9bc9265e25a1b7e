//! Slices that own their memory together.

use std::collections::HashSet;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use wt_core::buffer::{Buffer, BufferPool, Mapping, SharedSlice};
use wt_core::limits::{Budget, Permit};

const ROUNDS: usize = if cfg!(miri) { 20 } else { 3000 };

#[test]
fn from_vec_and_back_copies_nothing() {
    let mut vec = Vec::with_capacity(100);
    vec.extend([1, 2, 3]);
    let (address, capacity) = (vec.as_ptr(), vec.capacity());
    let slice = SharedSlice::from_vec(vec);
    assert_eq!(slice.as_ptr(), address);
    let vec = slice.try_into_vec().unwrap();
    assert_eq!((vec.as_ptr(), vec.capacity()), (address, capacity));
}

#[test]
fn the_vector_comes_back_only_whole_and_to_the_last() {
    let whole = SharedSlice::from_vec(vec![1, 2, 3]);
    let clone = whole.clone();
    let whole = whole.try_into_vec().unwrap_err();
    drop(clone);
    let part = whole.slice(1..);
    let whole = whole.try_into_vec().unwrap_err();
    drop(whole);
    let part = part.try_into_vec().unwrap_err();
    assert_eq!(part, [2, 3]);
    drop(part);

    let (left, right) = SharedSlice::from_vec(vec![1, 2]).split_at(2);
    assert!(right.is_empty());
    drop(right);
    assert_eq!(left.try_into_vec().unwrap(), [1, 2]);

    assert!(SharedSlice::from_static(&[1, 2]).try_into_vec().is_err());
    let arc: Arc<[u8]> = Arc::from([1, 2]);
    assert!(SharedSlice::from(arc).try_into_vec().is_err());
}

#[test]
fn writing_copies_only_what_others_see() {
    let mut only = SharedSlice::from_vec(vec![1, 2, 3]);
    let address = only.as_ptr();
    only.make_mut()[0] = 7;
    assert_eq!((only.as_ptr(), &only[..]), (address, &[7, 2, 3][..]));

    let mut part = only.slice(1..);
    part.make_mut()[0] = 8;
    assert_eq!((&only[..], &part[..]), (&[7, 2, 3][..], &[8, 3][..]));
    // The copy is of the part alone, and is then the part's own.
    let address = part.as_ptr();
    part.make_mut()[1] = 9;
    assert_eq!((part.as_ptr(), &part[..]), (address, &[8, 9][..]));

    let mut tail = only.slice(2..);
    drop(only);
    let address = tail.as_ptr();
    tail.make_mut()[0] = 5;
    assert_eq!((tail.as_ptr(), &tail[..]), (address, &[5][..]));

    let arc: Arc<[u8]> = Arc::from([1, 2]);
    let mut slice = SharedSlice::from_arc(Arc::clone(&arc));
    slice.make_mut()[0] = 9;
    assert_eq!((&*arc, &slice[..]), (&[1, 2][..], &[9, 2][..]));
    let mut last = SharedSlice::from(arc);
    let address = last.as_ptr();
    last.make_mut()[0] = 9;
    assert_eq!(last.as_ptr(), address);

    let mut fixed = SharedSlice::from_static(&[1, 2, 3]);
    fixed.make_mut()[1] = 0;
    assert_eq!(fixed, [1, 0, 3]);
}

#[test]
fn into_vec_copies_only_if_shared() {
    let whole = SharedSlice::from_vec(vec![1, 2, 3, 4]);
    let (address, part) = (whole.as_ptr(), whole.slice(1..3));
    assert_eq!(part.clone().into_vec(), [2, 3]);
    assert_eq!(whole, [1, 2, 3, 4]);
    drop(whole);
    let vec = part.into_vec();
    assert_eq!((vec.as_ptr(), &vec[..]), (address, &[2, 3][..]));
    assert_eq!(SharedSlice::from_static(&[1, 2]).into_vec(), [1, 2]);
}

#[test]
fn copy_on_write_agrees_with_copying_always() {
    let mut rng = fastrand::Rng::with_seed(23);
    let mut slices = vec![(SharedSlice::from_vec((0..9).collect()), (0..9).collect())];
    for round in 0..ROUNDS {
        let (slice, oracle): &mut (SharedSlice<usize>, Vec<usize>) = {
            let index = rng.usize(..slices.len());
            &mut slices[index]
        };
        let (start, end) = (rng.usize(..=slice.len()), rng.usize(..=slice.len()));
        let range = start.min(end)..start.max(end);
        let new = match rng.u8(..4) {
            0 => (slice.slice(range.clone()), oracle[range].to_vec()),
            1 => (slice.clone().into_vec().into(), oracle.clone()),
            _ => {
                slice.make_mut()[range.clone()].fill(round);
                oracle[range].fill(round);
                continue;
            }
        };
        slices.push(new);
        if slices.len() > 8 {
            slices.swap_remove(rng.usize(..8));
        }
        if slices.iter().all(|(slice, _)| slice.is_empty()) {
            slices = vec![(SharedSlice::from_vec((0..9).collect()), (0..9).collect())];
        }
        for (slice, oracle) in &slices {
            assert_eq!(slice[..], oracle[..]);
        }
    }
}

#[test]
fn every_kind_of_owner_shows_its_elements() {
    static FOREVER: [u16; 3] = [4, 5, 6];
    let arc: Arc<[u16]> = Arc::from([4, 5, 6]);
    let address = arc.as_ptr();
    let slices = [
        SharedSlice::from(vec![4, 5, 6]),
        SharedSlice::from(arc),
        SharedSlice::from(&FOREVER[..]),
    ];
    assert_eq!(slices[1].as_ptr(), address);
    assert_eq!(slices[2].as_ptr(), FOREVER.as_ptr());
    for slice in &slices {
        assert_eq!(*slice, [4, 5, 6]);
        assert_eq!(slice.slice(1..=1), [5]);
        assert_eq!(slice.slice(..).slice(2..), [6]);
        assert!(slice.slice(3..).is_empty());
        assert_eq!(format!("{slice:?}"), "[4, 5, 6]");
    }
    assert_eq!(slices[0], slices[1]);
    assert!(!slices[0].ptr_eq(&slices[1]));
    assert!(slices[0].ptr_eq(&slices[0].clone()));
    assert!(!slices[0].ptr_eq(&slices[0].slice(..2)));
}

#[test]
fn parts_are_views_into_the_whole() {
    let whole = SharedSlice::from_vec((0..10).collect::<Vec<u32>>());
    let part = whole.slice(4..8);
    assert!(std::ptr::eq(&raw const part[0], &raw const whole[4]));
    let address = part.as_ptr();
    drop(whole);
    assert_eq!(part.as_ptr(), address);
    assert_eq!(part, [4, 5, 6, 7]);
}

#[test]
fn the_elements_are_dropped_once_with_the_last_part() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let whole = SharedSlice::from_vec(vec![
        Counted(Arc::clone(&drops)),
        Counted(Arc::clone(&drops)),
    ]);
    let threads: Vec<_> = whole
        .split(2)
        .into_iter()
        .map(|part| thread::spawn(move || drop(part)))
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    drop(whole);
    assert_eq!(drops.load(Ordering::Relaxed), 2);
}

#[test]
fn ranges_out_of_bounds_panic() {
    let slice = SharedSlice::from_vec(vec![0; 10]).slice(2..5);
    for range in [(0, 4), (4, 4), (2, 1), (0, usize::MAX)] {
        let caught = std::panic::catch_unwind(|| slice.slice(range.0..range.1));
        assert!(caught.is_err(), "{range:?} is not within 3 elements");
    }
    assert!(std::panic::catch_unwind(|| slice.slice(..=usize::MAX)).is_err());
    assert!(std::panic::catch_unwind(|| slice.chunks(0)).is_err());
    assert!(std::panic::catch_unwind(|| slice.split(0)).is_err());
}

#[test]
fn split_and_chunks_agree_with_slices_of_std() {
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..ROUNDS {
        let all: Vec<u8> = (0..rng.usize(..50)).map(|_| rng.u8(..)).collect();
        let slice = SharedSlice::from_vec(all.clone());
        let size = rng.usize(1..60);

        let chunks = slice.chunks(size);
        assert_eq!(chunks.len(), all.len().div_ceil(size));
        assert!(chunks.eq(all.chunks(size).map(|c| SharedSlice::from_vec(c.to_vec()))));

        let parts = slice.split(size);
        assert_eq!(parts.len(), size.min(all.len()));
        assert_eq!(parts.concat(), all);
        let lengths: HashSet<usize> = parts.iter().map(|part| part.len()).collect();
        assert!(lengths.len() <= 2 && !lengths.contains(&0), "{lengths:?}");
        assert!(lengths.iter().max().unwrap_or(&0) - lengths.iter().min().unwrap_or(&0) <= 1);
    }
}

#[test]
fn a_map_keyed_by_slices_is_searched_with_borrowed_ones() {
    let words = SharedSlice::from_vec(b"one two".to_vec());
    let set = HashSet::from([words.slice(..3), words.slice(4..)]);
    assert!(set.contains(&b"two"[..]));
    assert!(!set.contains(&b"one two"[..]));
}

#[test]
fn buffers_may_cross_threads_and_panics() {
    fn crosses<T: Send + Sync + UnwindSafe + RefUnwindSafe + 'static>() {}
    crosses::<SharedSlice<u8>>();
    crosses::<Mapping>();
    crosses::<BufferPool>();
    crosses::<Buffer>();
    crosses::<Budget>();
    crosses::<Permit>();
}

#[test]
fn elements_of_no_size_are_counted_too() {
    let units = SharedSlice::from_vec(vec![(); 5]);
    assert_eq!(
        units.split(2).iter().map(|part| part.len()).sum::<usize>(),
        5
    );
    assert_eq!(units.try_into_vec().unwrap().len(), 5);
}

/// A text of short and long lines, with and without `\r`, often empty.
fn random_text(rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..rng.usize(..12) {
        let length = if rng.u8(..10) == 0 { 200 } else { 8 };
        text.extend((0..rng.usize(..length)).map(|_| rng.alphanumeric() as u8));
        text.extend_from_slice([&b"\n"[..], b"\r\n", b"\n\n"][rng.usize(..3)]);
    }
    if rng.bool() {
        text.extend_from_slice(b"no line end");
    }
    text
}

#[test]
fn split_lines_covers_a_text_once_and_cuts_no_line() {
    let mut rng = fastrand::Rng::with_seed(42);
    for _ in 0..ROUNDS {
        let text = random_text(&mut rng);
        let count = rng.usize(1..20);
        let parts = SharedSlice::from_vec(text.clone()).split_lines(count);
        assert!(parts.len() <= count);
        assert_eq!(parts.concat(), text);
        assert!(parts.iter().all(|part| !part.is_empty()));
        if let Some((_last, others)) = parts.split_last() {
            assert!(others.iter().all(|part| part.ends_with(b"\n")));
        }
        // The lines of the parts, one after the other, are the lines of the text.
        let lines = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let together: Vec<String> = parts.iter().flat_map(|part| lines(part)).collect();
        assert_eq!(together, lines(&text));
    }
}

#[test]
fn split_lines_balances_short_lines() {
    let text = SharedSlice::from_vec(b"12345678\n".repeat(1000));
    for count in [1, 2, 3, 7, 16] {
        let parts = text.split_lines(count);
        assert_eq!(parts.len(), count);
        for part in &parts {
            assert!(part.len().abs_diff(9000 / count) <= 9, "{}", part.len());
        }
    }
}

#[test]
fn split_lines_of_odd_texts() {
    let split = |text: &'static [u8], parts| {
        let parts = SharedSlice::from_static(text).split_lines(parts);
        parts.iter().map(|part| part.to_vec()).collect::<Vec<_>>()
    };
    assert!(split(b"", 4).is_empty());
    assert_eq!(split(b"\n", 4), [b"\n"]);
    assert_eq!(split(b"\n\n", 4), [b"\n", b"\n"]);
    assert_eq!(split(b"one line only", 4), [b"one line only"]);
    assert_eq!(split(b"a\r\nb", usize::MAX), [&b"a\r\n"[..], b"b"]);
    assert!(std::panic::catch_unwind(|| split(b"a", 0)).is_err());
}
