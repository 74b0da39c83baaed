//! What the bar at the bottom says: the keys that matter most where the user is.

use super::super::action::{Action, Context};
use super::Keymap;
use Action as A;

/// Actions of one hint, whose first keys are shown together, and what they do in a word or two.
type Hint = (&'static [Action], &'static str);

const LAYERS: &[Hint] = &[
    (&[A::Down, A::Up], "move"),
    (&[A::CycleScope], "scope"),
    (&[A::MarkRange], "range"),
    (&[A::NextPane], "pane"),
    (&[A::ShowWaste], "waste"),
    (&[A::ShowFacts], "facts"),
];

const TREE: &[Hint] = &[
    (&[A::ToggleFold], "fold"),
    (&[A::Search], "search"),
    (&[A::Filter], "filter"),
    (&[A::CycleSort], "sort"),
    (&[A::CycleScope], "scope"),
    (&[A::ShowBlame], "blame"),
    (&[A::DiffWithPrevious], "diff"),
    (&[A::Extract], "extract"),
    (&[A::ShowWaste], "waste"),
    (&[A::ShowLargest], "largest"),
];

const PREVIEW: &[Hint] = &[
    (&[A::Down, A::Up], "scroll"),
    (&[A::PreviewMode], "show as"),
    (&[A::ToggleWrap], "wrap"),
    (&[A::DiffWithPrevious], "diff"),
    (&[A::CopyContent], "copy"),
    (&[A::Search], "search"),
    (&[A::Extract], "extract"),
];

const LIST: &[Hint] = &[
    (&[A::Enter], "go there"),
    (&[A::CycleSort], "sort"),
    (&[A::Search], "search"),
    (&[A::Filter], "filter"),
    (&[A::ShowTree], "tree"),
    (&[A::Export], "export"),
    (&[A::Escape], "close"),
];

const COMPARISON: &[Hint] = &[
    (&[A::DiffWithPrevious], "diff"),
    (&[A::ToggleUnchanged], "all"),
    (&[A::ShowPackages], "packages"),
    (&[A::FocusLayers], "layers"),
    (&[A::ShowFacts], "settings"),
    (&[A::ShowInFirst, A::ShowInSecond], "in one"),
    (&[A::CycleSort], "sort"),
    (&[A::Search], "search"),
    (&[A::Filter], "filter"),
    (&[A::Escape], "close"),
];

/// What is said wherever the user is: without these two, nobody finds the rest.
const ALWAYS: &[Hint] = &[(&[A::Palette], "commands"), (&[A::Help], "help"), (&[A::Quit], "quit")];

impl Keymap {
    /// Returns what the bar at the bottom says in a context: keys and a word or two, what matters most
    /// first; how to find everything else stands at the end.
    pub fn hints(&self, context: Context) -> Vec<(String, &'static str)> {
        let own = match context {
            Context::Everywhere => &[],
            Context::Layers => LAYERS,
            Context::Tree => TREE,
            Context::Preview => PREVIEW,
            Context::List => LIST,
        };
        self.hints_of(own, context)
    }

    /// Returns the same where two images stand side by side.
    pub fn comparison_hints(&self, context: Context) -> Vec<(String, &'static str)> {
        self.hints_of(COMPARISON, context)
    }

    fn hints_of(&self, own: &[Hint], context: Context) -> Vec<(String, &'static str)> {
        own.iter()
            .chain(ALWAYS)
            .filter_map(|(actions, text)| {
                let keys: Vec<String> = actions
                    .iter()
                    .map(|action| self.keys_of(*action, context).into_iter().next())
                    .collect::<Option<_>>()?;
                Some((keys.join("/"), *text))
            })
            .collect()
    }
}
