//! What is computed of two images: how they differ, what of that is shown, rows, matches, previews.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attar_image::blobs::{Meter, Metered};
use attar_image::stack::{EntryId, Form, PathId, Settings, StackError, hash_alike};
use attar_image::text::escape_line;
use attar_packages::ownership::Ownership;

use super::{Workers, show};
use crate::browse::pair::{Pair, PairId, PairMark, PairSettings};
use crate::browse::{Query, Rows, search_forest};
use crate::compare::{
    FieldChange, LayerChange, PackageChange, Side, absent, package_changes, setting_changes,
};
use crate::preview::{self, Fact, Mode, Preview, Style, Surroundings};
use crate::tui::comparison::{CompareEvent, CompareTask, Compared, PairShown, PairSide, Sides, Totals};
use crate::tui::listings;
use crate::tui::task::{Matches, Subject, TabEvent, TabId, Version};

/// Everything is unfolded at first where that makes at most so many rows.
const FEW: usize = 200;

impl Workers {
    /// Computes something of two images.
    pub(super) fn compare(&self, tab: TabId, task: CompareTask) {
        let tell = |event| self.tell_tab(tab, TabEvent::Compare(event));
        match task {
            CompareTask::Compare { sides, meters } => {
                let failure = |error: &StackError| self.source.failure(error).message;
                let tell = &mut |compared| tell(CompareEvent::Compared(Arc::new(compared)));
                compare(&sides, &meters, &failure, tell);
            }
            CompareTask::Show { compared, settings, rows } => {
                let (shown, rows) = shown(compared, *settings, rows.as_deref());
                tell(CompareEvent::Shown(Arc::new(shown), Arc::new(rows)));
            }
            CompareTask::Unfold { rows, what } => {
                let unfolded = Arc::new(show::unfold(&rows, what));
                tell(CompareEvent::Unfolded(rows, unfolded));
            }
            CompareTask::Search { shown, text, query, from, meter } => {
                let found = search(&shown, text, &query, from, &meter);
                if !meter.is_cancelled() {
                    tell(CompareEvent::Found(shown.compared.clone(), found));
                }
            }
            CompareTask::Packages { compared, owners } => {
                let changes = packages(&compared, &owners);
                let (list, summary) = listings::package_changes(&changes);
                tell(CompareEvent::Packages(compared, list, summary));
            }
            CompareTask::Preview { compared, node, version, meter } => {
                let tell = |preview| {
                    if !meter.is_cancelled() {
                        tell(CompareEvent::Preview(Subject::Pair { node, version }, preview));
                    }
                };
                let show = &mut |preview| tell(Ok(Arc::new(preview)));
                if let Err(error) = self.pair_preview(&compared, node, version, &meter, show) {
                    tell(Err(self.source.failure(&error)));
                }
            }
        }
    }

    /// Makes something to look at of a path of two images: first of the beginning of large files.
    fn pair_preview(
        &self,
        compared: &Compared,
        node: PairId,
        version: Version,
        meter: &Meter,
        show: &mut dyn FnMut(Preview),
    ) -> Result<(), StackError> {
        let (paths, entries) = (compared.pair.paths(node), compared.pair.entries(node));
        let one = |number: usize, show: &mut dyn FnMut(Preview)| {
            let PairSide { opened, snapshot } = &compared.sides[number];
            let subject = match entries[number] {
                Some(entry) => Subject::Entry(entry),
                None => Subject::Implied(paths[number].unwrap_or(PathId::ROOT)),
            };
            show::preview(opened, snapshot, &subject, self.now, meter, show)
        };
        match (paths, version) {
            ([None, _], _) | ([Some(_), Some(_)], Version::Second) => return one(1, show),
            ([_, None], _) | (_, Version::First) => return one(0, show),
            _ => {}
        }
        let fields = fields(compared, node);
        let Some(files) = files(compared, entries) else {
            return one(1, &mut |preview| show(with_fields(preview, &fields, true)));
        };
        let surroundings = Surroundings { now: Some(self.now), provider: None };
        show::in_two_steps(show, |limit| {
            let read = |side: usize| {
                let PairSide { opened, snapshot } = &compared.sides[side];
                show::content(opened, snapshot, files[side], limit, meter)
            };
            let (before, after) = (read(0)?, read(1)?);
            let are_same = before.is_complete() && after.is_complete() && before.bytes == after.bytes;
            Ok(with_fields(preview::difference(&before, &after, &surroundings), &fields, are_same))
        })
    }
}

/// Adds what differs besides the contents, in front of all where these are the same.
fn with_fields(mut preview: Preview, fields: &[FieldChange], are_same: bool) -> Preview {
    if !fields.is_empty() {
        preview.facts.splice(0..0, fields.iter().map(fact));
        preview.modes.retain(|mode| *mode != Mode::Facts);
        preview.modes.insert(if are_same { 0 } else { preview.modes.len() }, Mode::Facts);
    }
    preview
}

/// Compares two images, at once as far as all is known, then with all contents.
fn compare(
    sides: &Sides,
    meters: &[Vec<Arc<Meter>>; 2],
    failure: &dyn Fn(&StackError) -> String,
    tell: &mut dyn FnMut(Compared),
) {
    let stacks = || sides.each_ref().map(|side| &side.snapshot.stack);
    let [one, other] = stacks();
    let mut first = compared(sides, Pair::of(one, other, &PairSettings::default()));
    if first.totals.unknown == 0 {
        return tell(first);
    }
    let doubts = first.doubts.clone();
    first.unread = Some(unread(&first));
    tell(first);
    let (mut one, mut other) = (one.clone(), other.clone());
    let metered = |side: usize| {
        let digests = stacks()[side].layers().iter().map(|layer| layer.descriptor.digest);
        Metered::each(sides[side].opened.blobs.clone(), digests.zip(meters[side].iter().cloned()))
    };
    let settings = Settings { cache: sides[0].opened.analyses.as_deref(), ..Settings::default() };
    let hashed = hash_alike((&mut one, &metered(0)), (&mut other, &metered(1)), &settings);
    let mut last = compared(sides, Pair::of(&one, &other, &PairSettings::default()));
    last.doubts = doubts;
    if let Err(error) = hashed {
        let is_stopped = meters.iter().flatten().any(|meter| meter.is_cancelled());
        let why = if is_stopped { "that was stopped".to_owned() } else { failure(&error) };
        last.doubts.push(format!("the contents of {} files were not compared: {why}", last.totals.unknown));
    }
    tell(last);
}

fn compared(sides: &Sides, pair: Pair) -> Compared {
    let [one, other] = sides.each_ref().map(|side| &side.snapshot.stack);
    let settings = match sides.iter().any(|side| side.opened.is_root) {
        true => Vec::new(),
        false => setting_changes(&sides[0].opened.image, &sides[1].opened.image),
    };
    let mut compared = Compared {
        sides: sides.clone(),
        pair: Arc::new(pair),
        totals: Totals::default(),
        layers: LayerChange::of(one, other),
        settings,
        doubts: absent([one, other]),
        unread: None,
    };
    compared.totals = Totals::of(&compared);
    compared
}

/// Returns the bytes of the blobs that hold contents that were not compared.
fn unread(compared: &Compared) -> u64 {
    let stacks = compared.stacks();
    let mut layers = BTreeSet::new();
    for node in compared.pair.all().filter(|node| compared.pair.mark(*node) == PairMark::Unknown) {
        for ((side, entry), stack) in compared.pair.entries(node).into_iter().enumerate().zip(stacks) {
            if let Some(entry) = entry.map(|entry| stack.linked(entry))
                && stack.row(entry).form == Form::File
            {
                layers.insert((side, stack.layer_of(entry)));
            }
        }
    }
    layers.into_iter().map(|(side, layer)| stacks[side].layers()[layer].descriptor.size).sum()
}

/// Shows some of what was compared; what is unfolded stays so.
fn shown(
    compared: Arc<Compared>,
    settings: PairSettings,
    rows: Option<&Rows<Pair>>,
) -> (PairShown, Rows<Pair>) {
    let [one, other] = compared.stacks();
    let pair = Arc::new(compared.pair.with(one, other, &settings));
    let rows = match rows {
        // Few matches are all seen at once.
        _ if settings.filter.is_some() && pair.matches() <= show::MAX_UNFOLDED => {
            Rows::new(pair.clone()).changed(Rows::expand_all)
        }
        Some(rows) => rows.of_other(pair.clone()),
        None if pair.matches() <= FEW => Rows::new(pair.clone()).changed(Rows::expand_all),
        None => Rows::new(pair.clone()),
    };
    (PairShown { compared, settings, pair }, rows)
}

/// Finds what matches among what is shown.
fn search(
    shown: &PairShown,
    text: String,
    query: &Query,
    from: Option<(PairId, bool)>,
    meter: &Meter,
) -> Matches<PairId> {
    let [one, other] = shown.compared.stacks();
    let name = |node: PairId| match shown.pair.paths(node) {
        [_, Some(path)] => other.paths().name(path),
        [path, None] => one.paths().name(path.unwrap_or(PathId::ROOT)),
    };
    let paths = search_forest(&*shown.pair, &name, query, &|| meter.is_cancelled());
    show::matches(&*shown.pair, text, paths, from)
}

/// Compares the packages, and counts their files that differ.
fn packages(compared: &Compared, owners: &[Arc<Ownership>; 2]) -> Vec<PackageChange> {
    let side = |number: usize| {
        let PairSide { opened, snapshot } = &compared.sides[number];
        let (image, stack, is_root) = (&opened.image, &snapshot.stack, opened.is_root);
        Side { image, stack, ownership: &owners[number], is_root }
    };
    let mut changes = package_changes(side(0), side(1));
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (place, change) in changes.iter().enumerate() {
        places.entry(change.name.clone()).or_insert(place);
    }
    let pair = &compared.pair;
    let is_counted = |node: &PairId| pair.mark(*node) != PairMark::Same && !compared.is_directory(*node);
    for node in pair.all().filter(is_counted) {
        let path = compared.path(node);
        // The second image's package has it, else the first's.
        let named = owners.iter().rev().find_map(|owners| owners.owner(path.as_bytes()));
        if let Some(change) = named.and_then(|package| places.get(&package.name)) {
            let change = &mut changes[*change];
            change.files += 1;
            change.bytes = change.bytes.saturating_add(pair.delta(node));
        }
    }
    changes
}

/// Returns the regular files at a path of both, if both are such.
fn files(compared: &Compared, entries: [Option<EntryId>; 2]) -> Option<[EntryId; 2]> {
    let [one, other] = entries;
    let files = [one?, other?];
    let is_file = |(entry, stack): (&EntryId, &attar_image::stack::Stack)| {
        stack.row(stack.linked(*entry)).form == Form::File
    };
    files.iter().zip(compared.stacks()).all(is_file).then_some(files)
}

/// Returns in which fields two files differ, besides their contents and times.
fn fields(compared: &Compared, node: PairId) -> Vec<FieldChange> {
    let ([Some(one), Some(other)], [before, after]) = (compared.pair.entries(node), compared.stacks()) else {
        return Vec::new();
    };
    FieldChange::between((before, one), (after, other))
}

fn fact(field: &FieldChange) -> Fact {
    let value = escape_line(&format!("{} → {}", field.before, field.after));
    Fact { label: escape_line(&field.field), value, style: Style::Warning, jump: None }
}
