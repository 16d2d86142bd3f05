//! Writers: whose turn it is, and who shares a commit with whom.
//!
//! The connection goes from thread to thread. Whoever comes first begins a transaction. When its closure has run and others are in line, it hands the connection with the open
//! transaction to the next one, which runs its own closure behind a savepoint; and so on, until nobody is in line or the group is large or old enough. The last one commits and
//! tells the others how it ended. Nobody answers its caller before that.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crm_core::store::{StoreError, StoreErrorKind};
use rusqlite::Connection;

use crate::{
    connection::{self, LOOK, Opening},
    error::{Done, Failure, busy, ended_by, kind_of},
    line::{Line, locked},
    log::Log,
    options::SqliteOptions,
    schema,
    transaction::SqliteTx,
};

/// The turn to write, and what belongs to it.
pub(crate) struct Writers {
    path: Option<PathBuf>,
    options: SqliteOptions,
    /// Closed before the connection that writes, which puts the log in order.
    log: Log,
    line: Line<Baton>,
}

/// What one writer hands to the next.
struct Baton {
    /// `None` where it was lost: the last one to write found that it is useless.
    connection: Option<Connection>,
    /// The open transaction on it, if there is one.
    group: Option<Group>,
}

/// Those whose work is in one transaction.
struct Group {
    began: Instant,
    members: u16,
    ending: Arc<Ending>,
}

/// What the members of a group wait for.
#[derive(Default)]
struct Ending {
    ended: Mutex<Option<Ended>>,
    told: Condvar,
}

/// How a transaction ended.
#[derive(Clone)]
enum Ended {
    Committed,
    /// Nothing of it is written.
    Not(Option<Arc<rusqlite::Error>>),
    /// It may be written or not.
    Unknown(Arc<rusqlite::Error>),
}

impl Ended {
    /// The answer to one who wrote in it, `alone` or with others.
    fn answer(self, alone: bool) -> Result<(), StoreError> {
        let (kind, cause) = match self {
            Self::Committed => return Ok(()),
            Self::Not(Some(cause)) if alone => (kind_of(&cause), Some(cause)),
            Self::Not(cause) => (StoreErrorKind::GroupAborted, cause),
            Self::Unknown(cause) => (StoreErrorKind::CommitOutcomeUnknown, Some(cause)),
        };
        let error = StoreError::new(kind);
        Err(match cause {
            Some(cause) => error.caused_by(cause),
            None => error,
        })
    }
}

impl Ending {
    fn tell(&self, ended: Ended) {
        *locked(&self.ended) = Some(ended);
        self.told.notify_all();
    }

    fn wait(&self) -> Ended {
        let mut ended = locked(&self.ended);
        loop {
            if let Some(ended) = &*ended {
                return ended.clone();
            }
            ended = self.told.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Writers {
    pub(crate) fn new(connection: Connection, path: Option<PathBuf>, options: SqliteOptions, log: Log) -> Self {
        let line = Line::of(vec![Baton { connection: Some(connection), group: None }]);
        Self { path, options, log, line }
    }

    /// Waits for the turn, which may come with a group that is open.
    fn take(&self, started: Instant) -> Result<Turn<'_>, StoreError> {
        let Baton { connection, group } = self.line.take(started, self.options.deadline)?;
        // From here on the turn is given back whatever happens.
        let mut turn = Turn { writers: self, connection, group, held: true };
        turn.open(started)?;
        Ok(turn)
    }

    /// Waits for the turn and has it outside any transaction: a group that is open is committed first.
    pub(crate) fn alone(&self, started: Instant) -> Result<Turn<'_>, StoreError> {
        let mut turn = self.take(started)?;
        if turn.group.is_some() {
            turn.commit();
            turn.open(started)?;
        }
        Ok(turn)
    }

    /// Runs `work` on the connection, outside any transaction.
    pub(crate) fn outside<T>(&self, work: impl FnOnce(&Connection) -> Done<T>) -> Result<T, StoreError> {
        let started = Instant::now();
        let turn = self.alone(started)?;
        let connection = turn.connection()?;
        let left = connection::timeout(self.options.deadline.saturating_sub(started.elapsed()));
        let done = connection.busy_timeout(left).map_err(Failure::Sql).and_then(|()| work(connection));
        let restored = connection.busy_timeout(Duration::ZERO).map_err(Failure::Sql);
        done.and_then(|value| restored.map(|()| value)).map_err(|failure| failure.contended(started))
    }

    /// Runs `f` in a transaction of its own, or behind a savepoint in that of those before it, and answers when that is on disk.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&mut SqliteTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let started = Instant::now();
        let mut turn = self.take(started)?;
        let began = turn.enter(started)?;
        let connection = turn.connection()?;
        self.line.announce();
        // The panic waits, too: the closure may have seen what a neighbour wrote.
        let ran = catch_unwind(AssertUnwindSafe(|| f(&mut SqliteTx::writer(connection))));
        let answer = turn.leave(matches!(ran, Ok(Ok(_))), began);
        match (ran, answer) {
            (Err(panic), _) => resume_unwind(panic),
            (Ok(result), Ok(())) => result,
            (Ok(_), Err(error)) => Err(error.into()),
        }
    }
}

/// The turn to write. It is given on when it is dropped, also by a panic; what was not committed then is rolled back.
pub(crate) struct Turn<'s> {
    writers: &'s Writers,
    /// `None` once it is known to be useless.
    connection: Option<Connection>,
    /// Those before this writer in the open transaction.
    group: Option<Group>,
    /// `false` once another thread has it.
    held: bool,
}

impl Turn<'_> {
    /// Opens another connection where the last one is lost.
    fn open(&mut self, started: Instant) -> Result<(), StoreError> {
        if self.connection.is_none() {
            // What was in memory is gone with its connection.
            let path = self.writers.path.as_deref().ok_or(StoreErrorKind::Closed)?;
            self.connection = Some(connection::writer(Some(path), &self.writers.options, Opening::Again, started)?);
        }
        Ok(())
    }

    pub(crate) fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or_else(|| StoreErrorKind::Closed.into())
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        let Some(connection) = &self.connection else { return Ok(()) };
        connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Begins a transaction, or joins the open one. Tells when it began.
    fn enter(&mut self, started: Instant) -> Result<Instant, StoreError> {
        if let Some(group) = &mut self.group {
            group.members += 1;
            let began = group.began;
            return match self.run("SAVEPOINT crm_member") {
                Ok(()) => Ok(began),
                Err(error) => {
                    let ended = Ended::Not(Some(Arc::new(error)));
                    self.end(ended.clone());
                    Err(ended.answer(false).err().unwrap_or_else(|| StoreErrorKind::GroupAborted.into()))
                }
            };
        }
        // Another program may hold the file: it is waited for as long as is left of the deadline.
        while let Err(error) = self.run("BEGIN IMMEDIATE") {
            let left = self.writers.options.deadline.saturating_sub(started.elapsed());
            match busy(&error) {
                true if !left.is_zero() => thread::sleep(LOOK.min(left)),
                _ => return Err(Failure::Sql(error).contended(started)),
            }
        }
        schema::still_known(self.connection()?)?;
        Ok(Instant::now())
    }

    /// After the closure: its own work is kept or undone, and the transaction is handed on or committed. Returns when the transaction has ended; an error is the answer, in the
    /// place of the closure's own.
    fn leave(mut self, kept: bool, began: Instant) -> Result<(), StoreError> {
        let alone = self.group.is_none();
        if alone && !kept {
            // Nobody else's work is in the transaction: it is rolled back as a whole, and the answer rests on nothing that is not on disk.
            return Ok(());
        }
        if let Err(ended) = self.settle(alone, kept) {
            self.end(ended.clone());
            return ended.answer(alone);
        }
        let members = self.group.as_ref().map_or(1, |group| group.members);
        let options = &self.writers.options;
        let open =
            self.writers.path.is_some() && members < options.group_members && began.elapsed() < options.group_time;
        let mut ending = None;
        let handed_on = open
            && self.writers.line.hand_on(|| {
                let group = self.group.take().unwrap_or_else(|| Group { began, members: 1, ending: Arc::default() });
                ending = Some(Arc::clone(&group.ending));
                self.held = false;
                Baton { connection: self.connection.take(), group: Some(group) }
            });
        match ending {
            Some(ending) if handed_on => ending.wait().answer(false),
            _ => self.commit().answer(alone),
        }
    }

    /// Keeps or undoes the work of this member. The error is how the transaction ended.
    fn settle(&self, alone: bool, kept: bool) -> Result<(), Ended> {
        if self.connection.as_ref().is_none_or(Connection::is_autocommit) {
            return Err(Ended::Not(ended_by().map(Arc::new)));
        }
        let settled = match (alone, kept) {
            (true, _) => Ok(()),
            (false, true) => self.run("RELEASE crm_member"),
            (false, false) => self.run("ROLLBACK TO crm_member").and_then(|()| self.run("RELEASE crm_member")),
        };
        settled.map_err(|error| Ended::Not(Some(Arc::new(error))))
    }

    /// Commits, tells the group, and looks after the log.
    fn commit(&mut self) -> Ended {
        let ended = self.committed();
        let written = matches!(ended, Ended::Committed);
        self.end(ended.clone());
        if let (true, Some(connection)) = (written, &self.connection) {
            self.writers.log.tend(connection);
        }
        ended
    }

    fn committed(&mut self) -> Ended {
        let Some(connection) = &self.connection else { return Ended::Not(None) };
        match self.run("COMMIT") {
            Ok(()) => Ended::Committed,
            // A full disk is found while the log is written, before anything counts.
            Err(error) if !connection.is_autocommit() || kind_of(&error) == StoreErrorKind::StorageFull => {
                Ended::Not(Some(Arc::new(error)))
            }
            Err(error) => {
                // The connection is not asked again; a store in memory has no other.
                if self.writers.path.is_some() {
                    self.connection = None;
                }
                Ended::Unknown(Arc::new(error))
            }
        }
    }

    /// Rolls back what is still open, and tells the group.
    fn end(&mut self, ended: Ended) {
        if self.connection.as_ref().is_some_and(|connection| !connection.is_autocommit()) {
            // A rollback that fails has nothing left to do: SQLite ended the transaction itself.
            let _ = self.run("ROLLBACK");
        }
        if let Some(group) = self.group.take() {
            group.ending.tell(ended);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.held {
            self.end(Ended::Not(None));
            let connection = self.connection.take().filter(Connection::is_autocommit);
            self.writers.line.give(Baton { connection, group: None });
        }
    }
}

#[cfg(test)]
mod tests;
