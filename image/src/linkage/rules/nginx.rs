//! nginx: the modules that its configuration loads. It does not start without one of them.

use super::super::Problem;
use super::super::proof::{Proof, Running, Weight};
use super::pattern;
use crate::path::TreePath;

/// What a relative module is relative to, as Debian and nginx's own packages are built.
const PREFIXES: [&str; 3] = ["/usr/share/nginx", "/etc/nginx", "/usr/lib/nginx"];

pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &Running<'a>, weight: Weight) {
    if !running.names().iter().any(|name| name == "nginx") {
        return;
    }
    let written =
        running.arguments.iter().position(|word| word == "-c").and_then(|at| running.arguments.get(at + 1));
    let main = written.map_or("/etc/nginx/nginx.conf", String::as_str);
    let mut files: Vec<TreePath> = proof.world.root().find(main.as_bytes()).into_iter().collect();
    if written.is_none() {
        files.extend(pattern::expand(proof.world, &TreePath::root(), "/etc/nginx/modules-enabled/*.conf"));
    }
    for file in files {
        let text = proof.world.read(&file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        for module in modules(&text.unwrap_or_default()) {
            let places = if module.starts_with('/') {
                vec![module.clone()]
            } else {
                PREFIXES.map(|prefix| format!("{prefix}/{module}")).to_vec()
            };
            if !places.iter().any(|place| proof.world.exists(place)) {
                let problem = Problem::Part {
                    what: format!("the module that `{file}` loads"),
                    path: places[0].clone(),
                };
                proof.fail(
                    &running.shown.clone(),
                    Some(running.path.clone()),
                    problem,
                    running.step(),
                    weight,
                );
            }
        }
    }
}

/// Returns what the `load_module` directives of a configuration name.
fn modules(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let directives =
        lines.flat_map(|line| line.split(';')).filter_map(|part| part.trim().strip_prefix("load_module"));
    let names = directives.filter(|rest| rest.starts_with(char::is_whitespace));
    names.map(|name| name.trim().trim_matches(['"', '\'']).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::testing::{Sample, file, library, link, program};

    #[test]
    fn directives_are_read() {
        let text =
            "load_module modules/a.so;\n# load_module modules/b.so;\n  load_module \"/x/c.so\"; user x;\n";
        assert_eq!(modules(text), ["modules/a.so", "/x/c.so"]);
    }

    #[test]
    fn a_module_that_is_loaded_must_be_there() {
        let nginx = || {
            Sample::with_libc()
                .and("usr/sbin/nginx", program(&["libc.so.6"]))
                .and(
                    "etc/nginx/modules-enabled/50-geo.conf",
                    link("/usr/share/nginx/modules-available/geo.conf"),
                )
                .and("usr/share/nginx/modules-available/geo.conf", file("load_module modules/ngx_geo.so;\n"))
                .and("usr/share/nginx/modules", link("/usr/lib/nginx/modules"))
                .starting(&["/usr/sbin/nginx"])
        };
        let whole = nginx().and("usr/lib/nginx/modules/ngx_geo.so", library(&["libc.so.6"]));
        assert_eq!(whole.findings(), Vec::<String>::new());
        assert_eq!(
            nginx().findings(),
            [
                "/usr/sbin/nginx needs the module that `/usr/share/nginx/modules-available/geo.conf` loads (`/usr/share/nginx/modules/ngx_geo.so`), which is not in the image [entrypoint > /usr/sbin/nginx]"
            ]
        );
    }
}
