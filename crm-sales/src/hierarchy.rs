//! Trees of records: organisations and their parents, reps and their managers.

use std::collections::BTreeSet;

/// Whether going up from `start` leads to `record`, or around in a circle that stands there already, which must end
/// here too.
pub(crate) fn leads_back<I: Copy + Ord, E>(
    record: I,
    start: I,
    mut up: impl FnMut(I) -> Result<Option<I>, E>,
) -> Result<bool, E> {
    let mut seen = BTreeSet::from([record]);
    let mut next = Some(start);
    while let Some(here) = next {
        if !seen.insert(here) {
            return Ok(true);
        }
        next = up(here)?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn a_chain_ends_and_a_circle_is_found_even_one_that_the_record_is_not_part_of() {
        let up = |here: u32| {
            Ok::<_, Infallible>(
                [(2, 3), (3, 4), (7, 8), (8, 7)].iter().find(|(from, _)| *from == here).map(|(_, to)| *to),
            )
        };
        assert_eq!(leads_back(1, 2, up), Ok(false));
        assert_eq!(leads_back(4, 2, up), Ok(true));
        assert_eq!(leads_back(1, 1, up), Ok(true));
        assert_eq!(leads_back(1, 7, up), Ok(true));
    }
}
