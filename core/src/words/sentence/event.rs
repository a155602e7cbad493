//! Sentences about what happened: one entry of a timeline, and why an entry is held.

use crate::words::Language;

/// A sentence and what it is about. Names and times come in as they are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventSentence<'a> {
    Opened { who: &'a str },
    Answered { who: &'a str, step: &'a str },
    Cannot { who: &'a str, step: &'a str, reason: &'a str },
    Reopened { who: &'a str, step: &'a str },
    EntryWithdrawn { who: &'a str, step: &'a str },
    Noted { who: &'a str, about: &'a str },
    Submitted { who: &'a str, phase: &'a str },
    Voided { who: &'a str },
    Unvoided { who: &'a str },
    Shared { who: &'a str, to: &'a str },
    Accepted { who: &'a str },
    Declined { who: &'a str },
    Replied { who: &'a str },
    Commented { who: &'a str, about: &'a str },
    Resolved { who: &'a str },
    Returned { who: &'a str, phase: &'a str },
    Approved { who: &'a str, phase: &'a str },
    Held { why: &'a str },
    Released,
    Gap { count: u64 },
    Shredded { who: &'a str },
    HeldNoGrant,
    HeldAuthorMayNot,
    HeldRevoked,
    HeldOverLimit,
    HeldDoesNotFit,
    HeldUnknown,
    WholeRecord,
    Moved { who: &'a str },
    IncidentLinked { who: &'a str },
    Reassigned { who: &'a str, to: &'a str },
    Same { who: &'a str, code: &'a str },
    NotSame { who: &'a str },
    Copied { who: &'a str, step: &'a str, code: &'a str },
}

impl EventSentence<'_> {
    /// The sentence in a language.
    #[expect(clippy::too_many_lines, reason = "one table, both languages side by side")]
    pub fn text(&self, language: Language) -> String {
        let (en, es): (String, String) = match *self {
            Self::Opened { who } => (format!("{who} opened the record"), format!("{who} abrió el registro")),
            Self::Answered { who, step } => (format!("{who}: {step}"), format!("{who}: {step}")),
            Self::Cannot { who, step, reason } => (
                format!("{who}: “{step}” cannot be done ({reason})"),
                format!("{who}: «{step}» no se puede hacer ({reason})"),
            ),
            Self::Reopened { who, step } => (
                format!("{who}: “{step}” can be done after all"),
                format!("{who}: «{step}» sí se puede hacer"),
            ),
            Self::EntryWithdrawn { who, step } => (
                format!("{who} withdrew an entry of “{step}”"),
                format!("{who} retiró una entrada de «{step}»"),
            ),
            Self::Noted { who, about } => {
                (format!("{who} noted at “{about}”"), format!("{who} anotó en «{about}»"))
            }
            Self::Submitted { who, phase } => {
                (format!("{who} submitted “{phase}” for review"), format!("{who} envió «{phase}» a revisión"))
            }
            Self::Voided { who } => {
                (format!("{who}: opened by mistake"), format!("{who}: abierto por error"))
            }
            Self::Unvoided { who } => {
                (format!("{who}: keep the record after all"), format!("{who}: conservar el registro"))
            }
            Self::Shared { who, to } => {
                (format!("{who} asked {to} to take part"), format!("{who} pidió a {to} que participe"))
            }
            Self::Accepted { who } => (format!("{who} takes part"), format!("{who} participa")),
            Self::Declined { who } => (format!("{who} declined"), format!("{who} rechazó participar")),
            Self::Replied { who } => (format!("{who} replied"), format!("{who} respondió")),
            Self::Commented { who, about } => {
                (format!("{who} commented on “{about}”"), format!("{who} comentó «{about}»"))
            }
            Self::Resolved { who } => {
                (format!("{who} closed a comment"), format!("{who} cerró un comentario"))
            }
            Self::Returned { who, phase } => {
                (format!("{who} sent “{phase}” back"), format!("{who} devolvió «{phase}»"))
            }
            Self::Approved { who, phase } => {
                (format!("{who} approved “{phase}”"), format!("{who} aprobó «{phase}»"))
            }
            Self::Held { why } => (
                format!("The station holds an entry and does not count it yet: {why}"),
                format!("La estación retiene una entrada y aún no la cuenta: {why}"),
            ),
            Self::Released => (
                "The station now counts an entry that it held".into(),
                "La estación ya cuenta una entrada que retenía".into(),
            ),
            Self::Gap { count: 1 } => (
                "1 entry of one phone is missing and was declared lost".into(),
                "Falta 1 entrada de un teléfono, declarada perdida".into(),
            ),
            Self::Gap { count } => (
                format!("{count} entries of one phone are missing and were declared lost"),
                format!("Faltan {count} entradas de un teléfono, declaradas perdidas"),
            ),
            Self::Shredded { who } => (
                format!("{who} destroyed the contents of this record, by order"),
                format!("{who} destruyó el contenido de este registro, por orden"),
            ),
            Self::HeldNoGrant => (
                "its author had no part in this record".into(),
                "su autor no participaba en este registro".into(),
            ),
            Self::HeldAuthorMayNot => {
                ("its author may not make such an entry".into(), "su autor no puede hacer esa entrada".into())
            }
            Self::HeldRevoked => {
                ("the phone had been revoked".into(), "el teléfono había sido dado de baja".into())
            }
            Self::HeldOverLimit => ("it is over a limit".into(), "supera un límite".into()),
            Self::HeldDoesNotFit => (
                "it does not fit the protocol of this record".into(),
                "no corresponde al protocolo de este registro".into(),
            ),
            Self::HeldUnknown => (
                "for a reason that this version does not know".into(),
                "por un motivo que esta versión no conoce".into(),
            ),
            Self::WholeRecord => ("the whole record".into(), "todo el registro".into()),
            Self::Moved { who } => (
                format!("{who} moved the record to another version of the protocol"),
                format!("{who} pasó el registro a otra versión del protocolo"),
            ),
            Self::IncidentLinked { who } => (
                format!("{who} linked the record to a scene"),
                format!("{who} vinculó el registro a un mismo lugar"),
            ),
            Self::Reassigned { who, to } => {
                (format!("{who} gave the record to {to}"), format!("{who} asignó el registro a {to}"))
            }
            Self::Same { who, code } => (
                format!("{who}: this is the same contact as {code}"),
                format!("{who}: es el mismo contacto que {code}"),
            ),
            Self::NotSame { who } => (
                format!("{who}: this is a contact of its own after all"),
                format!("{who}: sí es un contacto aparte"),
            ),
            Self::Copied { who, step, code } => {
                (format!("{who}: {step}, copied from {code}"), format!("{who}: {step}, copiado de {code}"))
            }
        };
        language.pick(en, es)
    }
}
