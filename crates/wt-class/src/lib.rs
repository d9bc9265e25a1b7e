//! Grades a class: folders full of strangers' code.
//!
//! `cargo xtask grade` builds and starts the program of this crate; a learner never
//! compiles it.
//!
//! ```text
//! layout -> reading (openat2) -> Session with wt-jail -> journal (fsync) -> booking -> out
//! ```
//!
//! | Module | Its noun |
//! | --- | --- |
//! | [`layout`], [`reading`] | whose submission is where; its files, by bytes |
//! | [`grading`] | every submission, on wt-core's pool |
//! | [`identity`], [`shard`], [`journal`] | what a gradebook is about, its parts, and every verdict on the disk |
//! | [`rules`], [`booking`], [`book`] | late work and decisions, and the gradebook |
//! | [`merge`] | several parts, one gradebook |
//! | [`out`], [`files`] | a table, a file for each learner, a report |
#![cfg(target_os = "linux")]

pub mod book;
pub mod booking;
pub mod command;
mod digest;
pub mod files;
pub mod grading;
pub mod identity;
pub mod journal;
pub mod layout;
pub mod merge;
pub mod out;
pub mod reading;
pub mod rules;
pub mod shard;
