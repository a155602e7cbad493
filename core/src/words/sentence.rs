//! Sentences with something to fill in.

use super::Language;

/// A sentence and what it is about. Names and times come in as they are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sentence<'a> {
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
    ClockWaiting { anchor: &'a str },
    ClockRunning { left: &'a str, at: &'a str },
    ClockRunningOpen,
    ClockMet { at: &'a str },
    ClockMetLate { at: &'a str, late: &'a str },
    ClockMissed { over: &'a str, at: &'a str },
    ClockExcused,
    OnThisPhone { unsent: usize },
    StationHasIt,
    PhaseOpen,
    PhaseSubmitted { when: &'a str },
    PhaseReturned { who: &'a str, steps: usize },
    PhaseAnswered { when: &'a str },
    PhaseApproved { who: &'a str },
    PhaseStale,
    PhaseLine { phase: &'a str, sentence: &'a str },
    OfferJoin { who: &'a str },
    StillOpen { steps: &'a str },
    Synced { when: &'a str },
    Unsent { events: u64 },
    ClockWrong { by: &'a str },
    ProtocolRecalled,
    EventOpened { who: &'a str },
    EventAnswered { who: &'a str, step: &'a str },
    EventCannot { who: &'a str, step: &'a str, reason: &'a str },
    EventReopened { who: &'a str, step: &'a str },
    EventEntryWithdrawn { who: &'a str, step: &'a str },
    EventNoted { who: &'a str, about: &'a str },
    EventSubmitted { who: &'a str, phase: &'a str },
    EventVoided { who: &'a str },
    EventUnvoided { who: &'a str },
    EventShared { who: &'a str, to: &'a str },
    EventAccepted { who: &'a str },
    EventDeclined { who: &'a str },
    EventReplied { who: &'a str },
    EventCommented { who: &'a str, about: &'a str },
    EventResolved { who: &'a str },
    EventReturned { who: &'a str, phase: &'a str },
    EventApproved { who: &'a str, phase: &'a str },
    EventHeld { why: &'a str },
    EventReleased,
    EventGap { count: u64 },
    EventShredded { who: &'a str },
    HeldNoGrant,
    HeldAuthorMayNot,
    HeldRevoked,
    HeldOverLimit,
    HeldDoesNotFit,
    HeldUnknown,
    WholeRecord,
    AtMostChars { max: i32 },
    OtherClocks { count: usize },
    StepsNotApplicable { count: usize },
    EntryNumber { number: usize },
    Conflicts { count: i32 },
    CommentsOpen { count: i32 },
    EntriesHeld { count: i32 },
    NewSinceOpened { count: u64 },
    PhonesHold { phones: usize, entries: i64, oldest: &'a str },
    PhonesHoldNothing,
    ClocksOff { count: usize },
    WaitsSince { when: &'a str },
    LastSeen { when: &'a str },
}

impl Sentence<'_> {
    /// The sentence in a language.
    #[expect(clippy::too_many_lines, reason = "one table, both languages side by side")]
    pub fn text(&self, language: Language) -> String {
        let (en, es) = match *self {
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
            Self::ClockWaiting { anchor } => {
                (format!("Starts with “{anchor}”."), format!("Empieza con «{anchor}»."))
            }
            Self::ClockRunning { left, at } => {
                (format!("{left} left, until {at}"), format!("Quedan {left}, hasta {at}"))
            }
            Self::ClockRunningOpen => ("Running".into(), "En curso".into()),
            Self::ClockMet { at } => (format!("Met at {at}"), format!("Cumplido a las {at}")),
            Self::ClockMetLate { at, late } => {
                (format!("Met at {at}, {late} late"), format!("Cumplido a las {at}, {late} tarde"))
            }
            Self::ClockMissed { over, at } => {
                (format!("{over} overdue, was due {at}"), format!("Vencido hace {over}, era para {at}"))
            }
            Self::ClockExcused => ("Excused".into(), "Justificado".into()),
            Self::OnThisPhone { unsent: 1 } => {
                ("On this phone; 1 entry not yet at the station".into(), "En este teléfono; 1 entrada aún no está en la estación".into())
            }
            Self::OnThisPhone { unsent } => (
                format!("On this phone; {unsent} entries not yet at the station"),
                format!("En este teléfono; {unsent} entradas aún no están en la estación"),
            ),
            Self::StationHasIt => ("The station has it".into(), "La estación lo tiene".into()),
            Self::PhaseOpen => ("being recorded".into(), "en registro".into()),
            Self::PhaseSubmitted { when } => {
                (format!("waiting for review since {when}"), format!("en espera de revisión desde {when}"))
            }
            Self::PhaseReturned { who, steps: 0 } => {
                (format!("sent back by {who}"), format!("devuelto por {who}"))
            }
            Self::PhaseReturned { who, steps: 1 } => {
                (format!("sent back by {who}, 1 step"), format!("devuelto por {who}, 1 paso"))
            }
            Self::PhaseReturned { who, steps } => {
                (format!("sent back by {who}, {steps} steps"), format!("devuelto por {who}, {steps} pasos"))
            }
            Self::PhaseAnswered { when } => {
                (format!("answered, look again (since {when})"), format!("respondido, mirar de nuevo (desde {when})"))
            }
            Self::PhaseApproved { who } => (format!("approved by {who}"), format!("aprobado por {who}")),
            Self::PhaseStale => (
                "approved before a later change; look again".into(),
                "aprobado antes de un cambio posterior; mirar de nuevo".into(),
            ),
            Self::PhaseLine { phase, sentence } => (format!("{phase}: {sentence}"), format!("{phase}: {sentence}")),
            Self::OfferJoin { who } => (
                format!("{who} asks you to take part in this record."),
                format!("{who} le pide participar en este registro."),
            ),
            Self::StillOpen { steps } => (
                format!("Still open: {steps}. Do them or say why they cannot be done."),
                format!("Sigue pendiente: {steps}. Hágalos o diga por qué no se pueden hacer."),
            ),
            Self::Synced { when } => (format!("Last sync {when}"), format!("Última sincronización {when}")),
            Self::Unsent { events: 0 } => {
                ("Everything is at the station".into(), "Todo está en la estación".into())
            }
            Self::Unsent { events: 1 } => ("1 entry waits for a signal; it is safe here".into(), "1 entrada espera señal; aquí está segura".into()),
            Self::Unsent { events } => (
                format!("{events} entries wait for a signal; they are safe here"),
                format!("{events} entradas esperan señal; aquí están seguras"),
            ),
            Self::ClockWrong { by } => (
                format!("This phone’s clock is {by} off. Nothing is lost; please set it, and check the times you enter."),
                format!("El reloj de este teléfono está desviado {by}. No se pierde nada; ajústelo y revise las horas que registre."),
            ),
            Self::ProtocolRecalled => (
                "This version of the protocol was recalled. Ask the station before you go on.".into(),
                "Esta versión del protocolo fue retirada. Consulte a la estación antes de seguir.".into(),
            ),
            Self::EventOpened { who } => (format!("{who} opened the record"), format!("{who} abrió el registro")),
            Self::EventAnswered { who, step } => (format!("{who}: {step}"), format!("{who}: {step}")),
            Self::EventCannot { who, step, reason } => (
                format!("{who}: “{step}” cannot be done ({reason})"),
                format!("{who}: «{step}» no se puede hacer ({reason})"),
            ),
            Self::EventReopened { who, step } => {
                (format!("{who}: “{step}” can be done after all"), format!("{who}: «{step}» sí se puede hacer"))
            }
            Self::EventEntryWithdrawn { who, step } => (
                format!("{who} withdrew an entry of “{step}”"),
                format!("{who} retiró una entrada de «{step}»"),
            ),
            Self::EventNoted { who, about } => {
                (format!("{who} noted at “{about}”"), format!("{who} anotó en «{about}»"))
            }
            Self::EventSubmitted { who, phase } => {
                (format!("{who} submitted “{phase}” for review"), format!("{who} envió «{phase}» a revisión"))
            }
            Self::EventVoided { who } => {
                (format!("{who}: opened by mistake"), format!("{who}: abierto por error"))
            }
            Self::EventUnvoided { who } => {
                (format!("{who}: keep the record after all"), format!("{who}: conservar el registro"))
            }
            Self::EventShared { who, to } => {
                (format!("{who} asked {to} to take part"), format!("{who} pidió a {to} que participe"))
            }
            Self::EventAccepted { who } => (format!("{who} takes part"), format!("{who} participa")),
            Self::EventDeclined { who } => (format!("{who} declined"), format!("{who} rechazó participar")),
            Self::EventReplied { who } => (format!("{who} replied"), format!("{who} respondió")),
            Self::EventCommented { who, about } => {
                (format!("{who} commented on “{about}”"), format!("{who} comentó «{about}»"))
            }
            Self::EventResolved { who } => {
                (format!("{who} closed a comment"), format!("{who} cerró un comentario"))
            }
            Self::EventReturned { who, phase } => {
                (format!("{who} sent “{phase}” back"), format!("{who} devolvió «{phase}»"))
            }
            Self::EventApproved { who, phase } => {
                (format!("{who} approved “{phase}”"), format!("{who} aprobó «{phase}»"))
            }
            Self::EventHeld { why } => (
                format!("The station holds an entry and does not count it yet: {why}"),
                format!("La estación retiene una entrada y aún no la cuenta: {why}"),
            ),
            Self::EventReleased => (
                "The station now counts an entry that it held".into(),
                "La estación ya cuenta una entrada que retenía".into(),
            ),
            Self::EventGap { count: 1 } => (
                "1 entry of one phone is missing and was declared lost".into(),
                "Falta 1 entrada de un teléfono, declarada perdida".into(),
            ),
            Self::EventGap { count } => (
                format!("{count} entries of one phone are missing and were declared lost"),
                format!("Faltan {count} entradas de un teléfono, declaradas perdidas"),
            ),
            Self::EventShredded { who } => (
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
            Self::HeldRevoked => ("the phone had been revoked".into(), "el teléfono había sido dado de baja".into()),
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
            Self::AtMostChars { max } => {
                (format!("At most {max} characters"), format!("Como máximo {max} caracteres"))
            }
            Self::OtherClocks { count: 1 } => ("1 other clock".into(), "1 plazo más".into()),
            Self::OtherClocks { count } => (format!("{count} other clocks"), format!("{count} plazos más")),
            Self::StepsNotApplicable { count: 1 } => ("1 step does not apply".into(), "1 paso no aplica".into()),
            Self::StepsNotApplicable { count } => {
                (format!("{count} steps do not apply"), format!("{count} pasos no aplican"))
            }
            Self::EntryNumber { number } => (format!("Entry {number}"), format!("Entrada {number}")),
            Self::Conflicts { count: 1 } => ("1 conflict".into(), "1 conflicto".into()),
            Self::Conflicts { count } => (format!("{count} conflicts"), format!("{count} conflictos")),
            Self::CommentsOpen { count: 1 } => ("1 open comment".into(), "1 comentario abierto".into()),
            Self::CommentsOpen { count } => {
                (format!("{count} open comments"), format!("{count} comentarios abiertos"))
            }
            Self::EntriesHeld { count: 1 } => ("1 entry held".into(), "1 entrada retenida".into()),
            Self::EntriesHeld { count } => (format!("{count} entries held"), format!("{count} entradas retenidas")),
            Self::NewSinceOpened { count: 1 } => (
                "1 new entry came in while this page was open; it is shown below.".into(),
                "Llegó 1 entrada nueva mientras esta página estaba abierta; se muestra abajo.".into(),
            ),
            Self::NewSinceOpened { count } => (
                format!("{count} new entries came in while this page was open; they are shown below."),
                format!("Llegaron {count} entradas nuevas mientras esta página estaba abierta; se muestran abajo."),
            ),
            Self::PhonesHold { phones: 1, entries, oldest } => (
                format!("1 phone holds {entries} entries not yet here; the oldest waits {oldest}."),
                format!("1 teléfono tiene {entries} entradas que aún no están aquí; la más antigua espera {oldest}."),
            ),
            Self::PhonesHold { phones, entries, oldest } => (
                format!("{phones} phones hold {entries} entries not yet here; the oldest waits {oldest}."),
                format!("{phones} teléfonos tienen {entries} entradas que aún no están aquí; la más antigua espera {oldest}."),
            ),
            Self::PhonesHoldNothing => (
                "No phone has said that it holds entries which are not yet here.".into(),
                "Ningún teléfono ha dicho que tenga entradas que aún no están aquí.".into(),
            ),
            Self::ClocksOff { count: 1 } => (
                "The clock of 1 phone is off.".into(),
                "El reloj de 1 teléfono está desviado.".into(),
            ),
            Self::ClocksOff { count } => (
                format!("The clocks of {count} phones are off."),
                format!("Los relojes de {count} teléfonos están desviados."),
            ),
            Self::WaitsSince { when } => (format!("since {when}"), format!("desde {when}")),
            Self::LastSeen { when } => (format!("last seen {when}"), format!("visto {when}")),
        };
        let (en, es): (String, String) = (en, es);
        match language {
            Language::En => en,
            Language::Es => es,
        }
    }
}

/// `a, b and c`, or `a, b y c`.
pub fn list(items: &[&str], language: Language) -> String {
    match items {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => {
            format!("{} {} {last}", first.join(", "), language.pick("and", "y"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_a_sentence() {
        assert_eq!(list(&["a"], Language::En), "a");
        assert_eq!(list(&["a", "b", "c"], Language::Es), "a, b y c");
    }
}
