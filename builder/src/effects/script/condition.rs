//! `test`, `[` and `[[`: conditions, decided where their operands are known.

use super::evaluate::Run;
use super::expand::Field;
use super::pattern;
use super::state::Made;

/// Paths that a first installation finds although they are not in the image: the tools of the
/// distribution's own installer.
const TOOLS: [&str; 2] = ["/usr/share/debconf/confmodule", "/usr/share/debconf/confmodule.sh"];

struct Terms<'f> {
    fields: &'f [Field],
    at: usize,
    /// Whether this is `[[`, where `==` takes a pattern.
    double: bool,
}

impl Run<'_> {
    /// Decides a condition; `None` when it cannot be decided.
    pub(super) fn condition(&mut self, fields: &[Field], double: bool) -> Option<bool> {
        // With up to three operands POSIX says which is the operator, whatever they look like.
        match fields {
            [] => return Some(false),
            [one] => return one.text.as_ref().map(|text| !text.is_empty()),
            [not, one] if not.text.as_deref() == Some("!") => {
                return one.text.as_ref().map(|text| text.is_empty());
            }
            _ => {}
        }
        let mut terms = Terms { fields, at: 0, double };
        let value = self.any_of(&mut terms);
        if terms.at == fields.len() { value } else { None }
    }

    fn any_of(&mut self, terms: &mut Terms<'_>) -> Option<bool> {
        let mut value = self.all_of(terms);
        while terms.accept("-o") || terms.double && terms.accept("||") {
            let other = self.all_of(terms);
            value = match (value, other) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        value
    }

    fn all_of(&mut self, terms: &mut Terms<'_>) -> Option<bool> {
        let mut value = self.term(terms);
        while terms.accept("-a") || terms.double && terms.accept("&&") {
            let other = self.term(terms);
            value = match (value, other) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        value
    }

    fn term(&mut self, terms: &mut Terms<'_>) -> Option<bool> {
        let binary = terms
            .fields
            .get(terms.at + 1)
            .and_then(|field| field.text.as_deref())
            .filter(|operator| is_binary(operator));
        if let Some(operator) = binary.map(str::to_owned)
            && let (Some(left), Some(right)) = (terms.fields.get(terms.at), terms.fields.get(terms.at + 2))
        {
            terms.at += 3;
            return self.compare(left, &operator, right, terms.double);
        }
        if terms.accept("!") {
            return self.term(terms).map(|value| !value);
        }
        if terms.accept("(") {
            let value = self.any_of(terms);
            return if terms.accept(")") { value } else { None };
        }
        let first = terms.next()?;
        let operator = first.text.clone()?;
        let is_unary = operator.len() == 2 && operator.starts_with('-');
        match terms.fields.get(terms.at) {
            Some(operand) if is_unary => {
                terms.at += 1;
                self.unary(&operator, operand)
            }
            _ => Some(!operator.is_empty()),
        }
    }

    fn unary(&mut self, operator: &str, operand: &Field) -> Option<bool> {
        let text = operand.text.as_deref();
        match operator {
            "-z" => return text.map(str::is_empty),
            "-n" => return text.map(|text| !text.is_empty()),
            "-t" => return Some(false),
            _ => {}
        }
        let path = text?;
        if path.is_empty() {
            return Some(false);
        }
        if matches!(operator, "-x" | "-e" | "-f" | "-r")
            && (TOOLS.contains(&path) || self.is_provided_path(path))
        {
            return Some(true);
        }
        let follow = !matches!(operator, "-L" | "-h");
        let found = self.state.look(self.surroundings.tree, path, follow)?;
        if found.made == Made::Unknown {
            return None;
        }
        Some(match operator {
            "-e" | "-r" | "-w" | "-a" => found.made != Made::Nothing,
            "-f" => found.made == Made::File,
            "-d" => found.made == Made::Directory,
            "-L" | "-h" => found.made == Made::Symlink,
            "-x" => found.made != Made::Nothing && found.executable,
            "-s" if found.made == Made::File => !found.is_empty,
            "-s" => found.made == Made::Directory,
            "-S" | "-p" | "-b" | "-c" => false,
            _ => return None,
        })
    }

    fn compare(&mut self, left: &Field, operator: &str, right: &Field, double: bool) -> Option<bool> {
        let (left, right) = (left.text.as_deref()?, right.text.as_deref()?);
        let number = |text: &str| text.trim().parse::<i64>().ok();
        Some(match operator {
            "=" | "==" if double => pattern::matches(right, left),
            "!=" if double => !pattern::matches(right, left),
            "=" | "==" => left == right,
            "!=" => left != right,
            "-eq" => number(left)? == number(right)?,
            "-ne" => number(left)? != number(right)?,
            "-lt" => number(left)? < number(right)?,
            "-le" => number(left)? <= number(right)?,
            "-gt" => number(left)? > number(right)?,
            "-ge" => number(left)? >= number(right)?,
            _ => return None,
        })
    }
}

impl<'f> Terms<'f> {
    fn accept(&mut self, token: &str) -> bool {
        let found = self.fields.get(self.at).is_some_and(|field| field.text.as_deref() == Some(token));
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Option<&'f Field> {
        let field = self.fields.get(self.at)?;
        self.at += 1;
        Some(field)
    }
}

fn is_binary(operator: &str) -> bool {
    matches!(
        operator,
        "=" | "=="
            | "!="
            | "-eq"
            | "-ne"
            | "-lt"
            | "-le"
            | "-gt"
            | "-ge"
            | "-nt"
            | "-ot"
            | "-ef"
            | "=~"
            | "<"
            | ">"
    )
}
