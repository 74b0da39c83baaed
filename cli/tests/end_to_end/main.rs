//! The program as users run it, on real packages of the mirror that the host's apt uses.
//!
//! One test binary, so that examples are locked once and packages are fetched once.

mod support;

mod bad_input;
mod catalogue;
mod check;
mod commands;
mod containerd;
mod difference;
mod dpkg;
mod engines;
mod examples;
mod fixture;
mod globs;
mod hostile;
mod hostile_images;
mod inspect;
mod inspect_judges;
mod inspect_screen;
mod interface;
mod judges;
mod kill;
mod leftovers;
mod loading;
mod offline;
mod pictures;
mod popular;
mod rebuild;
mod registries;
mod sameness;
mod sources;
mod start;
mod vendor;
