//! Diversions, by reviewed rule: what one package puts aside of another.

/// Packages that divert, the path they divert, and why nothing is to be done in an image.
const REVIEWED: &[(&str, &str, &str)] = &[
    (
        "vim-runtime",
        "/usr/share/vim/vim91/doc/help.txt",
        "only the help texts of a smaller vim are put aside",
    ),
    ("vim-runtime", "/usr/share/vim/vim91/doc/tags", "only the help texts of a smaller vim are put aside"),
];

/// Returns why a diversion means nothing to an image; `None` when no rule knows it.
pub fn reviewed(package: &str, path: &str) -> Option<&'static str> {
    let rule = REVIEWED.iter().find(|(owner, diverted, _)| *owner == package && *diverted == path);
    rule.map(|(_, _, why)| *why)
}
