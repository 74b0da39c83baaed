//! Keeping the packages of a lock.

use std::path::Path;

use super::{BuildError, Request, stage};
use crate::context::Context;
use crate::images::Images;
use crate::lock::{Lock, LockError};
use crate::spec;
use crate::vendor::{Packages, Place};

/// Fetches all packages of a lock, for every platform and variant, to be kept.
pub fn packages(context: &Context, request: &Request, lock: &Lock) -> Result<Packages, BuildError> {
    let document = spec::load(&request.spec)?;
    let images = Images::of(&document, &request.arguments)?;
    stage::fetch_locked(context, &images, lock)
}

/// Writes into the lock where its packages are kept, and says whether that is new.
pub fn keep_place(request: &Request, lock: &mut Lock, place: &Place) -> Result<bool, BuildError> {
    let folder = request.lock.parent().filter(|folder| !folder.as_os_str().is_empty());
    let place = place
        .seen_from(folder.unwrap_or(Path::new(".")))
        .map_err(|source| LockError::Write { path: request.lock.clone(), source })?;
    let text = Some(place.to_string());
    if lock.vendor == text {
        return Ok(false);
    }
    lock.vendor = text;
    lock.write(&request.lock)?;
    Ok(true)
}
