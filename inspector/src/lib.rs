//! Says what the layers of an image hold, what they waste, and how two images differ.
//!
//! ```text
//! image::stack::Stack  ->  analysis::Analysis   figures of the image, its layers, what is dead and why
//!                      ->  dive::Figures        the same numbers as dive computes them
//! Analysis + rules     ->  rules::Outcome       what is over its budget, what must not be there
//! all of it            ->  report::Image        one JSON document
//! two images           ->  compare::Comparison  packages, configuration, files, layers that differ
//! ```
//!
//! Everything but the [interface](tui) is pure: stacks and values in, values out. Layers are numbered from 1 for the lowest
//! wherever people or machines read the number, and from 0 in [`attar_image::stack`].

pub mod advice;
pub mod analysis;
pub mod browse;
pub mod compare;
pub mod dive;
pub mod duplicates;
pub mod growth;
pub mod listing;
pub mod packages;
pub mod preview;
pub mod report;
pub mod rules;
pub mod tui;

#[cfg(test)]
mod testing;
