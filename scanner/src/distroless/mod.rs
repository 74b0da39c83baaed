//! The verdict: whether an image is distroless, and what stands in the way.
//!
//! Pure: a merged tree, what its files hold, the configuration and the start-up proof go in; a
//! [`Verdict`] comes out. No file is read here and nothing is run.
//!
//! ```text
//! wanted(path, entry)        which contents are to be read for marks (before anything is read)
//! Gatherer::feed(bytes)      one pass over a content -> Marks: what it is, programs it bears, secrets
//! judge(subject, rules)      -> Verdict: checks D01-D17, levels, a grade
//! ```
//!
//! - [`Subject`] is what is judged, [`Evidence`] what its files hold; [`Marks`] are kept by content
//!   digest, so one pass over the layers, or a record of a package, gives them all.
//! - [`Rules`] say by what: a [`Profile`], [`Limits`] and the allow list.
//! - `checks` has one file a check; its table lists them all.
//!
//! Invariants:
//! - No finding holds a secret, only where it stands and of what kind it is.
//! - What the allow list lets pass is shown with its reason; an entry never hides another check.
//! - What could not be looked at is said ([`State::CannotJudge`]), never taken for good.

mod allow;
mod checks;
mod date;
mod gather;
mod identity;
mod judge;
mod marks;
mod rules;
mod secret;
mod subject;
#[cfg(test)]
mod testing;
mod verdict;
mod view;

pub use allow::{Allow, Stale, StaleReason};
pub use checks::{CheckId, UnknownCheck};
pub use date::{Date, InvalidDate};
pub use gather::{Appetite, Gatherer};
pub use judge::judge;
pub use marks::{Format, Marks, REVISION, Wanted, wanted};
pub use rules::{Limits, Profile, Rules, UnknownProfile};
pub use secret::{Secret, SecretKind};
pub use subject::{Evidence, Figures, Hidden, Origins, Referrers, Subject, Unknown};
pub use verdict::{Answer, Finding, Fix, Grade, Level, Outcome, Place, Severity, State, Verdict};
