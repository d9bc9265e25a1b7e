//! Without the features `record` and `explore` the façade is std and crossbeam-channel themselves:
//! the same types, so it can cost nothing.

#![cfg(not(any(feature = "record", feature = "explore")))]

use std::any::{TypeId, type_name};

#[track_caller]
fn same<A: 'static, B: 'static>() {
    let (ours, theirs) = (type_name::<A>(), type_name::<B>());
    assert_eq!(
        TypeId::of::<A>(),
        TypeId::of::<B>(),
        "{ours} is not {theirs}"
    );
}

#[test]
fn locks_are_those_of_std() {
    same::<wt_sync::sync::Mutex<u8>, std::sync::Mutex<u8>>();
    same::<wt_sync::sync::MutexGuard<'static, u8>, std::sync::MutexGuard<'static, u8>>();
    same::<wt_sync::sync::RwLock<u8>, std::sync::RwLock<u8>>();
    same::<wt_sync::sync::Condvar, std::sync::Condvar>();
    same::<wt_sync::sync::Barrier, std::sync::Barrier>();
    same::<wt_sync::sync::Once, std::sync::Once>();
    same::<wt_sync::sync::OnceLock<u8>, std::sync::OnceLock<u8>>();
    same::<wt_sync::sync::Arc<u8>, std::sync::Arc<u8>>();
    same::<wt_sync::sync::Weak<u8>, std::sync::Weak<u8>>();
    same::<wt_sync::sync::atomic::AtomicUsize, std::sync::atomic::AtomicUsize>();
}

#[test]
fn threads_are_those_of_std() {
    same::<wt_sync::thread::Thread, std::thread::Thread>();
    same::<wt_sync::thread::JoinHandle<u8>, std::thread::JoinHandle<u8>>();
    same::<
        wt_sync::thread::ScopedJoinHandle<'static, u8>,
        std::thread::ScopedJoinHandle<'static, u8>,
    >();
    same::<wt_sync::thread::Builder, std::thread::Builder>();
}

#[test]
fn channels_are_those_of_crossbeam() {
    same::<wt_sync::channel::Sender<u8>, crossbeam_channel::Sender<u8>>();
    same::<wt_sync::channel::Receiver<u8>, crossbeam_channel::Receiver<u8>>();
    same::<wt_sync::time::Instant, std::time::Instant>();
}
