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

impl<T: Copy> NameTable<T> {
    /// Builds the table; `order` orders items of one name.
    pub(super) fn new<'a>(
        items: Vec<T>,
        name: impl Fn(&T) -> &'a str,
        order: impl Fn(&T, &T) -> Ordering,
    ) -> Self {
        let state = RandomState::new();
        let buckets = items.len().next_power_of_two();
        let places: Vec<u32> = items.iter().map(|item| bucket(&state, buckets, name(item)) as u32).collect();
        let mut starts = vec![0u32; buckets + 1];
        for place in &places {
            starts[*place as usize + 1] += 1;
        }
        for place in 0..buckets {
            starts[place + 1] += starts[place];
        }
        let mut next = starts.clone();
        let mut sorted = items.clone();
        for (item, place) in items.iter().zip(places) {
            let free = &mut next[place as usize];
            sorted[*free as usize] = *item;
            *free += 1;
        }
        for range in starts.windows(2) {
            let bucket = &mut sorted[range[0] as usize..range[1] as usize];
            if bucket.len() > 1 {
                bucket.sort_by(|a, b| name(a).cmp(name(b)).then_with(|| order(a, b)));
            }
        }
        Self { state, starts, items: sorted }
    }

    /// Returns the items of a name, in their order.
    pub(super) fn named<'a>(&self, wanted: &str, name: impl Fn(&T) -> &'a str) -> &[T] {
        let bucket = bucket(&self.state, self.starts.len() - 1, wanted);
        let bucket = &self.items[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        let start = bucket.partition_point(|item| name(item) < wanted);
        let length = bucket[start..].partition_point(|item| name(item) == wanted);
        &bucket[start..start + length]
    }
}

/// Returns the bucket of a name; `buckets` is a power of two.
fn bucket(state: &RandomState, buckets: usize, name: &str) -> usize {
    state.hash_one(name) as usize & (buckets - 1)
}
