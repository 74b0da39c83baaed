//! The spec: what a user writes into `attar.yaml`, read, merged and validated.

pub mod schema;
