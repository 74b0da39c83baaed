//! Small random universes: what is chosen holds, and an answer is found wherever there is one.
//!
//! The checker here shares no code with the solver: it reads relations off the stanzas it made.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// A relation: a name's number, and a comparison with a version. Numbers beyond the packages are
/// virtual names.
type Link = (usize, Option<(&'static str, u8)>);

#[derive(Clone, Debug, PartialEq)]
struct Stanza {
    name: usize,
    version: u8,
    depends: Vec<Vec<Link>>,
    conflicts: Vec<Link>,
    provides: Vec<(usize, Option<u8>)>,
}

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "v", "w"];
const REAL: usize = 5;
const OPERATORS: [&str; 5] = ["<<", "<=", "=", ">=", ">>"];

fn link() -> impl Strategy<Value = Link> {
    let constraint = (proptest::sample::select(&OPERATORS[..]), 1..3_u8);
    (0..NAMES.len(), option::weighted(0.4, constraint))
}

fn stanza(names: usize) -> impl Strategy<Value = Stanza> {
    (
        0..names,
        1..3_u8,
        vec(vec(link(), 1..3), 0..3),
        vec(link(), 0..2),
        vec((0..NAMES.len(), option::of(1..3_u8)), 0..2),
    )
        .prop_map(|(name, version, depends, conflicts, provides)| Stanza {
            name,
            version,
            depends,
            conflicts,
            provides,
        })
}

/// Makes the packages of one platform, each version of a name once.
fn stanzas(names: usize) -> impl Strategy<Value = Vec<Stanza>> {
    vec(stanza(names), 1..9).prop_map(|mut stanzas| {
        stanzas.sort_by_key(|it| (it.name, it.version));
        stanzas.dedup_by_key(|it| (it.name, it.version));
        stanzas
    })
}

impl Stanza {
    fn text(&self) -> String {
        let link = |(name, constraint): &Link| match constraint {
            Some((operator, version)) => format!("{} ({operator} {version})", NAMES[*name]),
            None => NAMES[*name].to_owned(),
        };
        let clause = |links: &Vec<Link>| links.iter().map(link).collect::<Vec<_>>().join(" | ");
        let mut text = format!("{} {}", NAMES[self.name], self.version);
        let mut field = |name: &str, items: Vec<String>| {
            if !items.is_empty() {
                text.push_str(&format!("\n{name}: {}", items.join(", ")));
            }
        };
        field("Depends", self.depends.iter().map(clause).collect());
        field("Conflicts", self.conflicts.iter().map(link).collect());
        let provided = self.provides.iter().map(|(name, version)| match version {
            Some(version) => format!("{} (= {version})", NAMES[*name]),
            None => NAMES[*name].to_owned(),
        });
        field("Provides", provided.collect());
        text
    }

    fn satisfies(&self, (name, constraint): &Link) -> bool {
        let allows = |version: u8| match constraint {
            None => true,
            Some(("<<", other)) => version < *other,
            Some(("<=", other)) => version <= *other,
            Some(("=", other)) => version == *other,
            Some((">=", other)) => version >= *other,
            Some((_, other)) => version > *other,
        };
        let provides = |(provided, version): &(usize, Option<u8>)| {
            provided == name && version.map_or(constraint.is_none(), allows)
        };
        self.name == *name && allows(self.version) || self.provides.iter().any(provides)
    }
}

/// Says whether packages can be together and have what is asked for.
fn holds(packages: &[&Stanza], asked: &[usize]) -> bool {
    let has = |link: &Link| packages.iter().any(|it| it.satisfies(link));
    asked.iter().all(|name| has(&(*name, None)))
        && packages.iter().all(|package| {
            let others = packages.iter().filter(|it| it.name != package.name);
            let clash = |link: &Link| others.clone().any(|it| it.satisfies(link));
            package.depends.iter().all(|clause| clause.iter().any(has))
                && !package.conflicts.iter().any(clash)
                && packages.iter().filter(|it| it.name == package.name).count() == 1
        })
}

/// Returns every choice of at most one version of each name.
fn choices(stanzas: &[Stanza]) -> Vec<Vec<&Stanza>> {
    let mut choices: Vec<Vec<&Stanza>> = vec![Vec::new()];
    for name in 0..REAL {
        let versions: Vec<&Stanza> = stanzas.iter().filter(|it| it.name == name).collect();
        choices = choices
            .into_iter()
            .flat_map(|choice| {
                let with = versions.iter().map(|it| [&choice[..], &[*it]].concat()).collect::<Vec<_>>();
                [vec![choice], with].concat()
            })
            .collect();
    }
    choices
}

fn agree(first: &[&Stanza], second: &[&Stanza]) -> bool {
    first.iter().all(|it| !second.iter().any(|other| other.name == it.name && other.version != it.version))
}

fn universe(platforms: &[Vec<Stanza>]) -> Universe {
    let architectures = ["amd64", "arm64"];
    let make = |(architecture, stanzas): (&&str, &Vec<Stanza>)| {
        let texts: Vec<String> = stanzas.iter().map(Stanza::text).collect();
        platform(architecture, vec![source("trixie", &texts.join("\n\n"))])
    };
    Universe { platforms: architectures.iter().zip(platforms).map(make).collect() }
}

fn request(asked: &[usize]) -> Request {
    ask(&asked.iter().map(|it| NAMES[*it]).collect::<Vec<_>>())
}

/// Returns the stanzas that were chosen on each platform.
fn picked<'s>(selection: &Selection, platforms: &'s [Vec<Stanza>]) -> Vec<Vec<&'s Stanza>> {
    let find = |stanzas: &'s [Stanza], chosen: &Chosen| {
        let mut all = stanzas.iter();
        all.find(|it| NAMES[it.name] == chosen.name && it.version.to_string() == chosen.version)
    };
    (selection.platforms.iter().zip(platforms))
        .map(|(platform, stanzas)| {
            platform.packages.iter().map(|it| find(stanzas, it).expect("it is a stanza")).collect()
        })
        .collect()
}

/// Returns all but the numbers of packages, which depend on the order of the stanzas.
fn outcome(result: Result<Selection, ResolveError>) -> Result<Selection, ResolveError> {
    result.map(|mut selection| {
        for chosen in selection.platforms.iter_mut().flat_map(|it| &mut it.packages) {
            chosen.package = PackageNumber(0);
        }
        selection
    })
}

proptest! {
    #[test]
    fn an_answer_is_found_wherever_there_is_one(
        stanzas in stanzas(REAL),
        asked in vec(0..NAMES.len(), 1..3),
    ) {
        let possible = choices(&stanzas).iter().any(|choice| holds(choice, &asked));
        let platforms = [stanzas];
        match resolve(&universe(&platforms), &request(&asked)) {
            Ok(selection) => prop_assert!(holds(&picked(&selection, &platforms)[0], &asked)),
            Err(error) => prop_assert!(!possible, "{}", error),
        }
    }

    #[test]
    fn platforms_agree_wherever_they_can(
        platforms in [stanzas(3), stanzas(3)],
        asked in vec(0..3_usize, 1..3),
    ) {
        let here = choices(&platforms[0]);
        let there = choices(&platforms[1]);
        let possible = here.iter().filter(|choice| holds(choice, &asked)).any(|first| {
            there.iter().any(|second| holds(second, &asked) && agree(first, second))
        });
        match resolve(&universe(&platforms), &request(&asked)) {
            Ok(selection) => {
                let chosen = picked(&selection, &platforms);
                prop_assert!(holds(&chosen[0], &asked) && holds(&chosen[1], &asked));
                prop_assert!(agree(&chosen[0], &chosen[1]));
            }
            Err(error) => prop_assert!(!possible, "{}", error),
        }
    }

    #[test]
    fn the_order_of_stanzas_never_shows(
        platforms in [stanzas(REAL), stanzas(REAL)],
        shuffled in any::<u64>(),
        asked in vec(0..NAMES.len(), 1..4),
    ) {
        let request = request(&asked);
        let first = outcome(resolve(&universe(&platforms), &request));
        let mut others = platforms.clone();
        for (number, stanzas) in others.iter_mut().enumerate() {
            stanzas.sort_by_key(|it| {
                (it.name as u64 * 31 + u64::from(it.version) * 17 + number as u64).wrapping_mul(shuffled | 1)
            });
        }
        prop_assert_eq!(first, outcome(resolve(&universe(&others), &request)));
    }
}
