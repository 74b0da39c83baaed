//! The whole interface on images made to measure: real layers, real workers, no terminal.

mod accounts;
mod choice;
mod command;
mod compare;
mod digests;
mod driven;
mod hostile;
pub(super) mod images;
mod places;
mod random;
mod reading;
mod screens;
mod sound;
mod streaming;
mod undone;
