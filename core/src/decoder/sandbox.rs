//! What a child gives up before it looks at a foreign file, by what the system offers.
//!
//! Linux: Landlock (no files, no network; kernel 5.13 and later), a list of system calls that end
//! in an error (programs, networks, other processes), limits of memory and time. Other Unix systems:
//! the limits. Elsewhere a process of its own, and the budgets of the readers.

use std::io;
use std::path::Path;
use std::process::ExitStatus;

/// What the child cannot do without.
#[derive(Default)]
pub struct Needs<'a> {
    /// Memory by the size of the file.
    pub bytes: u64,
    /// To be opened again and again; none if it is open already.
    pub file: Option<&'a Path>,
    /// Where other files may be read.
    pub beside: Option<&'a Path>,
    /// For what is unpacked.
    pub folder: Option<&'a Path>,
    /// Whether it works until its parent has enough of it; else its time is limited.
    pub is_long_lived: bool,
}

/// How often the weights of a network are in memory while it is got ready: as they are read, as
/// they are interpreted, written for `rten`, read by it, and arranged for its arithmetic.
pub const COPIES_OF_WEIGHTS: u64 = 5;

/// Longest time of arithmetic, in seconds.
#[cfg(unix)]
const MAX_CPU: u64 = 120;
/// Addresses, in bytes: the largest picture in all its stages, or the feature maps of a large
/// network, and what the allocator sets aside.
#[cfg(unix)]
const MAX_ADDRESSES: u64 = 6 << 30;

/// Gives up everything else. What this system does not know is left out; what it refuses is an
/// error.
pub fn enter(needs: &Needs<'_>) -> io::Result<()> {
    #[cfg(unix)]
    {
        use rlimit::Resource;
        let addresses = MAX_ADDRESSES.saturating_add(needs.bytes);
        let time = if needs.is_long_lived { u64::MAX } else { MAX_CPU };
        for (resource, most) in
            [(Resource::AS, addresses), (Resource::CPU, time), (Resource::CORE, 0)]
        {
            let (_, hard) = resource.get()?;
            // Apple's systems know no limit of addresses.
            if let Err(error) = resource.set(most.min(hard), most.min(hard))
                && cfg!(target_os = "linux")
            {
                return Err(error);
            }
        }
    }
    #[cfg(target_os = "linux")]
    {
        // Where memory runs out all the same, the child goes first.
        std::fs::write("/proc/self/oom_score_adj", "1000").ok();
        linux::restrict_files(needs).map_err(io::Error::other)?;
        linux::restrict_calls().map_err(io::Error::other)?;
    }
    Ok(())
}

/// Whether a child ended because memory or time ran out, rather than for a fault in it.
pub fn is_out_of_bounds(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        // Aborted by the allocator; killed by the system; time.
        matches!(status.signal(), Some(6 | 9 | 24))
    }
    #[cfg(not(unix))]
    {
        let _ = status;
        false
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr as _,
        RulesetCreatedAttr as _, RulesetError,
    };
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

    use super::Needs;

    /// The newest rules that are asked for; an older kernel keeps those that it knows.
    const RULES: ABI = ABI::V5;

    #[derive(Debug, thiserror::Error)]
    pub enum Error {
        #[error(transparent)]
        Landlock(#[from] RulesetError),
        #[error(transparent)]
        Path(#[from] landlock::PathFdError),
        #[error(transparent)]
        Seccomp(#[from] seccompiler::Error),
        #[error(transparent)]
        Filter(#[from] seccompiler::BackendError),
    }

    pub fn restrict_files(needs: &Needs<'_>) -> Result<(), Error> {
        let mut rules = Ruleset::default()
            .handle_access(AccessFs::from_all(RULES))?
            .handle_access(AccessNet::from_all(RULES))?
            .create()?;
        for path in [needs.file, needs.beside].into_iter().flatten() {
            rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, AccessFs::ReadFile))?;
        }
        if let Some(folder) = needs.folder {
            let access = AccessFs::from_all(RULES) & !AccessFs::Execute;
            rules = rules.add_rule(PathBeneath::new(PathFd::new(folder)?, access))?;
        }
        rules.restrict_self()?;
        Ok(())
    }

    /// Programs, networks, other processes, and doors into the kernel.
    const REFUSED: &[i64] = &[
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_tkill,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_chroot,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
    ];

    pub fn restrict_calls() -> Result<(), Error> {
        // Other processors have no filter in this crate; Landlock and the limits hold there.
        let Ok(processor) = std::env::consts::ARCH.try_into() else { return Ok(()) };
        let rules: BTreeMap<_, _> = REFUSED.iter().map(|&call| (call, Vec::new())).collect();
        let refuse = SeccompAction::Errno(libc::EPERM as u32);
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, processor)?;
        let program: BpfProgram = filter.try_into()?;
        seccompiler::apply_filter(&program)?;
        Ok(())
    }
}
