//! Sentences about steps: what is next, who said what, what contradicts, and calls.

use crate::words::Language;

/// A sentence and what it is about. Names and times come in as they are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepSentence<'a> {
    NextUrgent,
    NextByClock { clock: &'a str, left: &'a str },
    NextOverdue { clock: &'a str, over: &'a str },
    NextInOrder,
    NextComment { who: &'a str },
    StepsDone { done: usize, of: usize },
    AppliesIf { question: &'a str },
    WaitingFor { partner: &'a str, since: &'a str },
    Missing { fields: &'a str },
    SaidBy { who: &'a str, when: &'a str },
    HappenedAndEntered { happened: &'a str, entered: &'a str },
    SaysInstead { who: &'a str, when: &'a str, value: &'a str },
    TookBack { who: &'a str, when: &'a str },
    CannotBecause { reason: &'a str },
    ConflictField { field: &'a str },
    ConflictCannot,
    ConflictReasons,
    ConflictEntry,
    ChangedAfterSubmission { who: &'a str, when: &'a str },
    ChangedBecause { reason: &'a str },
    AtMostChars { max: i32 },
    Flagged { term: &'a str, why: &'a str, suggestion: &'a str },
    StepsNotApplicable { count: usize },
    EntryNumber { number: usize },
    Attempt { when: &'a str, outcome: &'a str },
    AttemptBy { when: &'a str, how: &'a str, outcome: &'a str },
    AttemptArrived { when: &'a str },
    AttemptNotComing { because: &'a str },
    NotHereYet { since: &'a str },
}

impl StepSentence<'_> {
    /// The sentence in a language.
    pub fn text(&self, language: Language) -> String {
        let (en, es): (String, String) = match *self {
            Self::NextUrgent => ("First, before everything else.".into(), "Primero, antes que todo.".into()),
            Self::NextByClock { clock, left } => {
                (format!("“{clock}” ends in {left}."), format!("«{clock}» vence en {left}."))
            }
            Self::NextOverdue { clock, over } => {
                (format!("“{clock}” is {over} overdue."), format!("«{clock}» venció hace {over}."))
            }
            Self::NextInOrder => ("Next in the protocol.".into(), "Sigue en el protocolo.".into()),
            Self::NextComment { who } => {
                (format!("{who} asks something here."), format!("{who} pregunta algo aquí."))
            }
            Self::StepsDone { done, of } => (format!("{done} of {of} done"), format!("{done} de {of} hechos")),
            Self::AppliesIf { question } => {
                (format!("It depends on “{question}”."), format!("Depende de «{question}»."))
            }
            Self::WaitingFor { partner, since } => (
                format!("Waiting for {partner}, reached at {since}."),
                format!("En espera de {partner}, con aviso a las {since}."),
            ),
            Self::Missing { fields } => (format!("Still missing: {fields}."), format!("Falta: {fields}.")),
            // The same in both languages, and said at every answer of every view.
            Self::SaidBy { who, when } => return [who, ", ", when].concat(),
            Self::HappenedAndEntered { happened, entered } => {
                (format!("{happened}, entered {entered}"), format!("{happened}, registrado {entered}"))
            }
            Self::SaysInstead { who, when, value } => {
                (format!("{who}, {when}: {value}"), format!("{who}, {when}: {value}"))
            }
            Self::TookBack { who, when } => {
                (format!("{who} took the answer back, {when}"), format!("{who} retiró la respuesta, {when}"))
            }
            Self::CannotBecause { reason } => {
                (format!("Cannot be done: {reason}"), format!("No se puede hacer: {reason}"))
            }
            Self::ConflictField { field } => (
                format!("Two answers for “{field}”. Both are kept; save the right one to decide."),
                format!("Dos respuestas para «{field}». Se conservan ambas; guarde la correcta para decidir."),
            ),
            Self::ConflictCannot => (
                "One says it is done, another that it cannot be done. Both are kept until one is taken back.".into(),
                "Una persona dice que está hecho y otra que no se puede. Se conservan ambas hasta retirar una.".into(),
            ),
            Self::ConflictReasons => (
                "Two people gave different words on why it cannot be done.".into(),
                "Dos personas dieron razones distintas de por qué no se puede hacer.".into(),
            ),
            Self::ConflictEntry => (
                "One person withdrew this entry, another wrote into it. It counts until one decides.".into(),
                "Una persona retiró esta entrada y otra escribió en ella. Cuenta hasta que se decida.".into(),
            ),
            Self::ChangedAfterSubmission { who, when } => (
                format!("Changed after submission by {who}, {when}, without a reason."),
                format!("Cambiado después del envío por {who}, {when}, sin motivo."),
            ),
            Self::ChangedBecause { reason } => (format!("Reason: {reason}"), format!("Motivo: {reason}")),
            Self::AtMostChars { max } => {
                (format!("At most {max} characters"), format!("Como máximo {max} caracteres"))
            }
            Self::Flagged { term, why, suggestion } => {
                let end = if suggestion.ends_with(['.', ')']) { "" } else { "." };
                (
                    format!("“{term}”: {why} Instead: {suggestion}{end}"),
                    format!("«{term}»: {why} En su lugar: {suggestion}{end}"),
                )
            }
            Self::StepsNotApplicable { count: 1 } => ("1 step does not apply".into(), "1 paso no aplica".into()),
            Self::StepsNotApplicable { count } => {
                (format!("{count} steps do not apply"), format!("{count} pasos no aplican"))
            }
            Self::EntryNumber { number } => (format!("Entry {number}"), format!("Entrada {number}")),
            Self::Attempt { when, outcome } => {
                (format!("{when}: {outcome}"), format!("{when}: {outcome}"))
            }
            Self::AttemptBy { when, how, outcome } => {
                (format!("{when}, {how}: {outcome}"), format!("{when}, {how}: {outcome}"))
            }
            Self::AttemptArrived { when } => (format!("arrived {when}"), format!("llegada {when}")),
            Self::AttemptNotComing { because } => {
                (format!("not coming: {because}"), format!("no viene: {because}"))
            }
            Self::NotHereYet { since } => {
                (format!("called, not here yet ({since})"), format!("con aviso, aún no llega ({since})"))
            }
        };
        language.pick(en, es)
    }
}
