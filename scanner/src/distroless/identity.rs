//! Programs known by texts that they carry, whatever they are called.
//!
//! The texts were found in Debian's packages, bookworm to sid, in builds for static linking too. A
//! program is known when it has all texts of one line, and no library has them.

use super::CheckId;

/// A program known by what is in it.
#[derive(Debug)]
pub(super) struct Identity {
    /// Its usual name.
    pub(super) name: &'static str,
    /// The check that it belongs to; D12 for what packs another program.
    pub(super) check: CheckId,
    /// Texts that it carries, written backwards.
    needles: &'static [&'static [u8]],
}

/// Writes a text backwards, so that attar itself carries none of them.
const fn backwards<const N: usize>(text: &[u8; N]) -> [u8; N] {
    let mut turned = [0; N];
    let mut at = 0;
    while at < N {
        turned[at] = text[N - 1 - at];
        at += 1;
    }
    turned
}

macro_rules! identities {
    ($($check:ident $name:literal [$($needle:literal),+];)+) => {
        &[$(Identity { name: $name, check: CheckId::$check, needles: &[$(&backwards($needle)),+] }),+]
    };
}

/// Every known program. A needle may be part of several lines, but of no other needle.
pub(super) static IDENTITIES: &[Identity] = identities! {
    D02 "busybox" [b"BusyBox v", b" multi-call binary"];
    D02 "toybox" [b"Toybox %s multicall binary"];
    D02 "coreutils" [b"--coreutils-prog=PROGRAM_NAME"];
    D02 "coreutils" [b"function/utility not found"];
    D02 "coreutils" [b"uutils coreutils", b" (multi-call binary)"];
    D01 "bash" [b"GNU bash, version %s", b"Shell options:"];
    D01 "dash" [b" is a shell keyword", b"parameter not set", b"job control turned off"];
    D01 "dash" [b"arithmetic expression: %s:", b"parameter not set"];
    D01 "zsh" [b"zsh: job can't be suspended"];
    D01 "ksh" [b"/etc/ksh.kshrc", b"KSH_VERSION="];
    D01 "mksh" [b"@(#)MIRBSD KSH R"];
    D01 "oksh" [b"@(#)PD KSH v"];
    D01 "posh" [b"POSH_VERSION", b"Use `exit' to leave ksh"];
    D01 "tcsh" [b"Tcsh thinks your terminal has the"];
    D01 "csh" [b"csh: Trying to start from \"%s\""];
    D01 "fish" [b"fish_default_key_bindings", b"__fish_print_help"];
    D01 "yash" [b"$YASH_LOADPATH"];
    D01 "elvish" [b"src.elv.sh/pkg/shell."];
    D01 "sash" [b"Stand-alone shell (version"];
    D01 "rc" [b"rc: flag immutable"];
    D03 "apt" [b"apt is a commandline package manager and provides commands for"];
    D03 "dpkg" [b"Debian '%s' package management program version %s."];
    D04 "curl" [b"curl: try 'curl --help"];
    D04 "wget" [b"GNU Wget %s, a non-interactive network retriever."];
    D04 "nc" [b"usage: nc [-46"];
    D04 "nc" [b"listen for inbound:\tnc -l -p port"];
    D04 "ncat" [b"a simple Ncat chat server"];
    D04 "socat" [b"socat by Gerhard Rieger"];
    D04 "ssh" [b"usage: ssh [-"];
    D04 "scp" [b"usage: scp [-"];
    D04 "openssl" [b"OpenSSL application user interface"];
    D04 "rsync" [b"Usage: rsync [OPTION]... SRC [SRC]... DEST"];
    D04 "git" [b"[-v | --version] [-h | --help] [-C <path>]"];
    D05 "python" [b"[option] ... [-c cmd | -m mod | file | -] [arg] ..."];
    D05 "perl" [b"Perl 5 source kit"];
    D05 "php" [b"PHP %s Development Server"];
    D05 "node" [b"_ZN4node5StartEiPPc"];
    D05 "ruby" [b"ruby_sysinit", b"ruby_run_node"];
    D05 "lua" [b"enter interactive mode after executing 'script'"];
    D05 "luajit" [b"unknown luaJIT command or jit.* modules not installed"];
    D05 "mawk" [b"mawk %d.%d"];
    D12 "upx" [b"This file is packed with the UPX executable packer"];
    D05 "gawk" [b"Usage: %s [POSIX or GNU style options] -f progfile"];
};

impl Identity {
    /// Returns the texts that the program carries.
    pub(super) fn needles(&self) -> impl Iterator<Item = Vec<u8>> {
        self.needles.iter().map(|turned| turned.iter().rev().copied().collect())
    }

    /// Returns the program of a name that [`Marks`](super::Marks) give.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        IDENTITIES.iter().find(|identity| identity.name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_needle_hides_another() {
        let all: BTreeSet<Vec<u8>> = IDENTITIES.iter().flat_map(Identity::needles).collect();
        for needle in &all {
            let others = all.iter().filter(|other| *other != needle);
            let inside = others.filter(|other| memchr::memmem::find(other, needle).is_some());
            assert_eq!(inside.count(), 0, "{}", String::from_utf8_lossy(needle));
            assert!(needle.len() >= 9, "{} is too short to tell", String::from_utf8_lossy(needle));
        }
    }
}
