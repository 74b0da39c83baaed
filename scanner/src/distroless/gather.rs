//! One pass over a content: what it is, which programs it bears, where it holds secrets.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use attar_image::script::Shebang;
use regex::bytes::Regex;

use super::identity::{IDENTITIES, Identity};
use super::secret;
use super::{Format, Marks};

/// Bytes that tell what kind of file it is.
const HEAD: usize = 4096;
/// The longest text that is searched for secrets, in bytes. It is kept until its end is seen.
const MAX_TEXT: usize = 1 << 20;

/// Whether a [`Gatherer`] needs more of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appetite {
    /// It does.
    More,
    /// What it has is enough: the rest may be skipped.
    Enough,
}

/// Reads marks out of a content that comes in pieces of any size, holding at most 1 MiB of it.
#[derive(Debug, Default)]
pub struct Gatherer {
    /// What was not looked at yet, or for the second time where a text may reach into the next piece.
    held: Vec<u8>,
    mode: Mode,
    found: Vec<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// The kind of file is not known yet.
    #[default]
    Head,
    Elf,
    Text(Format),
    Other(Format),
}

/// The needles of all identities as one expression, with their numbers.
struct Needles {
    expression: Regex,
    numbers: BTreeMap<Vec<u8>, usize>,
    longest: usize,
}

static NEEDLES: LazyLock<Needles> = LazyLock::new(|| {
    let mut numbers = BTreeMap::new();
    for needle in IDENTITIES.iter().flat_map(Identity::needles) {
        let next = numbers.len();
        numbers.entry(needle).or_insert(next);
    }
    let literal = |needle: &Vec<u8>| regex::escape(&String::from_utf8_lossy(needle));
    let alternatives: Vec<String> = numbers.keys().map(literal).collect();
    let expression = Regex::new(&alternatives.join("|")).expect("escaped literals are an expression");
    let longest = numbers.keys().map(Vec::len).max().unwrap_or_default();
    Needles { expression, numbers, longest }
});

impl Gatherer {
    /// Returns a gatherer that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at the next piece.
    pub fn feed(&mut self, bytes: &[u8]) -> Appetite {
        // Of what is no program, no more is held than is looked at, whoever goes on feeding.
        match self.mode {
            Mode::Other(_) => return Appetite::Enough,
            Mode::Text(_) if self.held.len() >= MAX_TEXT => return Appetite::Enough,
            _ => {}
        }
        self.held.extend_from_slice(bytes);
        if self.mode == Mode::Head {
            if self.held.len() < HEAD {
                return Appetite::More;
            }
            self.mode = Mode::of(&self.held);
        }
        match self.mode {
            Mode::Elf => {
                self.search();
                let keep = self.held.len().min(NEEDLES.longest);
                self.held.drain(..self.held.len() - keep);
                Appetite::More
            }
            Mode::Text(_) if self.held.len() < MAX_TEXT => Appetite::More,
            _ => Appetite::Enough,
        }
    }

    /// Returns what was found.
    pub fn finish(mut self) -> Marks {
        if self.mode == Mode::Head {
            self.mode = Mode::of(&self.held);
        }
        match self.mode {
            Mode::Elf => {
                self.search();
                Marks { format: Format::Elf, programs: self.programs(), secrets: Vec::new() }
            }
            Mode::Text(format) => {
                let secrets = secret::in_text(&self.held[..self.held.len().min(MAX_TEXT)]);
                Marks { format, programs: Vec::new(), secrets }
            }
            Mode::Other(format) => Marks { format, ..Marks::default() },
            Mode::Head => Marks::default(),
        }
    }

    fn search(&mut self) {
        self.found.resize(NEEDLES.numbers.len(), false);
        for hit in NEEDLES.expression.find_iter(&self.held) {
            if let Some(number) = NEEDLES.numbers.get(hit.as_bytes()) {
                self.found[*number] = true;
            }
        }
    }

    fn programs(&self) -> Vec<String> {
        let has = |needle: Vec<u8>| NEEDLES.numbers.get(&needle).is_some_and(|number| self.found[*number]);
        let known = IDENTITIES.iter().filter(|identity| identity.needles().all(has));
        let mut names: Vec<String> = known.map(|identity| identity.name.to_owned()).collect();
        names.dedup();
        names
    }
}

impl Mode {
    fn of(head: &[u8]) -> Self {
        if head.starts_with(b"\x7fELF") {
            return Self::Elf;
        }
        if head.starts_with(b"!<arch>\n") {
            return Self::Other(Format::Archive);
        }
        if head.is_empty() || memchr::memchr(0, head).is_some() {
            return Self::Other(Format::Binary);
        }
        match Shebang::read(head) {
            Some(_) => Self::Text(Format::Script),
            None => Self::Text(Format::Text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_are_told_by_the_first_bytes() {
        for (bytes, expected) in [
            (&b"\x7fELF\x02\x01"[..], Format::Elf),
            (b"#!/bin/sh\n", Format::Script),
            (b"#!\n", Format::Text),
            (b"!<arch>\nx.o/", Format::Archive),
            (b"\x00\x01", Format::Binary),
            (b"", Format::Binary),
        ] {
            assert_eq!(Marks::of(bytes).format, expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_is_held_is_bounded() {
        for head in [&b"\0"[..], b"text", b"#!/bin/sh\n", b"!<arch>\n", b"\x7fELF"] {
            let mut gatherer = Gatherer::new();
            gatherer.feed(head);
            let piece = vec![b'x'; 1 << 20];
            for _ in 0..40 {
                gatherer.feed(&piece);
            }
            assert!(gatherer.held.len() <= MAX_TEXT + piece.len(), "{head:?}: {}", gatherer.held.len());
        }
    }

    #[test]
    fn a_text_like_those_of_a_shell_makes_no_shell() {
        let mut script = b"#!/usr/bin/python3\n# Toybox %s multicall binary\n".to_vec();
        assert_eq!(Marks::of(&script).programs, Vec::<String>::new());
        script[..4].copy_from_slice(b"\x7fELF");
        assert_eq!(Marks::of(&script).programs, ["toybox"]);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            padding in 0_usize..9000,
            cuts in prop::collection::vec(1_usize..700, 1..40),
            number in 0..IDENTITIES.len(),
            is_elf: bool,
        ) {
            let mut bytes = if is_elf { b"\x7fELF".to_vec() } else { b"#!/bin/x\n".to_vec() };
            for needle in IDENTITIES[number].needles() {
                bytes.extend(std::iter::repeat_n(b'.', padding));
                bytes.extend(needle);
            }
            let mut gatherer = Gatherer::new();
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                let (piece, next) = rest.split_at(rest.len().min(*cut));
                if piece.is_empty() || gatherer.feed(piece) == Appetite::Enough {
                    break;
                }
                rest = next;
            }
            let marks = gatherer.finish();
            prop_assert_eq!(&marks, &Marks::of(&bytes));
            let name = IDENTITIES[number].name.to_owned();
            prop_assert_eq!(marks.programs.contains(&name), is_elf);
        }
    }
}
