//! What the tests of attar share: a place to work in, the program to run, judges to ask.
//!
//! It knows nothing of the crates under test: trees, layers and archives are read here by other code
//! than the one that wrote them.

pub mod archive;
pub mod attar;
pub mod command;
pub mod container;
pub mod containerd;
pub mod deb;
pub mod docker_registry;
pub mod engine;
pub mod forge;
pub mod http;
pub mod layers;
pub mod layout;
pub mod mirror;
pub mod registry;
pub mod scratch;
pub mod skip;
pub mod start;
pub mod terminal;
pub mod tls;
pub mod tmux;
pub mod tree;
pub mod wait;
pub mod yaml;

pub use attar::Attar;
pub use command::{Finished, run};
pub use scratch::Scratch;
