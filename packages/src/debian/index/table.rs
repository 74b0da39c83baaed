//! A table from names to items, built in linear time.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

/// Items by name. A name stands in the text the items point into, so the table stores none; whoever
/// looks up says how to get it.
#[derive(Clone)]
pub(super) struct NameTable<T> {
    /// Keyed by chance, so that no index can be made whose names all share one bucket. It cannot show:
    /// what a lookup returns does not depend on the buckets.
    state: RandomState,
    /// Where each bucket starts in `items`, and at last where the last one ends.
    starts: Vec<u32>,
    /// The items by bucket, within a bucket by name, then in the order given when building.
    items: Vec<T>,
}

/// Items that are to become a [`NameTable`].
pub(super) struct TableBuilder<T> {
    state: RandomState,
    items: Vec<T>,
    hashes: Vec<u32>,
}

impl<T: Copy> TableBuilder<T> {
    pub(super) fn new() -> Self {
        Self { state: RandomState::new(), items: Vec::new(), hashes: Vec::new() }
    }

    pub(super) fn add(&mut self, name: &str, item: T) {
        self.hashes.push(hash(&self.state, name));
        self.items.push(item);
    }

    /// Builds the table; `order` orders items of one name.
    pub(super) fn build<'a>(
        self,
        name: impl Fn(&T) -> &'a str,
        order: impl Fn(&T, &T) -> Ordering,
    ) -> NameTable<T> {
        let Self { state, items, mut hashes } = self;
        // Twice as many as items, so that most buckets have one item and need no look at its name.
        let buckets = (2 * items.len()).next_power_of_two();
        let mut starts = vec![0u32; buckets + 1];
        for hash in &mut hashes {
            *hash &= buckets as u32 - 1;
            starts[*hash as usize + 1] += 1;
        }
        for place in 0..buckets {
            starts[place + 1] += starts[place];
        }
        let mut next = starts.clone();
        let mut sorted = items.clone();
        for (item, place) in items.into_iter().zip(hashes) {
            let free = &mut next[place as usize];
            sorted[*free as usize] = item;
            *free += 1;
        }
        for range in starts.windows(2) {
            let bucket = &mut sorted[range[0] as usize..range[1] as usize];
            if bucket.len() > 1 {
                bucket.sort_by(|a, b| name(a).cmp(name(b)).then_with(|| order(a, b)));
            }
        }
        NameTable { state, starts, items: sorted }
    }
}

impl<T> NameTable<T> {
    /// Returns the items of a name, in their order.
    pub(super) fn named<'a>(&self, wanted: &str, name: impl Fn(&T) -> &'a str) -> &[T] {
        let bucket = hash(&self.state, wanted) as usize & (self.starts.len() - 2);
        let bucket = &self.items[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        let start = bucket.partition_point(|item| name(item) < wanted);
        let length = bucket[start..].partition_point(|item| name(item) == wanted);
        &bucket[start..start + length]
    }
}

fn hash(state: &RandomState, name: &str) -> u32 {
    state.hash_one(name) as u32
}
