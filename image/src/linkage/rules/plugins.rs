//! Plugins that stand in known directories: what is there must load.

use super::super::proof::{Proof, Running, Weight};
use super::interpreter::is_version_of;
use super::pattern;

/// Who opens the plugins.
enum Opener {
    /// A library whose name starts like this.
    Library(&'static str),
    /// A program of this name, a version may follow.
    Program(&'static str),
}

use Opener::{Library, Program};

/// Who opens what. A pattern that does not start with `/` is relative to the opener's directory; `**.so`
/// stands for all files below that end so.
const PLUGINS: [(Opener, &str, Weight); 36] = [
    (Library("libc.so.6"), "gconv/*.so", Weight::Optional),
    (Library("libcrypto.so."), "ossl-modules/*.so", Weight::Optional),
    (Library("libcrypto.so."), "engines-*/*.so", Weight::Optional),
    (Library("libp11-kit.so."), "pkcs11/*.so", Weight::Optional),
    (Library("libkrb5.so."), "krb5/plugins/*/*.so", Weight::Optional),
    (Library("libgssapi_krb5.so."), "gss/*.so", Weight::Optional),
    (Library("libsasl2.so."), "sasl2/*.so", Weight::Optional),
    (Library("libpam.so."), "security/*.so", Weight::Optional),
    (Library("libgio-2.0.so."), "gio/modules/*.so", Weight::Optional),
    (Library("libgdk_pixbuf-2.0.so."), "gdk-pixbuf-2.0/*/loaders/*.so", Weight::Optional),
    (Library("libgstreamer-1.0.so."), "gstreamer-1.0/*.so", Weight::Optional),
    (Library("libMagickCore-"), "ImageMagick-*/modules-*/*/*.so", Weight::Optional),
    (Library("libgvc.so."), "graphviz/libgvplugin_*.so.*", Weight::Optional),
    (Library("libvips.so."), "vips-modules-*/*.so", Weight::Optional),
    (Library("libQt5Core.so."), "qt5/plugins/*/*.so", Weight::Optional),
    (Library("libQt6Core.so."), "qt6/plugins/*/*.so", Weight::Optional),
    (Library("libmariadb.so."), "libmariadb3/plugin/*.so", Weight::Optional),
    (Library("libxtables.so."), "xtables/*.so", Weight::Optional),
    (Library("libtcl"), "/usr/lib/tcltk/**.so", Weight::Optional),
    (Library("libR.so"), "/usr/lib/R/**.so", Weight::Optional),
    (Library("libruby-"), "ruby/**.so", Weight::Optional),
    (Library("libruby-"), "rubygems-integration/**.so", Weight::Optional),
    (Library("libruby-"), "/var/lib/gems/**.so", Weight::Optional),
    (Program("perl"), "/usr/lib/*/perl-base/**.so", Weight::Optional),
    (Program("perl"), "/usr/lib/*/perl/**.so", Weight::Optional),
    (Program("perl"), "/usr/lib/*/perl5/**.so", Weight::Optional),
    (Program("lua"), "/usr/lib/*/lua/**.so", Weight::Optional),
    (Program("beam.smp"), "/usr/lib/erlang/lib/**.so", Weight::Optional),
    (Program("apache"), "/usr/lib/apache2/modules/*.so", Weight::Optional),
    (Program("named"), "/usr/lib/*/bind/*.so", Weight::Optional),
    (Program("slapd"), "/usr/lib/ldap/*.so*", Weight::Optional),
    (Program("mariadbd"), "/usr/lib/mysql/plugin/*.so", Weight::Optional),
    // A module that is there is loaded when a query needs it, and the query fails if it cannot be.
    (Program("postgres"), "../lib/*.so", Weight::Needed),
    // Every extension that is configured is loaded at the start; a missing one is a warning then and an
    // undefined function later.
    (Program("php"), "/usr/lib/php/2*/*.so", Weight::Needed),
    (Program("php-fpm"), "/usr/lib/php/2*/*.so", Weight::Needed),
    (Program("nginx"), "/usr/lib/nginx/modules/*.so", Weight::Needed),
];

pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &mut Running<'a>) {
    for (opener, place, weight) in &PLUGINS {
        let Some(caller) = caller(opener, running) else { continue };
        let directory = running.process.objects[caller].path.parent().unwrap_or_default();
        for path in pattern::expand(proof.world, &directory, place) {
            running.open(proof, &path, caller, *weight);
        }
    }
}

fn caller(opener: &Opener, running: &Running<'_>) -> Option<usize> {
    match opener {
        Library(name) => running.process.library(name),
        Program(program) => running.names().iter().any(|name| is_version_of(name, program)).then_some(0),
    }
}
