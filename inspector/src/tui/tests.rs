//! The whole interface on images made to measure: real layers, real workers, no terminal.

mod compare;
mod images;
mod reading;
mod screens;
