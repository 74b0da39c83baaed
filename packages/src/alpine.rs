//! Alpine: the database of what apk installed.

pub mod installed;
