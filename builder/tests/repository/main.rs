//! Archives on a loopback server that may fail, lie or be late.

mod directories;
mod fetching;
mod mirrors;
mod releases;
mod searching;
mod stage;
mod tls;
mod vouching;
