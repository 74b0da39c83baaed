//! Work on several things at once, with results in the order of the things.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Calls `work` on every item, on up to `threads` threads, and returns the results in order.
///
/// Items are started in their order, so the largest should come first. After an error no further
/// item is started; of several errors the one of the earliest item is returned.
pub(crate) fn map<T: Sync, R: Send, E: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Result<R, E>>>> = Mutex::new(items.iter().map(|_| None).collect());
    let run = || {
        while let Some((number, item)) = take(&next, items) {
            let result = work(item);
            if result.is_err() {
                next.store(items.len(), Ordering::Relaxed);
            }
            if let Ok(mut results) = results.lock() {
                results[number] = Some(result);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(items.len()) {
            scope.spawn(run);
        }
        run();
    });
    let results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    // A missing result stands behind an error, which is returned first.
    let mut missing = 0;
    let mut done = Vec::with_capacity(items.len());
    for result in results {
        match result {
            Some(result) => done.push(result?),
            None => missing += 1,
        }
    }
    debug_assert_eq!(missing, 0, "only an error leaves items out");
    Ok(done)
}

fn take<'a, T>(next: &AtomicUsize, items: &'a [T]) -> Option<(usize, &'a T)> {
    let number = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |number| {
        (number < items.len()).then_some(number + 1)
    });
    number.ok().map(|number| (number, &items[number]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order() {
        for threads in [1, 3, 100] {
            let items: Vec<usize> = (0..50).collect();
            let doubled = map(threads, &items, |item| Ok::<_, ()>(item * 2)).expect("no error");
            assert_eq!(doubled, (0..50).map(|item| item * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_ends_the_work() {
        let items: Vec<usize> = (0..50).collect();
        let result = map(1, &items, |item| if *item == 7 { Err(*item) } else { Ok(()) });
        assert_eq!(result, Err(7));
    }
}
