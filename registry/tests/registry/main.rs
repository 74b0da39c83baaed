//! The client against a registry that can be told to misbehave.

mod support;

mod engines;
mod logins;
mod pulling;
mod pushing;
mod referrers;
mod trust;
