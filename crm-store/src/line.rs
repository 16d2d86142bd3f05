//! A line of threads that wait for one of a few things, first come, first served.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use crm_core::store::{StoreError, StoreErrorKind};

/// A lock that a panic of its holder does not spoil: what it guards is whole at every step.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Things that are handed from thread to thread: to whoever waits longest, or kept until somebody comes.
pub(crate) struct Line<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    /// What nobody holds. While there is any, nobody waits.
    free: Vec<T>,
    waiting: VecDeque<Arc<Place<T>>>,
}

/// Where one thread waits.
struct Place<T> {
    given: Mutex<Option<T>>,
    /// Whether `given` may have something: looked at without the lock.
    called: AtomicBool,
    /// Whether it will not be long.
    soon: AtomicBool,
    thread: Thread,
}

/// For how long a thread that is told that its turn comes soon stays awake. To wake it up takes about as long as a short piece of work.
const AWAKE: Duration = Duration::from_micros(50);

impl<T> Line<T> {
    pub(crate) const fn of(free: Vec<T>) -> Self {
        Self { state: Mutex::new(State { free, waiting: VecDeque::new() }) }
    }

    /// Takes what was given back last, or waits in line until `deadline` after `started`.
    pub(crate) fn take(&self, started: Instant, deadline: Duration) -> Result<T, StoreError> {
        let place = {
            let mut state = locked(&self.state);
            if let Some(thing) = state.free.pop() {
                return Ok(thing);
            }
            let place = Arc::new(Place {
                given: Mutex::new(None),
                called: AtomicBool::new(false),
                soon: AtomicBool::new(false),
                thread: thread::current(),
            });
            state.waiting.push_back(Arc::clone(&place));
            place
        };
        loop {
            let left = deadline.saturating_sub(started.elapsed());
            if place.called.load(Ordering::Acquire) || left.is_zero() {
                break;
            }
            if place.soon.swap(false, Ordering::Acquire) {
                place.stay_awake();
            } else {
                thread::park_timeout(left);
            }
        }
        if let Some(thing) = locked(&place.given).take() {
            return Ok(thing);
        }
        let mut state = locked(&self.state);
        state.waiting.retain(|other| !Arc::ptr_eq(other, &place));
        // Whoever hands on holds the state, so by now it was given, or never will be.
        let at_the_last_moment = locked(&place.given).take();
        at_the_last_moment.ok_or_else(|| StoreErrorKind::Contended { waited: started.elapsed() }.into())
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        locked(&self.state).waiting.len()
    }

    /// Tells whoever waits longest that it will not be long.
    pub(crate) fn announce(&self) {
        let Some(first) = locked(&self.state).waiting.front().cloned() else { return };
        first.soon.store(true, Ordering::Release);
        first.thread.unpark();
    }

    /// Gives a thing to whoever waits longest, or keeps it for who comes next.
    pub(crate) fn give(&self, thing: T) {
        let mut state = locked(&self.state);
        match state.waiting.pop_front() {
            None => state.free.push(thing),
            Some(first) => first.called_with(thing, state),
        }
    }

    /// Makes a thing for whoever waits longest; where nobody waits, none is made, and that is `false`.
    pub(crate) fn hand_on(&self, make: impl FnOnce() -> T) -> bool {
        let mut state = locked(&self.state);
        let Some(first) = state.waiting.pop_front() else { return false };
        first.called_with(make(), state);
        true
    }
}

impl<T> Place<T> {
    fn stay_awake(&self) {
        let since = Instant::now();
        while !self.called.load(Ordering::Acquire) && since.elapsed() < AWAKE {
            thread::yield_now();
        }
    }

    fn called_with(&self, thing: T, state: MutexGuard<'_, State<T>>) {
        *locked(&self.given) = Some(thing);
        self.called.store(true, Ordering::Release);
        // Whoever wakes up finds no lock held.
        drop(state);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn take(line: &Line<u32>) -> u32 {
        line.take(Instant::now(), LONG).unwrap()
    }

    #[test]
    fn who_waits_longest_is_first() {
        let line = Line::of(vec![0]);
        let order = Mutex::new(Vec::new());
        let thing = take(&line);
        thread::scope(|scope| {
            for number in 0..5 {
                let (line, order) = (&line, &order);
                scope.spawn(move || {
                    let thing = take(line);
                    locked(order).push(number);
                    line.give(thing);
                });
                while line.waiting() <= number {
                    thread::yield_now();
                }
            }
            line.give(thing);
        });
        assert_eq!(*locked(&order), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn who_gave_up_is_passed_over_and_nothing_is_lost() {
        let line = Line::of(vec![7]);
        let thing = take(&line);
        assert!(!line.hand_on(|| 8), "nobody waits");
        let refused = line.take(Instant::now(), Duration::from_millis(1)).unwrap_err();
        assert!(matches!(refused.kind(), StoreErrorKind::Contended { waited } if *waited >= Duration::from_millis(1)));
        assert_eq!(line.waiting(), 0);
        line.give(thing);
        assert_eq!(take(&line), 7);
    }

    /// Things given at the moment in which somebody gives up are neither lost nor doubled.
    #[test]
    fn giving_and_giving_up_at_once_keeps_the_count() {
        let line = Line::of(vec![1, 2]);
        thread::scope(|scope| {
            for thread in 0..6 {
                let line = &line;
                scope.spawn(move || {
                    for number in 0..2_000 {
                        let deadline = Duration::from_nanos((thread * 7_919 + number * 104_729) % 40_000);
                        if let Ok(thing) = line.take(Instant::now(), deadline) {
                            line.give(thing);
                        }
                    }
                });
            }
        });
        let mut free = std::mem::take(&mut locked(&line.state).free);
        free.sort_unstable();
        assert_eq!((free, line.waiting()), (vec![1, 2], 0));
    }
}
