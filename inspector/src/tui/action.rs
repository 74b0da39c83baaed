//! Everything that can be done in the interface: keys, the mouse and the palette all end here.

/// Makes the type and its table of one list, so that they cannot differ.
macro_rules! actions {
    ($($action:ident $name:literal $help:literal,)*) => {
        /// Something that the user asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $(#[doc = $help] $action,)*
        }

        /// Name and meaning of every action, in the order of the type.
        const ACTIONS: &[(Action, &str, &str)] = &[$((Action::$action, $name, $help),)*];
    };
}

actions! {
    Up "up" "one line up",
    Down "down" "one line down",
    Left "left" "fold, or go to the directory above",
    Right "right" "unfold, or go into",
    PageUp "page-up" "one page up",
    PageDown "page-down" "one page down",
    HalfPageUp "half-page-up" "half a page up",
    HalfPageDown "half-page-down" "half a page down",
    First "first" "first line",
    Last "last" "last line",
    Enter "enter" "open what is under the cursor",
    Escape "escape" "close, clear or cancel what is on top",
    Parent "parent" "go to the directory above",
    Back "back" "back to where you were",
    Forward "forward" "forward again",
    GoToPath "go-to-path" "go to a path",
    ToggleBookmark "toggle-bookmark" "set or remove a bookmark here",
    Bookmarks "bookmarks" "list the bookmarks",
    LastPlace "last-place" "go where the cursor was before the last jump",
    NextPane "next-pane" "next pane",
    PreviousPane "previous-pane" "previous pane",
    FocusLayers "focus-layers" "go to the layers",
    FocusTree "focus-tree" "go to the tree or list",
    FocusPreview "focus-preview" "go to the preview",
    FocusFacts "focus-facts" "go to the details of the layer",
    Zoom "zoom" "give the whole screen to this pane, or share it again",
    Wider "wider" "make this pane wider",
    Narrower "narrower" "make this pane narrower",
    TogglePreview "toggle-preview" "show or hide the preview",
    ToggleAttributes "toggle-attributes" "show or hide mode and owner, where the tree is wide enough",
    ToggleWrap "toggle-wrap" "wrap long lines of the preview, or cut them",
    PreviewUp "preview-up" "scroll the preview up",
    PreviewDown "preview-down" "scroll the preview down",
    PreviewMode "preview-mode" "next way to show the file: text, hex, facts",
    ShowTree "show-tree" "the tree of files",
    ShowWaste "show-waste" "what is dead, and why",
    ShowLargest "show-largest" "the largest files, without directories",
    ShowPackages "show-packages" "what each package takes and wastes",
    ShowVerdict "show-verdict" "whether the image is distroless",
    ShowFacts "show-facts" "configuration, history, manifest",
    ShowBlame "show-blame" "which layers touched this path",
    CycleScope "cycle-scope" "changes of the layer, all up to it, or a range of layers",
    ScopeChanges "scope-changes" "only what this layer changes",
    ScopeUpToHere "scope-up-to-here" "all layers up to this one",
    MarkRange "mark-range" "start a range of layers here",
    ToggleAdded "toggle-added" "show or hide what is added",
    ToggleModified "toggle-modified" "show or hide what is modified",
    ToggleRemoved "toggle-removed" "show or hide what is removed",
    ToggleUnchanged "toggle-unchanged" "show or hide what is unchanged",
    CycleSort "cycle-sort" "sort by name, size, change, waste, growth; lists by the next column",
    ReverseSort "reverse-sort" "reverse the order",
    ToggleFold "toggle-fold" "fold or unfold the directory",
    ExpandAll "expand-all" "unfold all directories",
    CollapseAll "collapse-all" "fold all directories",
    ExpandSubtree "expand-subtree" "unfold all below this directory",
    DiffWithPrevious "diff-with-previous" "difference to the layer before, or to the other image",
    Search "search" "search",
    NextMatch "next-match" "next match",
    PreviousMatch "previous-match" "previous match",
    Filter "filter" "show only what matches",
    ClearFilter "clear-filter" "show all again",
    CopyPath "copy-path" "copy the path",
    CopyDigest "copy-digest" "copy the digest of the file, the layer or the image",
    CopyFromLine "copy-from-line" "copy a `COPY --from` line for the path",
    CopyContent "copy-content" "copy the text of the file",
    CopyCommand "copy-command" "copy the command that opens what is shown",
    Extract "extract" "write the file or tree to a folder",
    Export "export" "write what is shown as JSON",
    Reload "reload" "read the image again",
    Cancel "cancel" "stop what is being read",
    Open "open" "open another image",
    Images "images" "images of this machine",
    NextTab "next-tab" "next image",
    PreviousTab "previous-tab" "previous image",
    CloseTab "close-tab" "close this image",
    Compare "compare" "compare with another image, side by side",
    ShowInFirst "show-in-first" "of two images side by side, go to the path in the first",
    ShowInSecond "show-in-second" "of two images side by side, go to the path in the second",
    NextPlatform "next-platform" "the same image for another platform",
    Palette "palette" "find anything that can be done",
    Help "help" "all keys",
    Messages "messages" "what was said so far",
    CycleTheme "cycle-theme" "next theme",
    Redraw "redraw" "draw the screen again",
    Suspend "suspend" "go back to the shell; `fg` returns",
    Quit "quit" "quit",
}

/// Where keys mean something of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// Wherever nothing else says what a key means.
    Everywhere,
    /// The list of layers.
    Layers,
    /// The tree of files.
    Tree,
    /// The preview.
    Preview,
    /// A list: waste, packages, verdict, images, facts.
    List,
}

impl Context {
    /// All contexts.
    pub const ALL: [Self; 5] = [Self::Everywhere, Self::Layers, Self::Tree, Self::Preview, Self::List];

    /// Returns its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Layers => "layers",
            Self::Tree => "tree",
            Self::Preview => "preview",
            Self::List => "list",
        }
    }
}

impl Action {
    /// Iterates over all actions.
    pub fn all() -> impl Iterator<Item = Self> {
        ACTIONS.iter().map(|(action, ..)| *action)
    }

    /// Finds an action by its name.
    pub fn find(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|(_, known, _)| *known == name).map(|(action, ..)| *action)
    }

    /// Returns its name in the configuration and in the palette.
    pub fn name(self) -> &'static str {
        self.entry().1
    }

    /// Says what it does.
    pub fn help(self) -> &'static str {
        self.entry().2
    }

    fn entry(self) -> &'static (Self, &'static str, &'static str) {
        &ACTIONS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_actions() {
        for (place, (action, name, _)) in ACTIONS.iter().enumerate() {
            assert_eq!(*action as usize, place, "{name}");
            assert_eq!(Action::find(name), Some(*action));
        }
    }
}
