//! Sentences about a record as a whole: its versions, its scene, what is disputed, its sheets, its alarms.

use super::Language;

/// A sentence and what it is about. Names and times come in as they are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whole<'a> {
    EventMoved { who: &'a str },
    EventIncidentLinked { who: &'a str },
    EventReassigned { who: &'a str, to: &'a str },
    EventSame { who: &'a str, code: &'a str },
    EventNotSame { who: &'a str },
    EventCopied { who: &'a str, step: &'a str, code: &'a str },
    DisputeHolder { who: &'a str },
    DisputeVoid,
    DisputeVersion,
    DisputeIncident,
    DisputeSame,
    DisputePhase { phase: &'a str, counts_as: &'a str },
    SupervisorChooses,
    SameAs { code: &'a str },
    NewerVersion { version: u32 },
    VersionNotHere,
    UnderVersion { version: u32 },
    UnderEarlier,
    MoveFrom { from: u32, to: u32 },
    MoveKept { answers: usize },
    MoveCarried { answers: usize },
    MoveAsks { steps: usize },
    AlarmSoon { at: &'a str },
    AlarmDue,
    MetBefore { at: &'a str },
    FirstEntered { anchor: &'a str, sentence: &'a str },
    SheetMade { when: &'a str, who: &'a str },
    SheetNotRecorded,
    SheetByHand,
    SheetNotApplicable,
    SheetGaps { count: usize, rows: &'a str },
    SheetNoGaps,
    SheetDoneAt { when: &'a str },
    Attempt { when: &'a str, outcome: &'a str },
    AttemptBy { when: &'a str, how: &'a str, outcome: &'a str },
    AttemptArrived { when: &'a str },
    AttemptNotComing { because: &'a str },
    NotHereYet { since: &'a str },
    SceneLacks { facts: usize, record: &'a str },
    SceneComplete,
}

impl Whole<'_> {
    /// The sentence in a language.
    #[expect(clippy::too_many_lines, reason = "one table, both languages side by side")]
    pub fn text(&self, language: Language) -> String {
        let (en, es): (String, String) = match *self {
            Self::EventMoved { who } => (
                format!("{who} moved the record to another version of the protocol"),
                format!("{who} pasó el registro a otra versión del protocolo"),
            ),
            Self::EventIncidentLinked { who } => (
                format!("{who} linked the record to a scene"),
                format!("{who} vinculó el registro a un mismo lugar"),
            ),
            Self::EventReassigned { who, to } => {
                (format!("{who} gave the record to {to}"), format!("{who} asignó el registro a {to}"))
            }
            Self::EventSame { who, code } => (
                format!("{who}: this is the same contact as {code}"),
                format!("{who}: es el mismo contacto que {code}"),
            ),
            Self::EventNotSame { who } => (
                format!("{who}: this is a contact of its own after all"),
                format!("{who}: sí es un contacto aparte"),
            ),
            Self::EventCopied { who, step, code } => (
                format!("{who}: {step}, copied from {code}"),
                format!("{who}: {step}, copiado de {code}"),
            ),
            Self::DisputeHolder { who } => (
                format!(
                    "{who} took this record over without knowing of each other. All of them hold it, until one passes it on or a supervisor says who does."
                ),
                format!(
                    "{who} asumieron este registro sin saberlo entre sí. Lo tienen todos, hasta que alguien lo pase o un supervisor decida."
                ),
            ),
            Self::DisputeVoid => (
                "One person says that this record was opened by mistake, another that it was not. It stays in sight until one decides.".into(),
                "Una persona dice que este registro se abrió por error y otra que no. Queda a la vista hasta que se decida.".into(),
            ),
            Self::DisputeVersion => (
                "This record was moved to two versions of the protocol. It is read under the one that was chosen last; move it again to decide.".into(),
                "Este registro se pasó a dos versiones del protocolo. Se lee con la elegida al final; vuelva a pasarlo para decidir.".into(),
            ),
            Self::DisputeIncident => (
                "This record was linked to two scenes. Link it again to decide.".into(),
                "Este registro se vinculó a dos lugares. Vuelva a vincularlo para decidir.".into(),
            ),
            Self::DisputeSame => (
                "Supervisors differ on which record this one is the same contact as. Say it again to decide.".into(),
                "Los supervisores difieren sobre qué registro es el mismo contacto. Indíquelo de nuevo para decidir.".into(),
            ),
            Self::DisputePhase { phase, counts_as } => (
                format!("Two people acted on “{phase}” without knowing of each other. It counts as: {counts_as}."),
                format!("Dos personas actuaron sobre «{phase}» sin saberlo entre sí. Cuenta como: {counts_as}."),
            ),
            Self::SupervisorChooses => (
                "You can say which answer counts. Another supervisor must then approve.".into(),
                "Usted puede decidir qué respuesta cuenta. Después debe aprobar otro supervisor.".into(),
            ),
            Self::SameAs { code } => (
                format!("The same contact as {code}. It is counted once."),
                format!("El mismo contacto que {code}. Se cuenta una vez."),
            ),
            Self::NewerVersion { version } => (
                format!("Version {version} of the protocol is here. You can move this record to it."),
                format!("Ya está aquí la versión {version} del protocolo. Puede pasar este registro a ella."),
            ),
            Self::VersionNotHere => (
                "This record was moved to a version of the protocol that is not here yet. It is shown under the one before, and nothing is lost; sync to fetch it.".into(),
                "Este registro se pasó a una versión del protocolo que aún no está aquí. Se muestra con la anterior y no se pierde nada; sincronice para obtenerla.".into(),
            ),
            Self::UnderVersion { version } => {
                (format!("Answered under version {version}"), format!("Respondido con la versión {version}"))
            }
            Self::UnderEarlier => {
                ("Answered under another version".into(), "Respondido con otra versión".into())
            }
            Self::MoveFrom { from, to } => (
                format!("From version {from} to version {to}"),
                format!("De la versión {from} a la versión {to}"),
            ),
            Self::MoveKept { answers: 1 } => {
                ("1 answer stays where it is.".into(), "1 respuesta queda donde está.".into())
            }
            Self::MoveKept { answers } => (
                format!("{answers} answers stay where they are."),
                format!("{answers} respuestas quedan donde están."),
            ),
            Self::MoveCarried { answers: 0 } => {
                ("No answer loses its place.".into(), "Ninguna respuesta pierde su lugar.".into())
            }
            Self::MoveCarried { answers: 1 } => (
                "1 answer is not asked for any more. It is kept and stays in sight.".into(),
                "1 respuesta ya no se pide. Se conserva y queda a la vista.".into(),
            ),
            Self::MoveCarried { answers } => (
                format!("{answers} answers are not asked for any more. They are kept and stay in sight."),
                format!("{answers} respuestas ya no se piden. Se conservan y quedan a la vista."),
            ),
            Self::MoveAsks { steps: 0 } => {
                ("No further step opens.".into(), "No se abre ningún paso más.".into())
            }
            Self::MoveAsks { steps: 1 } => ("1 further step opens.".into(), "Se abre 1 paso más.".into()),
            Self::MoveAsks { steps } => {
                (format!("{steps} further steps open."), format!("Se abren {steps} pasos más."))
            }
            Self::AlarmSoon { at } => (format!("Something is due at {at}."), format!("Algo vence a las {at}.")),
            Self::AlarmDue => ("Something is due now.".into(), "Algo vence ahora.".into()),
            Self::MetBefore { at } => {
                (format!("Met at {at}, before it began"), format!("Cumplido a las {at}, antes de empezar"))
            }
            Self::FirstEntered { anchor, sentence } => (
                format!("As first entered, from {anchor}: {sentence}"),
                format!("Como se registró primero, desde {anchor}: {sentence}"),
            ),
            Self::SheetMade { when, who } => {
                (format!("Made {when} for {who}"), format!("Hecho {when} para {who}"))
            }
            Self::SheetNotRecorded => ("not recorded".into(), "sin registrar".into()),
            Self::SheetByHand => ("to be filled in by hand".into(), "para llenar a mano".into()),
            Self::SheetNotApplicable => ("does not apply".into(), "no aplica".into()),
            Self::SheetGaps { count: 1, rows } => (format!("1 gap: {rows}"), format!("1 dato falta: {rows}")),
            Self::SheetGaps { count, rows } => {
                (format!("{count} gaps: {rows}"), format!("Faltan {count} datos: {rows}"))
            }
            Self::SheetNoGaps => ("No gaps.".into(), "No falta ningún dato.".into()),
            Self::SheetDoneAt { when } => (format!("done, {when}"), format!("hecho, {when}")),
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
            Self::SceneLacks { facts: 1, record } => (
                format!("1 entry of the scene is not yet in {record}."),
                format!("1 dato del lugar aún no está en {record}."),
            ),
            Self::SceneLacks { facts, record } => (
                format!("{facts} entries of the scene are not yet in {record}."),
                format!("{facts} datos del lugar aún no están en {record}."),
            ),
            Self::SceneComplete => (
                "The other records of this scene have what they share.".into(),
                "Los demás registros de este lugar ya tienen lo que comparten.".into(),
            ),
        };
        match language {
            Language::En => en,
            Language::Es => es,
        }
    }
}
