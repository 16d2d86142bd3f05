//! Pages: bounded lists, continued by key.

use std::fmt;

/// At most so many records, those after a key. Never by offset: a deep page costs what the first one does.
///
/// ```
/// use crm_core::store::Page;
///
/// let first: Page<u32> = Page::first(50);
/// let next = Page::after(17, 50);
/// assert_eq!((first.after, next.after, next.limit), (None, Some(17), 50));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Page<K> {
    /// The key of the last record of the page before; `None` for the first page.
    pub after: Option<K>,
    /// At most so many records, up to 65 535; zero gives nothing.
    pub limit: u16,
}

impl<K> fmt::Debug for Page<K> {
    /// The key may be a name, which is personal and does not show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("continued", &self.after.is_some()).field("limit", &self.limit).finish()
    }
}

impl<K> Page<K> {
    /// The first page.
    pub const fn first(limit: u16) -> Self {
        Self { after: None, limit }
    }

    /// The page after a key.
    pub const fn after(key: K, limit: u16) -> Self {
        Self { after: Some(key), limit }
    }
}

/// Walks a whole list page by page, holding one page in memory: `fetch` gets each page, `key` tells where the next one begins.
///
/// It ends after the first error.
///
/// ```
/// use crm_core::store::{Page, StoreError, pages};
///
/// // Stands for `|page| tx.orders(&filter, page)`.
/// let fetch = |page: Page<u32>| -> Result<Vec<u32>, StoreError> {
///     Ok((0..5).filter(|n| page.after.is_none_or(|after| *n > after)).take(page.limit.into()).collect())
/// };
/// let all: Vec<u32> = pages(2, fetch, |n| *n).collect::<Result<_, _>>()?;
/// assert_eq!(all, [0, 1, 2, 3, 4]);
/// # Ok::<(), StoreError>(())
/// ```
pub fn pages<K, T, E>(
    limit: u16,
    mut fetch: impl FnMut(Page<K>) -> Result<Vec<T>, E>,
    key: impl Fn(&T) -> K,
) -> impl Iterator<Item = Result<T, E>> {
    let mut present = Vec::new().into_iter();
    let mut next = Some(Page::first(limit));
    std::iter::from_fn(move || {
        loop {
            if let Some(record) = present.next() {
                return Some(Ok(record));
            }
            let fetched = match fetch(next.take()?) {
                Ok(fetched) => fetched,
                Err(error) => return Some(Err(error)),
            };
            // A page that is not full is the last one.
            next = fetched
                .last()
                .filter(|_| fetched.len() == usize::from(limit))
                .map(|last| Page::after(key(last), limit));
            present = fetched.into_iter();
        }
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Walks the numbers below `count`; gives them and the pages that were fetched.
    fn walk(count: u32, limit: u16) -> (Vec<u32>, Vec<Option<u32>>) {
        let fetched = RefCell::new(Vec::new());
        let fetch = |page: Page<u32>| -> Result<Vec<u32>, ()> {
            fetched.borrow_mut().push(page.after);
            Ok((0..count).filter(|n| page.after.is_none_or(|after| *n > after)).take(page.limit.into()).collect())
        };
        let all = pages(limit, fetch, |n| *n).collect::<Result<_, _>>().unwrap();
        (all, fetched.into_inner())
    }

    #[test]
    fn a_list_is_walked_whole_whatever_the_page_holds() {
        for (count, limit, fetched) in [
            (0, 3, vec![None]),
            (2, 3, vec![None]),
            // A full page may be followed by more, so the one after it is asked for.
            (3, 3, vec![None, Some(2)]),
            (7, 3, vec![None, Some(2), Some(5)]),
            (5, u16::MAX, vec![None]),
        ] {
            assert_eq!(walk(count, limit), ((0..count).collect(), fetched), "{count} by {limit}");
        }
    }

    #[test]
    fn pages_of_nothing_end_at_once() {
        assert_eq!(walk(5, 0), (Vec::new(), vec![None]));
    }

    #[test]
    fn a_page_is_fetched_only_when_it_is_needed() {
        let fetched = RefCell::new(0);
        let fetch = |page: Page<u32>| -> Result<Vec<u32>, ()> {
            *fetched.borrow_mut() += 1;
            let from = page.after.map_or(0, |after| after + 1);
            Ok((from..from + 2).collect())
        };
        let mut endless = pages(2, fetch, |n| *n);
        assert_eq!(*fetched.borrow(), 0);
        assert_eq!((endless.next(), endless.next(), *fetched.borrow()), (Some(Ok(0)), Some(Ok(1)), 1));
        assert_eq!((endless.next(), *fetched.borrow()), (Some(Ok(2)), 2));
    }

    #[test]
    fn a_walk_ends_after_the_first_error() {
        let fetch = |page: Page<u32>| match page.after {
            None => Ok(vec![0, 1]),
            Some(_) => Err("gone"),
        };
        let all: Vec<_> = pages(2, fetch, |n| *n).take(9).collect();
        assert_eq!(all, [Ok(0), Ok(1), Err("gone")]);
    }
}
