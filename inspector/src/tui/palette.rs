//! Finding an action by a few typed letters.

use super::action::{Action, Context};
use super::keymap::Keymap;

/// An action that fits what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The action.
    pub action: Action,
    /// Its keys where the user is, the best first.
    pub keys: Vec<String>,
    /// Which characters of its name fit, from 0; none if something else of it does.
    pub matched: Vec<usize>,
}

/// Points for a letter that begins a word, follows the one before, or begins the text.
const WORD: i64 = 8;
const FOLLOWING: i64 = 6;
const BEGINNING: i64 = 10;
/// Points off for each letter that is skipped.
const SKIPPED: i64 = 1;
/// A match in the help is worth less than one in the name, however good it is.
const NAME: i64 = 10_000;
const KEYS: i64 = 20_000;

/// Returns the actions that fit a typed text, the best first; all of them for an empty text.
///
/// Letters fit a name if they stand in it in this order; words of the text fit help if all stand in it.
/// A text that is a key sequence finds its action. Among equals the order is that of the actions.
pub fn choices(text: &str, keymap: &Keymap, context: Context) -> Vec<Choice> {
    let wanted = text.trim();
    let mut found: Vec<(i64, Choice)> = Action::all()
        .filter_map(|action| {
            let keys = keymap.keys_of(action, context);
            let (score, matched) = rank(wanted, action, &keys)?;
            Some((score, Choice { action, keys, matched }))
        })
        .collect();
    found.sort_by_key(|(score, choice)| (-score, choice.action));
    found.into_iter().map(|(_, choice)| choice).collect()
}

/// Returns how well an action fits, more is better, and where its name does.
fn rank(wanted: &str, action: Action, keys: &[String]) -> Option<(i64, Vec<usize>)> {
    if wanted.is_empty() {
        return Some((0, Vec::new()));
    }
    if keys.iter().any(|sequence| sequence == wanted || sequence.replace(' ', "") == wanted) {
        return Some((KEYS, Vec::new()));
    }
    let wanted = wanted.to_lowercase();
    // Spaces of the text may stand for the dashes of names.
    let letters: Vec<char> = wanted.chars().filter(|letter| !letter.is_whitespace()).collect();
    if let Some((score, matched)) = subsequence(&letters, action.name()) {
        return Some((NAME + score, matched));
    }
    let help = action.help().to_lowercase();
    let words = help.split(|letter: char| !letter.is_alphanumeric());
    let fits = |word: &str| words.clone().any(|known| known.starts_with(word));
    wanted.split_whitespace().all(fits).then(|| (-(help.len() as i64), Vec::new()))
}

/// Returns the score of the best way to find letters in a text in their order, and its places.
fn subsequence(letters: &[char], text: &str) -> Option<(i64, Vec<usize>)> {
    let text: Vec<char> = text.chars().collect();
    // best[place] is the best score of the letters so far with the last of them at `place`.
    let mut best: Vec<Option<(i64, Vec<usize>)>> = vec![None; text.len()];
    for (index, letter) in letters.iter().enumerate() {
        let mut next = vec![None; text.len()];
        for place in (0..text.len()).filter(|place| text[*place] == *letter) {
            let own = match place {
                0 => BEGINNING,
                _ if !text[place - 1].is_alphanumeric() => WORD,
                _ => 0,
            };
            let from = if index == 0 {
                Some((own - place as i64 * SKIPPED, vec![place]))
            } else {
                let ways = (0..place).filter_map(|before| {
                    let (score, places) = best[before].as_ref()?;
                    let near = if before + 1 == place { FOLLOWING } else { 0 };
                    let skipped = (place - before - 1) as i64 * SKIPPED;
                    Some((score + own + near - skipped, places))
                });
                ways.max_by_key(|(score, _)| *score)
                    .map(|(score, places)| (score, places.iter().copied().chain([place]).collect()))
            };
            next[place] = from;
        }
        best = next;
    }
    let (score, places) = best.into_iter().flatten().max_by_key(|(score, _)| *score)?;
    // Of two names that fit alike, the shorter is nearer to what was typed.
    Some((score * 100 - text.len() as i64, places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(text: &str) -> Vec<&'static str> {
        let found = choices(text, &Keymap::default(), Context::Tree);
        found.into_iter().map(|choice| choice.action.name()).collect()
    }

    #[test]
    fn letters_find_what_they_stand_for() {
        for (text, first) in [
            ("waste", "show-waste"),
            ("sw", "show-waste"),
            ("copy path", "copy-path"),
            ("cpa", "copy-path"),
            ("quit", "quit"),
            ("SORT", "cycle-sort"),
            ("y d", "copy-digest"),
            ("yd", "copy-digest"),
            ("ctrl+e", "extract"),
            ("distroless", "show-verdict"),
            ("side by side", "compare"),
            ("fil", "filter"),
            ("expand", "expand-all"),
            ("next", "next-tab"),
        ] {
            assert_eq!(names(text).first(), Some(&first), "{text}: {:?}", names(text));
        }
    }

    #[test]
    fn nothing_typed_lists_all_in_their_order() {
        assert_eq!(names("  "), Action::all().map(Action::name).collect::<Vec<_>>());
    }

    #[test]
    fn what_fits_nothing_finds_nothing() {
        assert_eq!(names("qqzz"), Vec::<&str>::new());
    }

    #[test]
    fn places_of_the_letters_are_told() {
        let found = choices("swa", &Keymap::default(), Context::Tree);
        assert_eq!((found[0].action, &found[0].matched[..]), (Action::ShowWaste, &[0, 5, 6][..]));
    }

    proptest! {
        #[test]
        fn places_are_those_of_the_letters_in_order(text in "[a-z -]{0,8}") {
            for choice in choices(&text, &Keymap::default(), Context::Tree) {
                let name: Vec<char> = choice.action.name().chars().collect();
                prop_assert!(choice.matched.is_sorted_by(|a, b| a < b));
                let letters: String = choice.matched.iter().map(|place| name[*place]).collect();
                let wanted: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
                prop_assert!(letters.is_empty() || letters == wanted);
            }
        }
    }
}
