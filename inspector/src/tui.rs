//! The terminal interface: images, their layers and files, what is dead and why.
//!
//! ```text
//! Start (command line)  ->  App              state: what is open, looked at, asked for
//! keys, mouse, workers  ->  App, Tasks       no I/O, nothing that takes long
//! Tasks                 ->  worker threads   layers, views, previews; Source (cli) for all else
//! &App                  ->  view             a frame of the terminal, or a text of it
//! ```

pub mod action;
pub mod app;
pub mod comparison;
mod cursor;
mod format;
pub mod keymap;
pub mod layout;
pub mod listing;
mod listings;
pub mod palette;
mod picture;
mod run;
pub mod source;
pub mod start;
pub mod task;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod undone;
pub mod view;
mod worker;

pub use cursor::Cursor;
pub use picture::svg;
pub use run::{RunError, dump, lines, run, screen};

#[cfg(test)]
mod tests;
