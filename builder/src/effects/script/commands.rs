//! Programs that maintainer scripts run, and what each means for an image.

use attar_image::TreePath;

use super::evaluate::Run;
use super::expand::Field;
use super::state::Made;

/// Programs that read, print or wait, and change nothing.
const READS: &str = "
[ awk basename cat cksum cmp comm cut date df diff dirname dpkg-architecture du egrep env expr false fgrep file
find free gawk getconf getent grep gzip head hostname hostnamectl id ischroot join jq kill killall less logger logname
ls lsb_release lsof man md5sum mawk more mountpoint nl nproc openssl paste pathchk pgrep pidof pidofproc pkill ps
realpath readlink rev run-parts sed seq sha1sum sha256sum sha512sum shasum sleep sort stat strings stty sum sync tac
tail tput tr tty uname uniq uptime users wc who whoami xargs yes zcat zgrep bc cpp aa-enabled aa-status
dpkg-vendor dpkg-realpath dpkg-parsechangelog dpkg-deb detect-virt systemd-detect-virt
base64 od hexdump iconv fold column ypcat dd paperconf systemd-escape systemd-path systemd-notify pathfind  locale localectl
tempfile mktemp pg_lsclusters phpquery pg_conftool pg_controldata pg_checksystem getcap lspci lsusb lsmod lscpu blkid findmnt ifconfig ip ss netstat
";

/// Programs that work on the running system or on the package manager's own state.
const IGNORED: &[(&str, &str)] = &[
    (
        "services are started by nobody in an image",
        "deb-systemd-helper deb-systemd-invoke systemctl invoke-rc.d update-rc.d service start-stop-daemon initctl
        rc-update openrc-run update-service telinit init shutdown reboot update-inetd insserv upstart rc-service
        systemd-machine-id-setup journalctl loginctl udevadm systemd-hwdb systemd-tty-ask-password-agent runlevel
        trigger_sv plymouth",
    ),
    (
        "it belongs to the package manager",
        "dpkg-maintscript-helper dpkg-trigger ucfr ucfq apt-get apt-key apt-config dpkg-reconfigure debconf-set-selections
        debconf-communicate debconf-show dpkg-preconfigure update-alternatives-query dpkg-query add-apt-repository
        pg_updateaptconfig",
    ),
    (
        "byte code is made when it is needed",
        "py3compile pycompile py3clean pyclean pypycompile pypy3compile pypyclean pypy3clean emacs-package-install
        emacs-package-remove emacsen-package-install emacsen-package-remove update-python-modules jit-gem emacs-install emacs-remove",
    ),
    (
        "the cache of the dynamic linker is made for the whole image",
        "ldconfig",
    ),
    (
        "menus, manuals and desktop lists serve interactive systems",
        "update-menus mandb catman install-info update-info-dir install-docs update-icon-caches update-desktop-database
        gtk-update-icon-cache gtk4-update-icon-cache xdg-desktop-menu xdg-mime install-menu scrollkeeper-update
        update-command-not-found appstreamcli update-notifier",
    ),
    (
        "the kernel and its modules are the host's",
        "update-initramfs depmod modprobe rmmod sysctl update-grub grub-install update-binfmts kernel-install mkinitramfs
        apparmor_parser aa-remove-unknown restorecon semodule setsebool load_policy chcon setfacl-host mount umount
        swapoff swapon losetup dmsetup hwclock setupcon dmeventd lvm vgscan vgcfgbackup systemd-binfmt",
    ),
    (
        "no mail, clock or network is set up in an image",
        "newaliases postalias-run nscd resolvconf ifup ifdown dhclient iptables nft rndc sendmail mail mailx wall",
    ),
    ("no account has a password", "shadowconfig"),
    (
        "certificates are put into the bundle for the whole image",
        "update-ca-certificates update-ca-certificates-java",
    ),
];

/// Programs that make something which attar does not make, what, and whether programs commonly fail
/// without it.
const MISSING: &[(&str, &str, bool)] = &[
    (
        "fc-cache mkfontdir mkfontscale update-fonts-dir update-fonts-scale update-fonts-alias defoma-app",
        "the cache of fonts (programs read the fonts themselves)",
        false,
    ),
    ("glib-compile-schemas", "the compiled GSettings schemas (`gschemas.compiled`)", true),
    (
        "gio-querymodules",
        "the list of GIO modules (`giomodule.cache`; programs read the modules themselves)",
        false,
    ),
    (
        "gdk-pixbuf-query-loaders update-gdkpixbuf-loaders",
        "the list of image loaders (`loaders.cache`)",
        true,
    ),
    (
        "gtk-query-immodules-3.0 gtk-query-immodules-2.0",
        "the list of GTK input methods (`immodules.cache`)",
        true,
    ),
    ("update-mime-database", "the database of MIME types (`mime.cache`)", false),
    ("update-mime", "the list of mail viewers (`/etc/mailcap`)", false),
    (
        "locale-gen localedef update-locale validlocale",
        "compiled locales (`C.UTF-8` comes with libc-bin)",
        true,
    ),
    ("pam-auth-update", "the common PAM configuration (`/etc/pam.d/common-*`)", true),
    ("update-xmlcatalog update-catalog", "the catalogs of XML and SGML", false),
    (
        "make-ssl-cert ssh-keygen rndc-confgen mungekey iscsi-iname nsd-control-setup unbound-control-setup slappasswd dbus-uuidgen certtool genkey",
        "keys and certificates of one's own: they must not stand in an image",
        false,
    ),
    (
        "mktexlsr texhash update-texmf update-updmap update-language update-fmtutil updmap-sys fmtutil-sys update-texmf-config mtxrun",
        "the indexes and formats of TeX",
        true,
    ),
    (
        "update-hunspell update-aspell aspell-autobuildhash update-dictcommon-aspell update-dictcommon-hunspell update-default-wordlist update-default-ispell update-openoffice-dicts update-default-aspell",
        "the lists of dictionaries",
        false,
    ),
    ("phpenmod phpdismod php_invoke", "the links that turn PHP modules on (`/etc/php/*/conf.d`)", true),
    (
        "a2enmod a2enconf a2ensite a2dismod a2disconf apache2_invoke apache2_switch_mpm",
        "the links that turn Apache modules and sites on",
        true,
    ),
    ("lighty-enable-mod lighttpd-enable-mod", "the links that turn lighttpd modules on", true),
    ("update-java-alternatives", "the choice of a Java version", true),
    ("add-shell remove-shell update-shells", "the list of login shells (`/etc/shells`)", false),
    ("jks-keystore keytool", "the Java keystore", false),
    (
        "pg_createcluster configure_version pg_updatedicts initdb mysql_install_db mariadb-install-db dbc_go",
        "a database: it is made when the container first starts",
        false,
    ),
    ("postconf postmap postalias newaliases", "the configuration of the mail server", true),
    ("update-gsfontmap", "the map of fonts of Ghostscript", false),
    ("ghc-pkg", "the cache of Haskell packages", false),
    ("octave", "the database of Octave packages", false),
    ("update-exim4.conf update-exim4.conf.template", "the configuration of the mail server", true),
];

/// Tools of the distribution that a first installation finds although the image lacks them: those
/// whose work attar does, and those of the essential packages.
const PROVIDED: &str = "
adduser addgroup useradd groupadd usermod gpasswd update-alternatives dpkg-statoverride dpkg-divert setcap ucf ucfr
systemd-sysusers systemd-tmpfiles dpkg dpkg-query dpkg-trigger dpkg-maintscript-helper deb-systemd-helper getent id install chown
chmod chgrp mkdir ln cp mv rm rmdir touch cat sed grep awk find xargs sort readlink basename dirname mktemp realpath
stat tr cut head tail wc uniq test env hostname tempfile which debconf-set-selections ldconfig perl
";

pub(super) fn is_provided(name: &str) -> bool {
    listed(PROVIDED, name)
}

fn listed(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == name)
}

impl Run<'_> {
    /// Says what a program means, and whether it succeeds and what it prints as far as that is known.
    pub(super) fn program(&mut self, path: &str, arguments: &[Field], text: &str) {
        let name = path.rsplit('/').next().unwrap_or(path);
        if path.starts_with("/etc/init.d/") {
            self.status = Some(true);
            self.print(None);
            return self.nothing(text, "services are started by nobody in an image");
        }
        if self.account_command(name, arguments, text) || self.file_command(name, arguments, text) {
            return;
        }
        if self.answered(name, arguments, text) || self.filtered(name, arguments, text) {
            return;
        }
        self.print(None);
        if let Some((_, why)) =
            IGNORED.iter().map(|(why, names)| (names, why)).find(|(names, _)| listed(names, name))
        {
            self.status = Some(true);
            return self.nothing(text, why);
        }
        if name == "glib-compile-schemas" && self.has_no_schema(arguments) {
            self.status = Some(true);
            return self.nothing(text, "there are no schemas");
        }
        // A shell that is told which script to run: what the script is for is known by its name.
        if matches!(name, "sh" | "bash" | "dash")
            && let Some((script, others)) = arguments.split_first()
            && let Some(script) = script.text.as_deref().filter(|script| script.starts_with('/'))
            && MISSING.iter().any(|(names, ..)| listed(names, script.rsplit('/').next().unwrap_or_default()))
        {
            let script = script.to_owned();
            return self.program(&script, others, text);
        }
        if name == "phpenmod" && self.turn_on_modules(arguments, text).is_some() {
            return;
        }
        if let Some((_, what, matters)) = MISSING.iter().find(|(names, ..)| listed(names, name)) {
            self.status = Some(true);
            return self.missing(text, what, *matters);
        }
        let has = |part: &str| arguments.iter().any(|field| field.shown.contains(part));
        if name == "openssl" && changes_files(name, arguments) {
            self.status = Some(true);
            return self.missing(
                text,
                "keys and certificates of one's own: they must not stand in an image",
                false,
            );
        }
        if name.starts_with("python3") && (has("py_compile") || has("compileall")) {
            self.status = Some(true);
            return self.nothing(text, "byte code is made when it is needed");
        }
        // Whether a directory is someone else's: on a first installation all are root's.
        if matches!(name, "su" | "runuser") && arguments.iter().any(|field| field.shown.starts_with("test "))
        {
            self.status = Some(false);
            return self.nothing(text, "it only reads");
        }
        if name == "find" && self.find(arguments, text) {
            return;
        }
        if name == "xargs" && self.xargs(arguments) {
            return;
        }
        if listed(READS, name) && !changes_files(name, arguments) {
            self.status = None;
            return self.nothing(text, "it only reads");
        }
        if self.works_on_nothing(name, arguments) {
            self.status = None;
            return self.nothing(text, "nothing stands there");
        }
        if !self.follow_program(name, path, arguments) {
            self.unknown(text, "the command is not known");
        }
    }

    /// Programs whose answer is known: they decide what a script does next.
    fn answered(&mut self, name: &str, arguments: &[Field], text: &str) -> bool {
        let words: Option<Vec<&str>> = arguments.iter().map(|field| field.text.as_deref()).collect();
        let first = arguments.first().and_then(|field| field.text.as_deref());
        let last = arguments.last().and_then(|field| field.text.as_deref());
        match (name, first) {
            ("echo", _) => {
                self.print(words.map(|words| echo(&words)));
                self.status = Some(true);
            }
            ("printf", _) => {
                self.print(words.and_then(|words| printf(&words)));
                self.status = Some(true);
            }
            ("cat", None) => {
                let text = self.stdin.clone();
                self.print(text);
                self.status = Some(true);
            }
            ("cat", Some(path)) if arguments.len() == 1 && path != "-" => {
                let content = self.content(path);
                self.status = content.is_some().then_some(true);
                self.print(content);
            }
            ("mktemp" | "tempfile", _) => {
                self.print(Some("/tmp/attar-temporary\n".to_owned()));
                self.status = Some(true);
            }
            ("basename", Some(path)) => {
                let suffix = arguments.get(1).map_or(Some(""), |field| field.text.as_deref());
                self.print(suffix.map(|suffix| basename(path, suffix)));
                self.status = Some(true);
            }
            ("dirname", Some(path)) => {
                self.print(Some(dirname(path)));
                self.status = Some(true);
            }
            ("dpkg", Some("--compare-versions")) => {
                self.status = words.and_then(|words| compare_versions(&words[1..]));
            }
            ("dpkg", Some("--print-architecture")) => {
                self.print(Some(format!("{}\n", self.surroundings.architecture)));
                self.status = Some(true);
            }
            ("dpkg", Some("--assert-multi-arch" | "--validate-version")) => self.status = Some(true),
            (
                "dpkg",
                Some(
                    "-s" | "-l" | "-L" | "--status" | "--list" | "--listfiles" | "-S" | "--search"
                    | "--get-selections",
                ),
            )
            | ("dpkg-query", _) => {
                let is_absent = last.is_some_and(|package| !self.surroundings.packages.contains(package));
                self.status = is_absent.then_some(false);
                self.print(is_absent.then(String::new));
            }
            ("getent", Some(database @ ("passwd" | "group"))) => {
                let mark = if database == "group" { "@" } else { "" };
                self.look_up_account(mark, arguments.get(1).and_then(|field| field.text.as_deref()));
            }
            ("getent", _) => {
                self.status = None;
                self.print(None);
            }
            ("id", _) => self.id(arguments),
            ("whoami", _) => {
                self.print(Some("root\n".to_owned()));
                self.status = Some(true);
            }
            // The file systems of the kernel are there when a package is installed.
            ("mountpoint", _) if matches!(last, Some("/proc" | "/sys" | "/dev")) => {
                self.print(None);
                self.status = Some(true);
            }
            (
                "ischroot"
                | "systemd-detect-virt"
                | "pidof"
                | "pgrep"
                | "aa-enabled"
                | "tty"
                | "selinuxenabled"
                | "mountpoint",
                _,
            ) => {
                self.print(Some(String::new()));
                self.status = Some(name == "ischroot");
            }
            ("ls", _) => self.list(words),
            ("stat", _) => {
                let answer = self.stat(arguments);
                self.status = answer.is_some().then_some(true);
                self.print(answer);
            }
            ("readlink" | "realpath", _) => self.follow_link(name, arguments.len(), last),
            _ => return false,
        }
        self.nothing(text, "it only reads");
        true
    }

    /// Answers `ls`: whether what it names is there.
    fn list(&mut self, words: Option<Vec<&str>>) {
        let paths: Option<Vec<&str>> =
            words.map(|words| words.into_iter().filter(|word| !word.starts_with('-')).collect());
        let look = |path: &str| self.state.look(self.surroundings.tree, path, true).map(|found| found.made);
        let made: Option<Vec<Made>> =
            paths.filter(|paths| !paths.is_empty()).and_then(|paths| paths.into_iter().map(look).collect());
        let known = made.filter(|made| !made.contains(&Made::Unknown));
        self.status = known.as_ref().map(|made| !made.contains(&Made::Nothing));
        // Without anything there is nothing to list.
        let is_empty = known.is_some_and(|made| made.iter().all(|made| *made == Made::Nothing));
        self.print(is_empty.then(String::new));
    }

    /// Answers `readlink` and `realpath`.
    fn follow_link(&mut self, name: &str, words: usize, path: Option<&str>) {
        self.print(None);
        let found = path.and_then(|path| self.state.look(self.surroundings.tree, path, false));
        self.status = found
            .filter(|found| found.made == Made::Nothing && name == "readlink" && words == 1)
            .map(|_| false);
        if self.status == Some(false) {
            self.print(Some(String::new()));
        }
    }

    fn look_up_account(&mut self, mark: &str, name: Option<&str>) {
        let Some(name) = name else {
            self.status = None;
            self.print(None);
            return;
        };
        // Accounts of Debian's static table are there before any package is configured.
        let master = super::super::accounts::Master::debian();
        let is_static = if mark.is_empty() { master.uid(name).is_some() } else { master.gid(name).is_some() };
        let exists = is_static || self.names.contains(&format!("{mark}{name}"));
        self.status = Some(exists);
        self.print(if exists { None } else { Some(String::new()) });
    }

    fn id(&mut self, arguments: &[Field]) {
        let name =
            arguments.iter().filter_map(|field| field.text.as_deref()).find(|word| !word.starts_with('-'));
        match name {
            Some(name) => self.look_up_account("", Some(name)),
            None if arguments.iter().all(|field| field.text.is_some()) => {
                self.print(Some("0\n".to_owned()));
                self.status = Some(true);
            }
            None => {
                self.print(None);
                self.status = None;
            }
        }
    }

    /// Says whether the directory that is named last has no GSettings schemas.
    fn has_no_schema(&self, arguments: &[Field]) -> bool {
        let directory = arguments.last().and_then(|field| TreePath::parse(field.text.as_deref()?).ok());
        directory.is_some_and(|directory| {
            let mut below = self.surroundings.tree.below(&directory);
            !below.any(|(path, _)| path.file_name().ends_with(b".gschema.xml"))
        })
    }

    /// Says whether all the files that a program is to change are absent, or that there is no input
    /// that names any.
    fn works_on_nothing(&self, name: &str, arguments: &[Field]) -> bool {
        if name == "xargs" {
            return self.stdin.as_deref() == Some("");
        }
        if !matches!(name, "sed" | "perl" | "setfacl" | "gzip" | "chattr") {
            return false;
        }
        let mut paths = arguments.iter().filter(|field| field.shown.starts_with('/')).peekable();
        paths.peek().is_some()
            && paths.all(|field| {
                let found = field
                    .text
                    .as_deref()
                    .and_then(|path| self.state.look(self.surroundings.tree, path, true));
                found.is_some_and(|found| found.made == Made::Nothing)
            })
    }
}

/// Says whether a program that mostly reads is told to change files.
fn changes_files(name: &str, arguments: &[Field]) -> bool {
    let has = |options: &[&str]| {
        arguments.iter().any(|field| options.iter().any(|option| field.shown.starts_with(option)))
    };
    match name {
        "sed" => has(&["-i", "--in-place", "-ni", "-ri", "-Ei", "-ei", "-i.", "-si"]),
        "find" => has(&["-exec", "-delete", "-ok", "-fprint", "-execdir"]),
        "xargs" => {
            let command = arguments
                .iter()
                .find(|field| !field.shown.starts_with('-') && field.shown.parse::<u32>().is_err());
            command.is_some_and(|field| !listed(READS, field.shown.rsplit('/').next().unwrap_or_default()))
        }
        "openssl" => has(&["req", "gen", "dhparam", "x509", "rehash", "ca", "rsa"]),
        "dd" => has(&["of="]),
        "sort" => has(&["-o", "--output"]),
        "date" => has(&["-s", "--set"]),
        "gzip" | "zcat" => name == "gzip" && !has(&["-c", "-dc", "-cd", "--stdout", "-t"]),
        "run-parts" => !has(&["--list", "--test"]),
        _ => false,
    }
}

fn compare_versions(words: &[&str]) -> Option<bool> {
    let [left, operator, right] = *words else { return None };
    let order = match (left.is_empty(), right.is_empty()) {
        (false, false) => attar_packages::debian::version::compare(left, right),
        // No version is before every other, or after it where the operator says so.
        (empty_left, empty_right) => {
            let order = empty_right.cmp(&empty_left);
            if operator.ends_with("-nl") { order.reverse() } else { order }
        }
    };
    Some(match operator.trim_end_matches("-nl") {
        "lt" | "<<" => order.is_lt(),
        "le" | "<=" | "<" => order.is_le(),
        "eq" | "=" => order.is_eq(),
        "ne" => order.is_ne(),
        "ge" | ">=" | ">" => order.is_ge(),
        "gt" | ">>" => order.is_gt(),
        _ => return None,
    })
}

/// Returns what `basename` prints.
fn basename(path: &str, suffix: &str) -> String {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    name.strip_suffix(suffix).unwrap_or(name).to_owned() + "\n"
}

/// Returns what `dirname` prints.
fn dirname(path: &str) -> String {
    let directory = path.trim_end_matches('/').rsplit_once('/').map_or(".", |(directory, _)| directory);
    format!("{}\n", if directory.is_empty() { "/" } else { directory })
}

/// Returns what `echo` writes.
fn echo(words: &[&str]) -> String {
    let option = words.first().copied().unwrap_or_default();
    let start = usize::from(matches!(option, "-n" | "-e" | "-ne" | "-en"));
    let end = if matches!(option, "-n" | "-ne" | "-en") { "" } else { "\n" };
    words[start..].join(" ") + end
}

/// Prints what needs no more than `%s`, `%d` and line breaks.
fn printf(words: &[&str]) -> Option<String> {
    let (format, mut rest) = words.split_first()?;
    let format = format.replace("\\n", "\n").replace("\\t", "\t");
    if format.contains('\\') {
        return None;
    }
    let mut text = String::new();
    loop {
        let before = rest.len();
        let mut pieces = format.split('%');
        text.push_str(pieces.next()?);
        let mut escaped = false;
        for piece in pieces {
            if std::mem::take(&mut escaped) {
                text.push('%');
                text.push_str(piece);
                continue;
            }
            match piece.chars().next() {
                None => escaped = true,
                Some('s' | 'd') => {
                    if let Some((first, others)) = rest.split_first() {
                        text.push_str(first);
                        rest = others;
                    }
                    text.push_str(&piece[1..]);
                }
                Some(_) => return None,
            }
        }
        if rest.is_empty() || rest.len() == before || text.len() > super::parse::MAX_SCRIPT {
            return Some(text);
        }
    }
}
