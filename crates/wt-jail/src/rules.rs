//! What the cell puts up from inside: Landlock, seccomp, and the kernel's limits.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, Scope,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// The newest Landlock that these rules know.
const NEWEST: ABI = ABI::V6;

/// Which files may be used, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// May be read.
    pub reads: Vec<PathBuf>,
    /// May be read and started.
    pub starts: Vec<PathBuf>,
    /// May be read and changed.
    pub writes: Vec<PathBuf>,
}

/// Rules that only have to be laid on oneself: all files but these, all TCP ports, signals
/// and abstract sockets to the outside are out of reach. An older kernel enforces what it
/// knows.
///
/// # Errors
///
/// The kernel's reason.
pub fn landlock(files: &Files) -> io::Result<RulesetCreated> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(io::Error::other)?;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let mut rules = allow(rules, &files.reads, read)?;
    rules = allow(rules, &files.starts, read | AccessFs::Execute)?;
    allow(
        rules,
        &files.writes,
        AccessFs::from_all(NEWEST) & !AccessFs::Execute,
    )
}

fn allow(
    mut rules: RulesetCreated,
    paths: &[PathBuf],
    access: BitFlags<AccessFs>,
) -> io::Result<RulesetCreated> {
    for path in paths {
        // What is not there needs no rule.
        let Ok(open) = PathFd::new(path) else {
            continue;
        };
        let access = match path.is_dir() {
            true => access,
            false => access & AccessFs::from_file(NEWEST),
        };
        rules = rules
            .add_rule(PathBeneath::new(open, access))
            .map_err(io::Error::other)?;
    }
    Ok(rules)
}

/// Calls that no solution and no compiler needs, and that reach beyond the jail or far into
/// the kernel. They fail with `EPERM`.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_personality,
];

/// Flags of `clone` that make a namespace.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// The two filters of system calls.
///
/// # Errors
///
/// If they cannot be made, as on a processor that seccompiler does not know.
pub fn seccomp() -> io::Result<[BpfProgram; 2]> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let namespace = |flag: libc::c_int| {
        let flag = u64::from(flag.unsigned_abs());
        let has = SeccompCmpOp::MaskedEq(flag);
        let condition = SeccompCondition::new(0, SeccompCmpArgLen::Qword, has, flag)?;
        SeccompRule::new(vec![condition])
    };
    let rules: Result<Vec<_>, _> = NAMESPACES.into_iter().map(namespace).collect();
    refused.insert(libc::SYS_clone, rules.map_err(io::Error::other)?);
    // Its flags are in memory, where a filter cannot look. libc then calls `clone`.
    let newer = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok([filter(refused, libc::EPERM)?, filter(newer, libc::ENOSYS)?])
}

fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> io::Result<BpfProgram> {
    let arch = std::env::consts::ARCH
        .try_into()
        .map_err(io::Error::other)?;
    let errno = SeccompAction::Errno(error.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, errno, arch)
        .and_then(TryInto::try_into)
        .map_err(io::Error::other)
}

/// The kernel's limits for one program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory that can be written.
    pub memory: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Threads of the program's user.
    pub threads: u64,
    /// Seconds of one processor.
    pub cpu: u64,
}

/// Open files of one program.
const OPEN_FILES: u64 = 256;

/// Lays the limits on oneself.
///
/// # Errors
///
/// The kernel's reason.
pub fn limit(limits: Limits) -> io::Result<()> {
    let all = [
        (Resource::Core, 0),
        (Resource::Data, limits.memory),
        (Resource::Fsize, limits.file),
        (Resource::Nproc, limits.threads),
        (Resource::Cpu, limits.cpu),
        (Resource::Nofile, OPEN_FILES),
    ];
    for (resource, most) in all {
        let most = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, most)?;
    }
    Ok(())
}
