"""First Hours for Python: the core of the field app, for tools, fixtures and tests.

`FieldCore` is the way in for a program with an event loop. `FirstHours` is what it is made of: the generated, blocking
object. Everything else here is data that they take and give; each is documented where it is declared, in `_ffi`.
"""

from ._ffi import (
    Act,
    AnswerValue,
    CallView,
    ClockResult,
    ClockView,
    EncounterView,
    EnrolmentView,
    EntryView,
    FieldAnswer,
    FieldClass,
    FieldError,
    FieldKind,
    FieldView,
    FirstHours,
    HeadView,
    Holding,
    Home,
    HomeRow,
    NextView,
    NoteView,
    NumberView,
    OfferView,
    OptionView,
    PersonView,
    Phase,
    PhaseStatus,
    PhaseView,
    RefusedBecause,
    SectionView,
    Sharing,
    Station,
    StepState,
    StepView,
    SyncLine,
    SyncProgress,
    SyncReport,
    SyncState,
    ThreadState,
    ThreadView,
    TimelinePage,
    TimelineRow,
    WordEntry,
)
from .field_core import Bug, FieldCore

__all__ = [name for name in dir() if not name.startswith("_") and name not in ("field_core",)]
