//! A jail for strangers' programs, for `cargo xtask grade`.
//!
//! Several walls, each of which would do for most attacks:
//!
//! | Wall | By | Keeps in |
//! | --- | --- | --- |
//! | namespaces | bubblewrap | files, processes, network, IPC; there is no `/proc` |
//! | Landlock | the crate `landlock` | files again, TCP, signals, abstract sockets |
//! | seccomp | the crate `seccompiler` | sockets, namespaces, tracing, what a kernel bug would need |
//! | a user of its own | `setresuid`, or a user namespace | files, signals, `RLIMIT_NPROC` |
//! | limits | `setrlimit`, and cgroups where they can be written | memory, threads, disk, processor |
//!
//! A [`Bwrap`] jail starts bubblewrap, which starts our own program again as the *cell*
//! ([`cell::enter`]), the first process inside: it puts up the walls that have to be put
//! up from inside, starts the stranger's program, and tells how that ended.
//!
//! Nobody has to believe this page: [`canary`] tries to get out, on this machine, at every
//! start. The idea of the canaries and of one user per box is that of the judges
//! [isolate](https://github.com/ioi/isolate) and [DMOJ](https://github.com/DMOJ/judge-server).
//!
//! Only for Linux: elsewhere this crate is empty.

#![cfg(target_os = "linux")]

pub mod canary;
pub mod cell;
pub mod cgroup;
pub mod rules;
pub mod walls;

pub use canary::Proof;
pub use walls::{Bwrap, Facilities};
