//! Looks: what a role is drawn in, and the characters that lines, marks and bars are made of.
//!
//! Colour is never the only signal: what it says is also said by a mark of [`Glyphs`], by a word, or by
//! bold, underlined or reversed letters.

mod glyphs;

use ratatui::style::{Color, Modifier, Style};

use crate::preview;

pub use glyphs::Glyphs;

/// Makes the type and the list of its values of one list.
macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident,)*) => {
        /// What a piece of the screen is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[$doc])* $role,)*
        }

        impl Role {
            /// All roles, in the order of the type.
            pub const ALL: &[Self] = &[$(Self::$role,)*];
        }
    };
}

roles! {
    /// What nothing else is said of; the whole screen is filled with it first.
    Text,
    /// What matters less: counts, units, paths before a name.
    Muted,
    /// Names of panes and columns.
    Title,
    /// Frame and name of the pane that has the focus.
    Focus,
    /// The line under the cursor in the pane that has the focus.
    Cursor,
    /// The line under the cursor in any other pane.
    CursorElsewhere,
    /// What is chosen: the layers of a range, the active tab.
    Selected,
    /// Frames and lines between panes.
    Border,
    /// The bar that says where in a long list the pane is.
    Scroll,
    /// Directories.
    Directory,
    /// Symbolic and hard links.
    Link,
    /// Programs.
    Executable,
    /// Devices, sockets, pipes.
    Special,
    /// What a layer adds.
    Added,
    /// What a layer takes away.
    Removed,
    /// What a layer changes.
    Modified,
    /// What a layer writes again as it was.
    Rewritten,
    /// What stays as it was.
    Unchanged,
    /// Bytes that are in the image for nothing.
    Waste,
    /// A good answer.
    Good,
    /// Something to look at.
    Warning,
    /// A bad answer, an error.
    Bad,
    /// Something worth knowing.
    Note,
    /// What a search found.
    Match,
    /// The find that the search is at.
    CurrentMatch,
    /// Keys in hints and help.
    Key,
    /// What the user types.
    Input,
    /// Progress and spinners.
    Progress,
    /// Bars that compare sizes.
    Bar,
    /// Code: words of the language.
    Keyword,
    /// What stands before a value.
    Label,
    /// Code: names of functions, types, tags.
    Name,
    /// Code: strings.
    String,
    /// Code: numbers.
    Number,
    /// Code: comments.
    Comment,
    /// What stands for a character that is not shown as it is.
    Escape,
}

impl From<preview::Style> for Role {
    fn from(style: preview::Style) -> Self {
        match style {
            preview::Style::Plain => Self::Text,
            preview::Style::Keyword => Self::Keyword,
            preview::Style::String => Self::String,
            preview::Style::Comment => Self::Comment,
            preview::Style::Number => Self::Number,
            preview::Style::Name => Self::Name,
            preview::Style::Heading => Self::Title,
            preview::Style::Label => Self::Label,
            preview::Style::Added => Self::Added,
            preview::Style::Removed => Self::Removed,
            preview::Style::Muted => Self::Muted,
            preview::Style::Escape => Self::Escape,
            preview::Style::Warning => Self::Warning,
        }
    }
}

/// What every role is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dark,
    Light,
    Contrast,
    None,
}

/// All themes, in the order in which they follow each other.
const THEMES: [Theme; 4] = [Theme(Kind::Dark), Theme(Kind::Light), Theme(Kind::Contrast), Theme(Kind::None)];

impl Theme {
    /// Returns the theme for dark backgrounds, in the sixteen colours of the user's terminal.
    pub fn dark() -> Self {
        Self(Kind::Dark)
    }

    /// Returns the theme for light backgrounds.
    ///
    /// Of the terminal's own colours many have yellow and green that nobody can read on white, so that
    /// these colours are fixed ones of the 256 that all terminals share.
    pub fn light() -> Self {
        Self(Kind::Light)
    }

    /// Returns the theme with the greatest contrast; it brings its own black background.
    pub fn contrast() -> Self {
        Self(Kind::Contrast)
    }

    /// Returns the theme without colours, as `NO_COLOR` asks for.
    pub fn none() -> Self {
        Self(Kind::None)
    }

    /// Iterates over all themes.
    pub fn all() -> impl Iterator<Item = Self> {
        THEMES.into_iter()
    }

    /// Finds a theme by its name.
    pub fn find(name: &str) -> Option<Self> {
        Self::all().find(|theme| theme.name() == name)
    }

    /// Returns its name in the configuration: `dark`, `light`, `contrast`, `none`.
    pub fn name(&self) -> &'static str {
        match self.0 {
            Kind::Dark => "dark",
            Kind::Light => "light",
            Kind::Contrast => "contrast",
            Kind::None => "none",
        }
    }

    /// Returns the theme that follows this one; the first after the last.
    pub fn next(&self) -> Self {
        let after = Self::all().skip_while(|theme| theme != self).nth(1);
        after.unwrap_or_else(Self::dark)
    }

    /// Returns what a role is drawn in. Put over [`Role::Text`], which covers the whole screen.
    pub fn style(&self, role: Role) -> Style {
        match self.0 {
            Kind::Dark => dark(role),
            Kind::Light => light(role),
            Kind::Contrast => contrast(role),
            Kind::None => plain(role),
        }
    }
}

/// Returns what bold, underlined and reversed letters say of a role; the same in every theme.
fn plain(role: Role) -> Style {
    let modifier = match role {
        Role::Title | Role::Directory | Role::Added | Role::Good | Role::Key | Role::Keyword => {
            Modifier::BOLD
        }
        Role::Focus | Role::Selected | Role::Bad => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Cursor | Role::Match => Modifier::REVERSED,
        Role::CurrentMatch => Modifier::REVERSED.union(Modifier::BOLD),
        Role::CursorElsewhere | Role::Modified | Role::Warning | Role::Waste | Role::Input => {
            Modifier::UNDERLINED
        }
        Role::Muted | Role::Removed | Role::Unchanged | Role::Comment | Role::Scroll => Modifier::DIM,
        _ => Modifier::empty(),
    };
    Style::new().add_modifier(modifier)
}

/// Returns the letters of a role in a colour, with what says the same without it where that matters.
fn coloured(role: Role, color: Option<Color>) -> Style {
    let style = match role {
        Role::Title | Role::Directory | Role::Key | Role::Bad | Role::Cursor | Role::CursorElsewhere => {
            plain(role)
        }
        Role::Focus | Role::Selected | Role::Match | Role::CurrentMatch => plain(role),
        _ => Style::new(),
    };
    color.map_or(style, |color| style.fg(color))
}

fn dark(role: Role) -> Style {
    let color = match role {
        Role::Focus | Role::Key | Role::Label | Role::Progress | Role::Link => Color::Cyan,
        // What this colour is on the user's terminal nobody knows, but all make dark blue unreadable.
        Role::Directory | Role::Name | Role::Bar => Color::LightBlue,
        Role::Selected | Role::Keyword | Role::Special | Role::Escape | Role::Rewritten => Color::Magenta,
        Role::Added | Role::Good | Role::String | Role::Executable => Color::Green,
        Role::Removed | Role::Bad => Color::LightRed,
        Role::Modified | Role::Warning | Role::Waste | Role::Number => Color::Yellow,
        Role::Match | Role::CurrentMatch => Color::Yellow,
        // Some palettes give bright black the colour of the background: dim letters are safe.
        Role::Muted | Role::Unchanged | Role::Comment | Role::Border | Role::Scroll => {
            return plain(Role::Muted);
        }
        _ => return coloured(role, None),
    };
    coloured(role, Some(color))
}

fn light(role: Role) -> Style {
    let index = match role {
        Role::Focus | Role::Key | Role::Label | Role::Progress | Role::Link => 24,
        Role::Directory | Role::Name | Role::Bar => 19,
        Role::Selected | Role::Keyword | Role::Special | Role::Escape | Role::Rewritten => 90,
        Role::Added | Role::Good | Role::String | Role::Executable => 22,
        Role::Removed | Role::Bad => 124,
        Role::Modified | Role::Warning | Role::Waste | Role::Number => 94,
        Role::Match | Role::CurrentMatch => 94,
        Role::Muted | Role::Unchanged | Role::Comment | Role::Border | Role::Scroll => 240,
        _ => return coloured(role, None),
    };
    coloured(role, Some(Color::Indexed(index)))
}

fn contrast(role: Role) -> Style {
    const BLACK: Color = Color::Indexed(16);
    let index = match role {
        Role::Cursor => return Style::new().fg(BLACK).bg(Color::Indexed(226)).add_modifier(Modifier::BOLD),
        Role::Match => return Style::new().fg(BLACK).bg(Color::Indexed(51)),
        Role::CurrentMatch => {
            let style = Style::new().fg(BLACK).bg(Color::Indexed(231));
            return style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        }
        Role::Focus
        | Role::Selected
        | Role::Key
        | Role::Number
        | Role::Modified
        | Role::Warning
        | Role::Waste => 226,
        Role::Link | Role::Label | Role::Progress | Role::Directory | Role::Name | Role::Bar | Role::Note => {
            51
        }
        Role::Keyword | Role::Special | Role::Escape | Role::Rewritten => 219,
        Role::Added | Role::Good | Role::String | Role::Executable => 46,
        Role::Removed | Role::Bad => 217,
        _ => 231,
    };
    coloured(role, Some(Color::Indexed(index))).bg(BLACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sixteen colours as xterm has them.
    fn ansi(color: Color) -> Option<u32> {
        Some(match color {
            Color::Red => 0x00cd_0000,
            Color::Green => 0x0000_cd00,
            Color::Yellow => 0x00cd_cd00,
            Color::Magenta => 0x00cd_00cd,
            Color::Cyan => 0x0000_cdcd,
            Color::LightRed => 0x00ff_0000,
            Color::LightBlue => 0x005c_5cff,
            _ => return None,
        })
    }

    /// Red, green and blue of a colour; none for the terminal's own.
    fn channels(color: Color) -> Option<[u8; 3]> {
        const STEPS: [u8; 6] = [0, 0x5f, 0x87, 0xaf, 0xd7, 0xff];
        match color {
            Color::Reset => None,
            Color::Indexed(index @ 232..) => Some([8 + 10 * (index - 232); 3]),
            Color::Indexed(index @ 16..) => {
                let index = usize::from(index - 16);
                Some([index / 36, index / 6 % 6, index % 6].map(|step| STEPS[step]))
            }
            color => {
                let [_, red, green, blue] = ansi(color).expect("a colour that the themes use").to_be_bytes();
                Some([red, green, blue])
            }
        }
    }

    /// The relative luminance of WCAG 2.
    fn luminance([red, green, blue]: [u8; 3]) -> f64 {
        let linear = |channel: u8| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn ratio(one: [u8; 3], other: [u8; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_role_can_be_read() {
        for (theme, background, least) in
            [(Theme::dark(), [0; 3], 4.0), (Theme::light(), [255; 3], 5.5), (Theme::contrast(), [0; 3], 7.0)]
        {
            for role in Role::ALL {
                let style = theme.style(*role);
                let behind = style.bg.and_then(channels).unwrap_or(background);
                let Some(letters) = style.fg.and_then(channels) else { continue };
                let found = ratio(letters, behind);
                assert!(found >= least, "{} {role:?}: {found:.1}", theme.name());
            }
        }
    }

    #[test]
    fn high_contrast_depends_on_no_colour_of_the_terminal() {
        for role in Role::ALL {
            let style = Theme::contrast().style(*role);
            assert!(matches!((style.fg, style.bg), (Some(Color::Indexed(16..)), Some(Color::Indexed(16..)))));
        }
    }

    #[test]
    fn without_colours_there_are_none_and_what_matters_is_seen() {
        let theme = Theme::none();
        for role in Role::ALL {
            let style = theme.style(*role);
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None), "{role:?}");
        }
        for role in [Role::Focus, Role::Cursor, Role::CursorElsewhere, Role::Selected, Role::Match, Role::Bad]
        {
            for theme in Theme::all() {
                let (style, text) = (theme.style(role), theme.style(Role::Text));
                let stands_out = style.add_modifier != text.add_modifier || style.bg != text.bg;
                assert!(stands_out, "{} {role:?} differs in more than its colour", theme.name());
            }
        }
    }

    #[test]
    fn themes_follow_each_other() {
        let mut theme = Theme::dark();
        let mut names = Vec::new();
        for _ in 0..4 {
            names.push(theme.name());
            assert_eq!(Theme::find(theme.name()), Some(theme));
            theme = theme.next();
        }
        assert_eq!(names, ["dark", "light", "contrast", "none"]);
        assert_eq!(theme, Theme::dark());
        assert_eq!(Theme::find("solarized"), None);
    }
}
