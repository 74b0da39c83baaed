//! What well-known programs and libraries open at run time, where nothing in the file says so.
//!
//! The table of `plugins` has what is a matter of directories; where more is to be known there is a
//! module. A rule that is wrong stops a build that would have worked, so each is of the program's own
//! documentation or source, and what programs do without is [`Optional`](Weight::Optional).

mod archive;
mod icu;
mod interpreter;
mod java;
mod nginx;
mod node;
mod nss;
mod pattern;
mod plugins;
mod python;

use super::proof::{Proof, Running, Weight};

/// Applies all rules to a program that has been loaded.
pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &mut Running<'a>, depth: usize, weight: Weight) {
    interpreter::apply(proof, running, weight);
    nss::apply(proof, running, weight);
    icu::apply(proof, running, weight);
    java::apply(proof, running, depth, weight);
    nginx::apply(proof, running, weight);
    node::apply(proof, running, weight);
    python::apply(proof, running, weight);
    plugins::apply(proof, running);
}
