//! Pages: bounded lists, continued by key.

/// At most so many records, those after a key. Never by offset: a deep page costs what the first one does.
///
/// ```
/// use crm_core::store::Page;
///
/// let first: Page<u32> = Page::first(50);
/// let next = Page::after(17, 50);
/// assert_eq!((first.after, next.after, next.limit), (None, Some(17), 50));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page<K> {
    /// The key of the last record of the page before; `None` for the first page.
    pub after: Option<K>,
    /// At most so many records, up to 65 535; zero gives nothing.
    pub limit: u16,
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
