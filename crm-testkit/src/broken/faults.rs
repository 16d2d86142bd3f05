//! What is wrong with a store, and the clause that finds it out.

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident = $clause:literal,)*) => {
        /// What is wrong with a store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $fault,)*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$fault,)*];

            /// The number of the clause that it breaks first of all.
            pub const fn clause(self) -> &'static str {
                match self {
                    $(Self::$fault => $clause,)*
                }
            }
        }
    };
}

faults! {
    /// `Ok` is answered and nothing is kept.
    CommitSkipped = "C01",
    /// What a closure did is kept where it returned an error.
    RollbackSkippedOnError = "C02",
    /// What a closure did is kept where it panicked.
    RollbackSkippedOnPanic = "C03",
    /// A record that was just inserted does not show in its own transaction.
    OwnWriteHidden = "C04",
    /// Each look of a read has a snapshot of its own.
    SnapshotMoves = "C05",
    /// A closure that calls its own store is told to try again.
    ReentryIsContention = "C07",
    /// Where a closure fails, what another thread committed last goes, too.
    NeighbourUndone = "C08",
    /// A closure is refused because of what another one wrote, and undid, while this one was in line.
    RefusalRestsOnTheUndone = "C09",
    /// The tags of a new customer are not kept.
    FieldLost = "C10",
    /// An id that is not there is an error.
    AbsentIsAnError = "C11",
    /// A value that is taken is taken for good.
    DuplicateAccepted = "C12",
    /// An update gives the revision that it found.
    RevisionNotAdvanced = "C13",
    /// An update does not write over the tags.
    FieldNotUpdated = "C13",
    /// An update writes over whatever is there.
    RevisionIgnored = "C14",
    /// An update of what is not there inserts it.
    UpdateInserts = "C15",
    /// A reference to what is not there is taken for good.
    ReferenceUnchecked = "C16",
    /// The refusal to delete what others refer to is not passed on.
    StillReferencedIgnored = "C17",
    /// What was deleted is still found by its number, SKU or external id.
    DeleteLeavesIndex = "C18",
    /// Numbers that differ in case count as one.
    NumberFoldsCase = "C19",
    /// A page comes in descending order.
    PageUnsorted = "C20",
    /// A page has all that follows.
    LimitIgnored = "C20",
    /// A page begins with the record that it was to come after.
    AfterInclusive = "C20",
    /// A page after the first leaves one record out.
    PageSkipsOne = "C21",
    /// A list has all records, whatever the filter says.
    FilterIgnored = "C22",
    /// A count is of all records, whatever the filter says.
    CountIgnoresFilter = "C22",
    /// A limit of zero gives one record.
    ZeroGivesOne = "C23",
    /// A name is found in its own spelling only.
    NameBySpelling = "C24",
    /// A timeline comes oldest first.
    TimelineOldestFirst = "C25",
    /// A timeline leaves out the interactions in which the customer only took part.
    ParticipantsLeftOut = "C25",
    /// Each entry of revenue comes twice.
    RevenueTwice = "C26",
    /// Messages come newest first.
    MessagesReversed = "C27",
    /// The same number is assigned again and again.
    NumberReused = "C30",
    /// An entry does not know who acted.
    ActorLost = "C40",
    /// An entry stays where its transaction was rolled back.
    EntryKeptAfterRollback = "C41",
    /// The history of a record has the entries of all.
    HistoryMixed = "C42",
    /// A cursor does not move.
    CursorForgotten = "C43",
    /// Refunds are missing from the figures.
    RefundNotCounted = "C50",
    /// What is cancelled still counts.
    CancellationLeftIn = "C50",
    /// An order that was reassigned still counts for its first rep.
    ReassignmentNotMoved = "C50",
    /// A month is asked for and its days come.
    MonthsAreDays = "C50",
    /// A rep who moved leaves their sales in the region where they were first.
    RegionOfThePast = "C51",
    /// The last day of a customer stays where the newest order is cancelled.
    LastDayStays = "C52",
    /// What is lost is weighted like what is open.
    LostIsWeighted = "C53",
    /// Tickets of which nobody said how urgent they are, are left out.
    UnprioritisedLeftOut = "C54",
    /// The figures keep what was rolled back.
    FiguresKeptAfterRollback = "C55",
    /// A page of figures after the first leaves one out.
    FigurePageSkipsOne = "C56",
    /// The figures of one rep come with those of all others.
    OneFigureIsEach = "C56",
    /// What does not fit the figures is taken for good.
    FigureOverflowAccepted = "C57",
    /// Verification finds what is not there.
    VerificationCriesWolf = "C58",
    /// A search looks for the first word only.
    OneWordIsEnough = "C60",
    /// Hits come the worst first.
    HitsUnranked = "C61",
    /// Each page of hits is the first one.
    PlaceIgnored = "C62",
    /// A search is over all families, whatever the query says.
    FamiliesIgnored = "C63",
    /// A ticket is not found by its messages.
    MessagesNotSearched = "C64",
    /// A ticket is found by words of different messages.
    MessagesSearchedTogether = "C64",
    /// A closure does not find what it inserted.
    OwnInsertNotFound = "C65",
    /// `OR`, `AND`, `NOT` and `NEAR` are not looked for.
    OperatorsUnderstood = "C66",
    /// An insert of many ends at the first record that is refused.
    ManyEndAtRefusal = "C70",
    /// An insert of many keeps quiet about what it refused.
    ManyRefuseQuietly = "C70",
    /// An entry of an import does not know its source.
    ImportSourceLost = "C71",
    /// A key does not find the entries of imports.
    ImportForgotten = "C72",
    /// From the first batch of an import to its last one others cannot write.
    ImportKeepsTheTurn = "C73",
    /// A snapshot that begins in the middle of a list leaves a record out.
    SnapshotSkipsOne = "C74",
    /// A lead is found by its e-mail address in its own spelling only.
    LeadMailBySpelling = "C80",
    /// What waits comes oldest first, whatever is asked for.
    AlwaysOldestFirst = "C81",
    /// What is disqualified or converted is still a load.
    LoadCountsClosed = "C82",
    /// What was given still waits.
    GivenTwice = "C83",
    /// A queue forgets whose turn it is.
    TurnForgotten = "C84",
    /// Who has the first lead of an address is taken for who was last given one.
    GivenToTheFirst = "C89",
    /// What is done is still to be done.
    DoneStaysDue = "C85",
    /// The reminder that is furthest away comes first.
    RemindersReversed = "C86",
    /// The last activity of an opportunity is its first one.
    LastActivityIsFirst = "C87",
    /// An opportunity stays in the forecast as it was first.
    ForecastOfThePast = "C88",
    /// Open opportunities of which no day is expected are left out.
    UndatedLeftOut = "C88",
    /// The first answer of a key is that of all its places.
    AnswerByKeyAlone = "C75",
    /// A second answer at a place is taken for good.
    AnswerTwice = "C76",
    /// An answer that was erased keeps its content.
    AnswerNotErased = "C77",
    /// A transaction goes on counting where the one before ended.
    KeyedForGood = "C78",
    /// The rate of a day is the newest of all.
    RateOfTheFuture = "C79",
}
