use proptest::prelude::*;

use super::*;

/// A tree whose node 0 is the root; each node stands below the one that the list says.
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    parents: Vec<usize>,
    children: Vec<Vec<usize>>,
}

impl Sample {
    fn of(parents: &[usize]) -> Self {
        let mut children = vec![Vec::new(); parents.len()];
        for (node, parent) in parents.iter().enumerate().skip(1) {
            children[*parent].push(node);
        }
        Self { parents: parents.to_vec(), children }
    }
}

impl Forest for Sample {
    type Node = usize;

    fn root(&self) -> usize {
        0
    }

    fn count(&self) -> usize {
        self.parents.len()
    }

    fn number(&self, node: usize) -> usize {
        node
    }

    fn children(&self, node: usize) -> &[usize] {
        &self.children[node]
    }

    fn parent(&self, node: usize) -> usize {
        self.parents[node]
    }
}

#[derive(Clone, Debug)]
enum Step {
    Toggle(usize),
    Expand(usize),
    Collapse(usize),
    ExpandAll,
    CollapseAll,
    ExpandBelow(usize),
    Reveal(usize),
    Replace(Sample),
}

fn sample() -> impl Strategy<Value = Sample> {
    let parents = prop::collection::vec(any::<prop::sample::Index>(), 11);
    parents.prop_map(|choices| {
        let mut parents = vec![0];
        parents.extend(choices.iter().enumerate().map(|(number, choice)| choice.index(number + 1)));
        Sample::of(&parents)
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_usize..14).prop_map(Step::Toggle),
        3 => (0_usize..14).prop_map(Step::Expand),
        2 => (0_usize..14).prop_map(Step::Collapse),
        1 => Just(Step::ExpandAll),
        1 => Just(Step::CollapseAll),
        2 => (0_usize..14).prop_map(Step::ExpandBelow),
        2 => (0_usize..12).prop_map(Step::Reveal),
        1 => sample().prop_map(Step::Replace),
    ]
}

/// The same rows without any of the machinery: a list of what is unfolded, and a walk for every answer.
struct Model {
    forest: Sample,
    unfolded: Vec<bool>,
}

impl Model {
    fn rows(&self) -> Vec<Row<usize>> {
        let mut rows = Vec::new();
        self.walk(0, 0, &mut rows);
        rows
    }

    fn walk(&self, node: usize, depth: usize, rows: &mut Vec<Row<usize>>) {
        for child in &self.forest.children[node] {
            let has_children = !self.forest.children[*child].is_empty();
            let is_unfolded = has_children && self.unfolded[*child];
            rows.push(Row { node: *child, depth, is_unfolded, has_children });
            if is_unfolded {
                self.walk(*child, depth + 1, rows);
            }
        }
    }

    fn is_below(&self, node: usize, above: usize) -> bool {
        let mut at = node;
        while at != 0 && at != above {
            at = self.forest.parents[at];
        }
        at == above
    }

    fn set(&mut self, is_meant: impl Fn(&Self, usize) -> bool, value: bool) {
        for node in 0..self.unfolded.len() {
            if is_meant(self, node) && !self.forest.children[node].is_empty() {
                self.unfolded[node] = value;
            }
        }
    }

    fn take(&mut self, step: &Step) {
        let node = |place: &usize| self.rows().get(*place).map(|row| row.node);
        match step {
            Step::Toggle(place) => {
                if let Some(it) = node(place) {
                    let value = !self.unfolded[it];
                    self.set(|_, node| node == it, value);
                }
            }
            Step::Expand(place) => {
                if let Some(it) = node(place) {
                    self.set(|_, node| node == it, true);
                }
            }
            Step::Collapse(place) => {
                if let Some(it) = node(place) {
                    self.set(|_, node| node == it, false);
                }
            }
            Step::ExpandBelow(place) => {
                if let Some(it) = node(place) {
                    self.set(|model, node| model.is_below(node, it), true);
                }
            }
            Step::ExpandAll => self.set(|_, _| true, true),
            Step::CollapseAll => self.unfolded.fill(false),
            Step::Reveal(it) => self.set(|model, node| node != *it && model.is_below(*it, node), true),
            Step::Replace(forest) => self.forest = forest.clone(),
        }
    }
}

fn take(rows: &mut Rows<Sample>, step: Step) -> Result<(), TooManyRows> {
    match step {
        Step::Toggle(place) => rows.toggle(place)?,
        Step::Expand(place) => rows.expand(place)?,
        Step::Collapse(place) => rows.collapse(place),
        Step::ExpandBelow(place) => rows.expand_below(place)?,
        Step::ExpandAll => rows.expand_all()?,
        Step::CollapseAll => rows.collapse_all(),
        Step::Reveal(node) => {
            let place = rows.reveal(node)?;
            assert_eq!(place, rows.position(node), "{node}");
            assert_eq!(place.is_some(), node != 0);
        }
        Step::Replace(forest) => rows.replace(Arc::new(forest)),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_what_a_walk_gives(forest in sample(), steps in prop::collection::vec(step(), 0..20), limit in 0_usize..14) {
        let mut model = Model { unfolded: vec![false; forest.count()], forest: forest.clone() };
        let mut rows = Rows::new(Arc::new(forest));
        let mut limited = rows.clone();
        for step in steps {
            // The root has no row to unfold: nothing depends on whether it counts as unfolded.
            model.take(&step);
            let before: Vec<_> = limited.iter_from(0).collect();
            let mut few = Rows { limit, ..limited.clone() };
            if take(&mut few, step.clone()).is_err() {
                prop_assert_eq!(few.iter_from(0).collect::<Vec<_>>(), before);
                prop_assert_eq!(&few.unfolded, &limited.unfolded);
            }
            limited = limited.changed(|rows| take(rows, step.clone()));
            take(&mut rows, step).expect("few rows");
            let found: Vec<_> = rows.iter_from(0).collect();
            prop_assert_eq!(&found, &model.rows());
            prop_assert_eq!(&limited.iter_from(0).collect::<Vec<_>>(), &found);
            for (place, row) in found.iter().enumerate() {
                let above = rows.parent(place).map(|place| found[place].node);
                prop_assert_eq!(above.unwrap_or(0), rows.forest().parent(row.node));
            }
            let again = Rows::unfolded(Arc::clone(rows.forest()), rows.unfolded_nodes());
            prop_assert_eq!(again.iter_from(0).collect::<Vec<_>>(), found);
        }
    }
}

#[test]
fn too_many_rows_change_nothing() {
    let mut parents = vec![0, 0];
    parents.extend(std::iter::repeat_n(1, MAX_ROWS_AT_ONCE + 1));
    let mut rows = Rows::new(Arc::new(Sample::of(&parents)));
    assert_eq!(rows.expand(0), Err(TooManyRows));
    assert_eq!(rows.reveal(7), Err(TooManyRows));
    assert_eq!(rows.len(), 1);
    let rows = rows.changed(|rows| rows.expand(0));
    assert_eq!(rows.len(), MAX_ROWS_AT_ONCE + 2);
}
