//! `phpenmod`: the links that turn PHP modules on, as its own script makes them.

use attar_image::TreePath;

use super::super::effect::{Effect, Existing, FileContent};
use super::Meaning;
use super::evaluate::Run;
use super::expand::Field;

/// The place of a module in the order of loading, when its settings do not say another.
const PRIORITY: u32 = 20;

impl Run<'_> {
    /// Links the settings of modules where each kind of PHP program (`cli`, `fpm`) looks for them.
    ///
    /// `None` when it is not known for which version.
    pub(super) fn turn_on_modules(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let mut version = None;
        let mut program = Some("ALL".to_owned());
        let mut modules = Vec::new();
        let mut rest = arguments.iter();
        while let Some(field) = rest.next() {
            match &field.shown[..] {
                "-v" => version = Some(rest.next()?.text.clone()?),
                "-s" => program.clone_from(&rest.next()?.text),
                option if option.starts_with('-') => {}
                _ => modules.push(field.text.clone()),
            }
        }
        let version = version.filter(|version| version != "ALL")?;
        let modules = modules.into_iter().collect::<Option<Vec<String>>>();
        let (Some(modules), Some(program)) = (modules, program) else {
            // A loop over what is there already: each module turns itself on for every program.
            self.status = Some(true);
            self.nothing(text, "each module turns itself on");
            return Some(());
        };
        let programs = self.php_programs(&version, Some(program).filter(|program| program != "ALL"));
        for module in modules {
            let module = module.split('/').next().unwrap_or_default();
            let settings = format!("/etc/php/{version}/mods-available/{module}.ini");
            let Some(content) = self.settings(&TreePath::parse(&settings).ok()?) else {
                self.status = Some(true);
                self.nothing(text, "the module is not there");
                continue;
            };
            let priority = priority(&content);
            for program in &programs {
                let link = format!("etc/php/{version}/{program}/conf.d/{priority}-{module}.ini");
                let path = TreePath::parse(&link).ok()?;
                self.effect(
                    text,
                    Effect::Symlink { path, target: settings.clone(), existing: Existing::Keep },
                );
            }
        }
        self.status = Some(true);
        Some(())
    }

    /// Lists the kinds of programs of a version: the folders that hold a `conf.d`.
    fn php_programs(&self, version: &str, only: Option<String>) -> Vec<String> {
        let Ok(folder) = TreePath::parse(format!("etc/php/{version}")) else { return Vec::new() };
        let made = self.state.made.keys().filter(|path| path.starts_with(&folder));
        let packaged = self.surroundings.tree.below(&folder).map(|(path, _)| path);
        let name = |path: &TreePath| {
            let below = std::str::from_utf8(path.strip_prefix(&folder)?).ok()?;
            below.strip_suffix("/conf.d").filter(|name| !name.contains('/')).map(str::to_owned)
        };
        let mut names: Vec<String> = packaged.chain(made).filter_map(name).collect();
        names.retain(|name| only.as_ref().is_none_or(|only| only == name));
        names.sort();
        names.dedup();
        names
    }

    /// Returns the text of a file that stands in the tree, or that the script has made.
    fn settings(&self, path: &TreePath) -> Option<String> {
        let made = self.result.commands.iter().rev().find_map(|command| match &command.meaning {
            Meaning::Effect(effect) => match &**effect {
                Effect::File { path: made, content, .. } if made == path => Some(content),
                _ => None,
            },
            _ => None,
        });
        let read =
            |path: &TreePath| self.content(&format!("/{}", std::str::from_utf8(path.as_bytes()).ok()?));
        match made {
            Some(FileContent::Bytes(bytes)) => String::from_utf8(bytes.clone()).ok(),
            Some(FileContent::CopyOf(source)) => read(source),
            _ => read(path),
        }
    }
}

/// Reads `; priority=NN` out of a module's settings.
fn priority(settings: &str) -> u32 {
    let said = settings.lines().find_map(|line| {
        let (name, value) = line.strip_prefix(';')?.split_once('=')?;
        if name.trim() == "priority" { value.trim().parse().ok() } else { None }
    });
    said.unwrap_or(PRIORITY)
}
