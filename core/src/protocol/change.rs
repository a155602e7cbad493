//! What can differ between two versions of a protocol, as codes and ids.
//!
//! Whatever a change names is found by its id: in the older definition where it was removed, else in the newer one.
//! Sentences are made of it by [`crate::words::change_sentence`].

use super::{
    Anchor, Author, Basis, BasisState, Channel, Deadline, FieldClass, FieldKind, FieldLimits, PartnerStep,
    Phase,
};

/// One difference between two definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are ids of what has changed, and how")]
pub enum Change {
    /// The protocol as a whole.
    Protocol(ProtocolChange),
    /// A step.
    Step { id: String, what: StepChange },
    /// A field of a step that is in both definitions.
    Field { step: String, field: String, what: FieldChange },
    /// A clock.
    Clock { id: String, what: ClockChange },
    /// A partner.
    Partner { id: String, what: PartnerChange },
    /// A calendar.
    Calendar { id: String, what: CalendarChange },
    /// A sheet.
    Sheet { id: String, what: SheetChange },
}

/// How much a change means to those who work by the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// What is asked, of whom, or by when.
    Duty,
    /// How it is worded, or in which order it is shown.
    Wording,
    /// Where it comes from, and what every version changes: its number, its date.
    Background,
}

/// Something has other words, in these languages. Languages that only one of the definitions has do not count.
pub type InLanguages = Vec<String>;

/// What differs in the protocol as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a name in the document")]
pub enum ProtocolChange {
    /// They are two protocols, not two versions of one.
    Id {
        from: String,
        to: String,
    },
    Version {
        from: u32,
        to: u32,
    },
    Effective {
        from: String,
        to: String,
    },
    Supersedes {
        from: Option<String>,
        to: Option<String>,
    },
    TimeZone {
        from: String,
        to: String,
    },
    Title(InLanguages),
    Jurisdiction(InLanguages),
    /// What a deputy must know of the change.
    Changes(InLanguages),
    LanguageAdded(String),
    LanguageRemoved(String),
    /// The same languages in another order: the first is the one to fall back on.
    LanguagesReordered,
}

/// What differs in a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a name in the document")]
pub enum StepChange {
    Added,
    Removed,
    /// It stands elsewhere among the steps that both definitions have.
    Moved,
    Title(InLanguages),
    Guidance(InLanguages),
    Say(InLanguages),
    SayAdded,
    SayRemoved,
    Why(InLanguages),
    Phase {
        from: Phase,
        to: Phase,
    },
    By {
        from: Author,
        to: Author,
    },
    Applies,
    Required(bool),
    Urgent(bool),
    Fixed(bool),
    Repeats(bool),
    Shared(bool),
    /// Whom it calls, and whether they come.
    Partner {
        from: Option<PartnerStep>,
        to: Option<PartnerStep>,
    },
    DoneWhen,
    /// A reason for *cannot*.
    Reason(OptionChange),
    Basis(BasisChange),
}

/// What differs in a list of options or reasons, by the id of one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum OptionChange {
    Added(String),
    Removed(String),
    Moved(String),
    Title { id: String, languages: InLanguages },
}

/// What differs in where a step comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BasisChange {
    Added(Basis),
    Removed(Basis),
    /// How sure it is that the step says what this source says.
    State {
        source: String,
        from: BasisState,
        to: BasisState,
    },
    /// The address of a source.
    Address {
        source: String,
    },
    /// The same sources in another order.
    Reordered,
}

/// What differs in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a name in the document")]
pub enum FieldChange {
    Added,
    Removed,
    Moved,
    Title(InLanguages),
    /// Values given under the one kind are no values of the other.
    Kind {
        from: FieldKind,
        to: FieldKind,
    },
    Option(OptionChange),
    FieldLimits {
        from: FieldLimits,
        to: FieldLimits,
    },
    Applies,
    Required(bool),
    Class {
        from: FieldClass,
        to: FieldClass,
    },
}

/// What differs in a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a name in the document")]
pub enum ClockChange {
    Added,
    Removed,
    Moved,
    Title(InLanguages),
    Applies,
    From {
        from: Anchor,
        to: Anchor,
    },
    Deadline {
        from: Deadline,
        to: Deadline,
    },
    MetBy,
    MetAt,
    ExcusedBy,
    /// A target for review, no longer a rule; or the other way round.
    Soft(bool),
}

/// What differs in a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a name in the document")]
pub enum PartnerChange {
    Added,
    Removed,
    Moved,
    Title(InLanguages),
    Why(InLanguages),
    ReachedBy {
        from: Vec<Channel>,
        to: Vec<Channel>,
    },
    /// A reason why it does not come.
    Reason(OptionChange),
}

/// What differs in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a name in the document")]
pub enum CalendarChange {
    Added,
    Removed,
    Moved,
    Title(InLanguages),
    /// Weekdays that no longer count, and weekdays that now do: 1 = Monday … 7 = Sunday.
    Weekdays {
        closed: Vec<u8>,
        opened: Vec<u8>,
    },
    /// Dates that no longer count, and dates that now do.
    Dates {
        closed: Vec<String>,
        opened: Vec<String>,
    },
}

/// What differs in a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a name in the document")]
pub enum SheetChange {
    Added,
    Removed,
    Moved,
    Title(InLanguages),
    Reader(InLanguages),
    Note(InLanguages),
    NoteAdded,
    NoteRemoved,
    /// A row of the newer definition.
    RowAdded {
        section: usize,
        row: usize,
    },
    /// A row of the older definition.
    RowRemoved {
        section: usize,
        row: usize,
    },
    /// The headings, or which row stands under which and in which order.
    Arranged,
}

impl Change {
    /// How much it means to those who work by the protocol.
    pub fn weight(&self) -> Weight {
        match self {
            Self::Protocol(what) => what.weight(),
            Self::Step { what, .. } => what.weight(),
            Self::Field { what, .. } => what.weight(),
            Self::Partner { what, .. } => what.weight(),
            Self::Clock { what: ClockChange::Moved | ClockChange::Title(_), .. }
            | Self::Calendar { what: CalendarChange::Moved | CalendarChange::Title(_), .. }
            | Self::Sheet { .. } => Weight::Wording,
            Self::Clock { .. } | Self::Calendar { .. } => Weight::Duty,
        }
    }

    /// The step that it is about, for a change of a step or of one of its fields.
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::Step { id, .. } => Some(id),
            Self::Field { step, .. } => Some(step),
            _ => None,
        }
    }
}

impl ProtocolChange {
    fn weight(&self) -> Weight {
        match self {
            Self::Id { .. } | Self::TimeZone { .. } => Weight::Duty,
            Self::Title(_)
            | Self::Jurisdiction(_)
            | Self::LanguageAdded(_)
            | Self::LanguageRemoved(_)
            | Self::LanguagesReordered => Weight::Wording,
            Self::Version { .. } | Self::Effective { .. } | Self::Supersedes { .. } | Self::Changes(_) => {
                Weight::Background
            }
        }
    }
}

impl StepChange {
    fn weight(&self) -> Weight {
        match self {
            Self::Added
            | Self::Removed
            | Self::SayAdded
            | Self::SayRemoved
            | Self::Phase { .. }
            | Self::By { .. }
            | Self::Applies
            | Self::Required(_)
            | Self::Urgent(_)
            | Self::Fixed(_)
            | Self::Repeats(_)
            | Self::Shared(_)
            | Self::Partner { .. }
            | Self::DoneWhen
            // What is to be done, and what is said to the child, is more than wording.
            | Self::Guidance(_)
            | Self::Say(_) => Weight::Duty,
            Self::Reason(what) => what.weight(),
            Self::Moved | Self::Title(_) | Self::Why(_) => Weight::Wording,
            Self::Basis(_) => Weight::Background,
        }
    }
}

impl OptionChange {
    fn weight(&self) -> Weight {
        match self {
            Self::Added(_) | Self::Removed(_) => Weight::Duty,
            Self::Moved(_) | Self::Title { .. } => Weight::Wording,
        }
    }
}

impl FieldChange {
    fn weight(&self) -> Weight {
        match self {
            Self::Added
            | Self::Removed
            | Self::Kind { .. }
            | Self::FieldLimits { .. }
            | Self::Applies
            | Self::Required(_) => Weight::Duty,
            Self::Option(what) => what.weight(),
            Self::Moved | Self::Title(_) => Weight::Wording,
            Self::Class { .. } => Weight::Background,
        }
    }
}

impl PartnerChange {
    fn weight(&self) -> Weight {
        match self {
            Self::Added | Self::Removed | Self::ReachedBy { .. } => Weight::Duty,
            Self::Reason(what) => what.weight(),
            Self::Moved | Self::Title(_) | Self::Why(_) => Weight::Wording,
        }
    }
}
