//! Sets of paths that have a name, gathered from what the packages of Debian 13 hold.

/// A set of paths with a name, such as `docs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathSet {
    /// What a spec calls it.
    pub name: &'static str,
    /// What is in it.
    pub description: &'static str,
    /// Its globs; what a later one with `!` spares is not in the set.
    pub patterns: &'static [&'static str],
}

/// Returns every set, in order of name.
pub fn sets() -> &'static [PathSet] {
    SETS
}

const SETS: &[PathSet] = &[
    PathSet {
        name: "completions",
        description: "Completions of commands for shells.",
        patterns: &[
            "/etc/bash_completion.d/**",
            "/usr/share/bash-completion/**",
            "/usr/share/fish/**",
            "/usr/share/zsh/**",
        ],
    },
    PathSet {
        name: "debug",
        description: "Symbols and scripts for debuggers.",
        patterns: &["/usr/lib/debug/**", "/usr/share/gdb/**"],
    },
    PathSet {
        name: "desktop",
        description: "Menu entries, icons and descriptions for desktops and software shops.",
        patterns: &[
            "/usr/share/appdata/**",
            "/usr/share/applications/**",
            "/usr/share/icons/**",
            "/usr/share/menu/**",
            "/usr/share/metainfo/**",
            "/usr/share/pixmaps/**",
        ],
    },
    PathSet {
        name: "development",
        description: "What only compiling against a library needs: headers, static libraries, build descriptions.",
        patterns: &[
            "/usr/include/**",
            "/usr/lib/**/*.a",
            "/usr/lib/**/*.la",
            "/usr/lib/**/cmake/**",
            "/usr/lib/**/pkgconfig/**",
            "/usr/share/aclocal/**",
            "/usr/share/cmake/**",
            "/usr/share/gir-1.0/**",
            "/usr/share/pkgconfig/**",
            "/usr/share/vala/**",
        ],
    },
    PathSet {
        name: "docs",
        description: "Documentation other than manual and info pages. Copyright files always stay.",
        patterns: &[
            "/usr/share/devhelp/**",
            "/usr/share/doc/*/**",
            "/usr/share/gtk-doc/**",
            "/usr/share/help/**",
            "/usr/share/perl/**/*.pod",
            "/usr/share/perl5/**/*.pod",
            "/usr/share/ri/**",
        ],
    },
    PathSet {
        name: "gconv",
        description: "Converters of character sets other than UTF-8, UTF-16, UTF-32 and ASCII: 8 of the 13 MB of `libc6`.",
        patterns: &["/usr/lib/*/gconv/**"],
    },
    PathSet { name: "info", description: "Info pages.", patterns: &["/usr/share/info/**"] },
    PathSet {
        name: "locales",
        description: "Translations and definitions of locales other than `C.utf8`.",
        patterns: &[
            "/usr/lib/locale/**",
            "/usr/share/i18n/**",
            "/usr/share/locale/**",
            "/usr/share/qt*/translations/**",
            "!/usr/lib/locale/C.utf8",
            "!/usr/lib/locale/C.utf8/**",
        ],
    },
    PathSet { name: "man", description: "Manual pages.", patterns: &["/usr/share/man/**"] },
    PathSet {
        name: "packaging",
        description: "What only tools of the distribution read: overrides of checks, templates of bug reports, registers.",
        patterns: &[
            "/usr/share/apport/**",
            "/usr/share/bug/**",
            "/usr/share/debianutils/shells.d/**",
            "/usr/share/doc-base/**",
            "/usr/share/lintian/**",
            "/usr/share/reportbug/**",
        ],
    },
    PathSet {
        name: "python-tests",
        description: "Tests and demonstrations of Python's standard library.",
        patterns: &[
            "/usr/lib/python3*/idlelib/**",
            "/usr/lib/python3*/test/**",
            "/usr/lib/python3*/turtledemo/**",
        ],
    },
    PathSet {
        name: "services",
        description: "What only an init system or a timer of the host reads: units, init scripts, cron tables.",
        patterns: &[
            "/etc/cron.*/**",
            "/etc/init.d/**",
            "/etc/init/**",
            "/etc/logrotate.d/**",
            "/etc/rc?.d/**",
            "/usr/lib/binfmt.d/**",
            "/usr/lib/systemd/system/**",
            "/usr/lib/systemd/user/**",
            "/usr/lib/udev/**",
            "/usr/share/binfmts/**",
        ],
    },
    PathSet {
        name: "tools",
        description: "Programs. Made for packages of which only the libraries are wanted.",
        patterns: &["/usr/bin/**", "/usr/games/**", "/usr/sbin/**"],
    },
];
