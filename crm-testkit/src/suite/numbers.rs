//! C30: assigned numbers.

use std::collections::BTreeSet;

use crm_core::{
    Number,
    store::{Records, Store, StoreErrorKind},
};

use super::{
    family::{Any, Family, Stored, find},
    maker::Maker,
    world::{founded, own_error, read, refused, write},
};

/// A family whose numbers the store assigns.
struct Numbered {
    family: Family,
    prefix: &'static str,
}

const NUMBERED: [Numbered; 3] = [
    Numbered { family: Family::Quote, prefix: "Q" },
    Numbered { family: Family::Order, prefix: "SO" },
    Numbered { family: Family::Ticket, prefix: "T" },
];

fn next<T: Records + ?Sized>(tx: &mut T, family: Family) -> Stored<Number> {
    match family {
        Family::Quote => tx.next_quote_number(),
        Family::Order => tx.next_order_number(),
        _ => tx.next_ticket_number(),
    }
}

fn numbered(family: Family, n: u32, number: &str) -> Any {
    Maker::sound(30).record(family, n).with_unique("number", number)
}

/// C30: an assigned number is free, also where the host took numbers of the same form; a rollback may give it again.
pub fn c30_an_assigned_number_is_free<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C30");
    for Numbered { family, prefix } in NUMBERED {
        let clause = format!("C30 {family}");
        let mut used = BTreeSet::new();
        let mut take = |store: &S, n: u32| {
            let number = write(store, &clause, |tx| {
                let number = next(tx, family)?;
                let taken = find(tx, family, "number", number.as_str())?;
                assert_eq!(taken, None, "C30 {family}: the number {number} is taken");
                numbered(family, n, number.as_str()).insert(tx)?;
                Ok(number)
            });
            assert!(used.insert(number.clone()), "C30 {family}: the number {number} was assigned twice");
            number
        };
        assert_eq!(take(&store, 100).as_str(), format!("{prefix}-000001"), "C30 {family}: the first number");
        // The host takes those that would come next.
        write(&store, &clause, |tx| {
            (2..=4).try_for_each(|n| numbered(family, 200 + n, &format!("{prefix}-{n:06}")).insert(tx))
        });
        take(&store, 101);

        // After a rollback the store may give the number again or not: in either case it is free.
        let rolled_back: Stored<()> = store.write(|tx| {
            let number = next(tx, family)?;
            numbered(family, 102, number.as_str()).insert(tx)?;
            Err(own_error())
        });
        refused(rolled_back, &StoreErrorKind::Backend, &clause);
        take(&store, 103);
        take(&store, 104);

        // Two numbers that one transaction asks for, before either is used.
        let (one, other) = write(&store, &clause, |tx| Ok((next(tx, family)?, next(tx, family)?)));
        assert_ne!(one, other, "C30 {family}: one transaction was given the same number twice");

        // Concurrent writers never meet.
        let numbers: Vec<Number> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let (store, clause) = (&store, &clause);
                    scope.spawn(move || {
                        write(store, clause, |tx| {
                            let number = next(tx, family)?;
                            numbered(family, 300 + writer, number.as_str()).insert(tx)?;
                            Ok(number)
                        })
                    })
                })
                .collect();
            writers.into_iter().filter_map(|writer| writer.join().ok()).collect()
        });
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 4, "C30 {family}: writers at once");
        for number in numbers {
            let found = read(&store, &clause, |tx| find(tx, family, "number", number.as_str()));
            assert!(found.is_some(), "C30 {family}: {number} was assigned and used and is not there");
        }
    }
}
