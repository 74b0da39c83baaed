//! Credentials for archives: apt's `auth.conf` and netrc files.
//!
//! Both have the same words: `machine HOST[/PATH] login NAME password SECRET`. apt's dialect, described
//! in apt_auth.conf(5), also lets a machine carry a scheme and a path, and a machine without a scheme
//! counts for `https` alone, so that a password never travels in the clear unless that was asked for.

use reqwest::Url;

use crate::repository::secret::Secret;

/// A login and its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Name of the account.
    pub name: String,
    /// Its password.
    pub password: Secret,
}

/// Logins by host and path; the first that fits a URL counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    machines: Vec<Machine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Machine {
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
    login: Login,
}

impl Credentials {
    /// Adds the logins of one file; what it does not understand is passed over, as curl and apt do.
    pub fn add(&mut self, text: &str) {
        let mut place: Option<&str> = None;
        let mut login = None;
        let mut password = None;
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let mut words = lines.flat_map(str::split_whitespace);
        while let Some(word) = words.next() {
            match word {
                "machine" => {
                    self.push(place.take(), login.take(), password.take());
                    place = words.next();
                }
                "default" => self.push(place.take(), login.take(), password.take()),
                "login" => login = words.next(),
                "password" => password = words.next(),
                _ => {}
            }
        }
        self.push(place, login, password);
    }

    /// Returns the login for `url`, if there is one.
    pub fn find(&self, url: &Url) -> Option<&Login> {
        self.machines.iter().find(|machine| machine.fits(url)).map(|machine| &machine.login)
    }

    fn push(&mut self, place: Option<&str>, login: Option<&str>, password: Option<&str>) {
        let (Some(place), Some(name)) = (place, login) else { return };
        let login = Login { name: name.to_owned(), password: Secret::new(password.unwrap_or_default()) };
        self.machines.extend(Machine::parse(place, login));
    }
}

impl Machine {
    fn parse(place: &str, login: Login) -> Option<Self> {
        let (scheme, rest) = match place.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, place),
        };
        let url = Url::parse(&format!("http://{rest}")).ok()?;
        Some(Self {
            scheme,
            host: url.host_str()?.to_owned(),
            // Port 80 is what the made-up scheme swallows; nobody writes it out for https.
            port: url.port(),
            path: url.path().to_owned(),
            login,
        })
    }

    fn fits(&self, url: &Url) -> bool {
        let scheme = match &self.scheme {
            Some(scheme) => scheme == url.scheme(),
            None => url.scheme() == "https",
        };
        let path = url.path();
        let below = self.path.trim_end_matches('/');
        let path = match path.strip_prefix(below) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        scheme && url.host_str() == Some(&self.host) && self.port == url.port() && path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(credentials: &Credentials, url: &str) -> Option<String> {
        credentials.find(&Url::parse(url).expect("a URL")).map(|login| login.name.clone())
    }

    #[test]
    fn the_first_machine_that_fits_counts() {
        let mut credentials = Credentials::default();
        credentials.add(
            "# of the team\nmachine packages.example/debian login team password s3cret\n\
             machine packages.example\n  login all\n  password other\n\
             machine http://plain.example:8080 login plain password open\n\
             machine incomplete.example",
        );
        let cases = [
            ("https://packages.example/debian/dists/x", Some("team")),
            ("https://packages.example/debian", Some("team")),
            ("https://packages.example/debian-security/", Some("all")),
            ("http://packages.example/debian/", None),
            ("http://plain.example:8080/x", Some("plain")),
            ("http://plain.example/x", None),
            ("https://other.example/", None),
            ("https://incomplete.example/", None),
        ];
        for (url, expected) in cases {
            assert_eq!(name(&credentials, url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let mut credentials = Credentials::default();
        credentials.add("machine a.example login me password hunter2");
        let printed = format!("{credentials:?}");
        assert!(printed.contains("****") && !printed.contains("hunter2"), "{printed}");
    }
}
