//! The table.

use super::{Owners, Rule};

/// All rules: first those for packages in general, then those for single packages, by name.
pub const RULES: &[Rule] = &[
    Rule {
        targets: &["debconf", "debconf-2.0"],
        owners: Owners::AllBut(CALL_DEBCONF),
        reason: "debconf asks questions while scripts configure the package; attar takes every default",
    },
    Rule {
        targets: &["adduser"],
        owners: Owners::AllBut(CALL_ADDUSER),
        reason: "adduser makes the system users of the package; attar makes them from the scripts' own words",
    },
    Rule {
        targets: &["ucf"],
        owners: Owners::AllBut(CALL_UCF),
        reason: "ucf merges configuration files when a package is upgraded; an image is never upgraded",
    },
    Rule {
        targets: &["init-system-helpers"],
        owners: Owners::AllBut(CALL_INIT_HELPERS),
        reason: "init-system-helpers enables and starts services; an image has no init system",
    },
    Rule {
        targets: &["lsb-base", "sysvinit-utils"],
        owners: Owners::AllBut(CALL_INIT_FUNCTIONS),
        reason: "sysvinit-utils holds functions that init scripts share; an image has no init system",
    },
    Rule {
        targets: &["runit-helper"],
        owners: Owners::AllBut(&["runit"]),
        reason: "runit-helper enables services of runit; an image has no init system",
    },
    Rule {
        targets: &["update-inetd"],
        owners: Owners::AllBut(&["inetutils-inetd", "openbsd-inetd", "rlinetd", "xinetd"]),
        reason: "update-inetd enters services into the configuration of inetd when they are installed",
    },
    Rule {
        targets: &["systemd-sysusers", "systemd-standalone-sysusers"],
        owners: Owners::AllBut(&[]),
        reason: "systemd-sysusers makes the users of sysusers.d files; attar reads those files itself",
    },
    Rule {
        targets: &["systemd-tmpfiles", "systemd-standalone-tmpfiles"],
        owners: Owners::AllBut(&[]),
        reason: "systemd-tmpfiles makes the paths of tmpfiles.d files; attar reads those files itself",
    },
    Rule {
        targets: &["awk"],
        owners: Owners::Only(&["base-files"]),
        reason: "base-files has no programs; the relation keeps some awk on every installed system",
    },
    Rule {
        targets: &["debianutils"],
        owners: Owners::Only(&["bash", "bash-static", "dash", "zsh", "zsh-static"]),
        reason: "debianutils enters a shell into /etc/shells when the shell is installed",
    },
    Rule {
        targets: &["openssl"],
        owners: Owners::Only(&["ca-certificates"]),
        reason: "openssl names links to certificates in update-ca-certificates; attar writes the bundle itself",
    },
    Rule {
        targets: &["passwd"],
        owners: Owners::Only(&["caddy", "dnsmasq-base", "dnsmasq-base-lua", "openssh-client"]),
        reason: "passwd makes the user or group of the package; attar makes it from the scripts' own words",
    },
    Rule {
        targets: &["iproute2"],
        owners: Owners::Only(&["nginx"]),
        reason: "iproute2 tells the script whether port 80 is free before it starts the service",
    },
    Rule {
        targets: &["util-linux"],
        owners: Owners::Only(&["openjdk-#-jre-headless"]),
        reason: "util-linux tells the script whether /proc is mounted before it runs java",
    },
    Rule {
        targets: &["java-common"],
        owners: Owners::Only(&["openjdk-#-jre-headless"]),
        reason: "java-common has tools that choose between installed runtimes; java never calls them",
    },
    Rule {
        targets: &["ca-certificates-java"],
        owners: Owners::Only(&["openjdk-#-jre-headless"]),
        reason: "ca-certificates-java is a script that makes a key store; attar writes the key store itself",
    },
    Rule {
        targets: &["locales", "locales-all"],
        owners: Owners::Only(&["postgresql-#"]),
        reason: "locales compiles locales in its script, for the cluster that the script of postgresql makes",
    },
    Rule {
        targets: &["postgresql-common"],
        owners: Owners::Only(&["postgresql-#"]),
        reason: "postgresql-common makes and manages clusters with Perl scripts; the server never calls them",
    },
    Rule {
        targets: &["postgresql-client-#"],
        owners: Owners::Only(&["postgresql-#"]),
        reason: "the clients serve scripts that manage clusters; of the server's programs only pg_upgrade, \
                 which needs a second server too, calls them",
    },
    Rule {
        targets: &["ssl-cert"],
        owners: Owners::Only(&["postgresql-#"]),
        reason: "ssl-cert makes a self-signed certificate, for the cluster that the script makes",
    },
    Rule {
        targets: &["dpkg"],
        owners: Owners::Only(&["python3-minimal"]),
        reason: "dpkg lists files for py3compile and py3clean, which scripts call",
    },
    Rule {
        targets: &["dpkg"],
        owners: Owners::Only(NEED_A_NEW_DPKG),
        reason: "dpkg must be new enough for what the scripts or the package's format ask of it",
    },
];

/// Packages that ask for a version of dpkg, and whose programs never call it.
const NEED_A_NEW_DPKG: &[&str] = &[
    "clamav-freshclam",
    "fonts-ipafont",
    "fonts-ipafont-gothic",
    "fonts-ipafont-mincho",
    "fonts-lato",
    "fonts-takao",
    "fonts-takao-gothic",
    "fonts-takao-mincho",
    "libhesiod0",
    "libimage-magick-perl",
    "libimage-magick-q16-perl",
    "libimage-magick-q16hdri-perl",
    "libmagickcore-#-arch-config",
    "libmagickcore-#.q16-#",
    "libmagickcore-#.q16hdri-#",
    "libmagickwand-#.q16-#",
    "libmagickwand-#.q16hdri-#",
    "libqt5script5",
    "libqt5scripttools5",
    "libsane-common",
    "mosh",
    "perlmagick",
    "pigz",
    "poppler-data",
    "python3-crcmod",
    "python3-nmap",
    "python3-numpy",
    "python3-pudb",
    "python3-squaremap",
    "python3-sysv-ipc",
    "qml-module-qtgraphicaleffects",
    "qml-module-qtquick-controls",
    "qml-module-qtquick-extras",
    "qt5-image-formats-plugins",
];

/// Packages whose programs ask debconf, or speak its protocol.
const CALL_DEBCONF: &[&str] = &[
    "adequate",
    "apt-listchanges",
    "blends-dev",
    "blendsel",
    "cdebconf",
    "cdebconf-gtk",
    "configure-debian",
    "console-common",
    "dbconfig-common",
    "debaux-debconf",
    "debconf-i18n",
    "debconf-kde-helper",
    "debconf-utils",
    "debian-edu-config",
    "debian-edu-install",
    "debian-installer-launcher",
    "debian-security-support",
    "dictionaries-common",
    "discover",
    "foomatic-filters",
    "freedombox",
    "gkdebconf",
    "isenkram-cli",
    "libpam-runtime",
    "linux-base",
    "mini-buildd",
    "open-infrastructure-compute-tools",
    "openstack-cluster-installer",
    "pbuilder",
    "puppet-agent",
    "python3-debconf",
    "rlinetd",
    "shim-signed-common",
    "solaar",
    "ssl-cert",
    "tasksel",
    "tryton-server-postgresql",
    "ucf",
    "unattended-upgrades",
    "update-inetd",
    "user-setup",
    "xfonts-traditional",
];

/// Packages whose programs make users while they run.
const CALL_ADDUSER: &[&str] = &[
    "blends-common",
    "debian-edu-config",
    "debian-security-support",
    "diaspora-common",
    "freedombox",
    "mini-buildd",
    "oar-common",
    "puppetdb",
    "sbuild",
    "sendmail-base",
    "sysuser-helper",
    "tor",
    "user-setup",
    "vdr",
];

/// Packages whose programs call ucf.
const CALL_UCF: &[&str] = &[
    "aide-common",
    "bacula-common",
    "dbconfig-common",
    "debian-edu-router-fai",
    "diaspora-common",
    "monitoring-plugins-common",
    "oar-common",
    "orphan-sysvinit-scripts",
    "psgml",
    "rlinetd",
    "utrans-rc",
    "vm",
];

/// Packages whose programs start, stop or enable services. Hooks that wake a service when the network
/// changes are not among them: nothing calls such a hook in an image.
const CALL_INIT_HELPERS: &[&str] =
    &["apt-cacher", "freedombox", "gpm", "greylistd", "puppet-agent", "runit-init", "sysv-rc", "waagent"];

/// Packages whose programs call pidof, or read the functions of init scripts.
const CALL_INIT_FUNCTIONS: &[&str] = &[
    "acpi-support",
    "bosixnet-daemon",
    "initscripts",
    "jabberd2",
    "kdump-tools",
    "laptop-mode-tools",
    "postgresql-common",
    "schroot",
    "syslog-ng-core",
    "sysv-rc",
    "tgt",
    "wide-dhcpv6-client",
];
