//! The whole interface on images made to measure: real layers, real workers, no terminal.

mod images;
mod reading;
mod screens;
