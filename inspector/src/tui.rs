//! The terminal interface: images, their layers and files, what is dead and why.

pub mod action;
pub mod keymap;
pub mod palette;
pub mod source;
pub mod start;
pub mod text;
pub mod theme;
