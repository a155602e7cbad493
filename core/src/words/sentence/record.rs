//! Sentences about a record among others: its versions, its scene, what is disputed.

use crate::words::Language;

/// A sentence and what it is about. Names and times come in as they are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordSentence<'a> {
    OfferJoin { who: &'a str },
    StillOpen { steps: &'a str },
    ProtocolRecalled,
    Conflicts { count: i32 },
    CommentsOpen { count: i32 },
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
    IncidentLacks { facts: usize, record: &'a str },
    IncidentComplete,
}

impl RecordSentence<'_> {
    /// The sentence in a language.
    #[expect(clippy::too_many_lines, reason = "one table, both languages side by side")]
    pub fn text(&self, language: Language) -> String {
        let (en, es): (String, String) = match *self {
            Self::OfferJoin { who } => (
                format!("{who} asks you to take part in this record."),
                format!("{who} le pide participar en este registro."),
            ),
            Self::StillOpen { steps } => (
                format!("Still open: {steps}. Do them or say why they cannot be done."),
                format!("Sigue pendiente: {steps}. Hágalos o diga por qué no se pueden hacer."),
            ),
            Self::ProtocolRecalled => (
                "This version of the protocol was recalled. Ask the station before you go on.".into(),
                "Esta versión del protocolo fue retirada. Consulte a la estación antes de seguir.".into(),
            ),
            Self::Conflicts { count: 1 } => ("1 conflict".into(), "1 conflicto".into()),
            Self::Conflicts { count } => (format!("{count} conflicts"), format!("{count} conflictos")),
            Self::CommentsOpen { count: 1 } => ("1 open comment".into(), "1 comentario abierto".into()),
            Self::CommentsOpen { count } => {
                (format!("{count} open comments"), format!("{count} comentarios abiertos"))
            }
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
            Self::IncidentLacks { facts: 1, record } => (
                format!("1 entry of the scene is not yet in {record}."),
                format!("1 dato del lugar aún no está en {record}."),
            ),
            Self::IncidentLacks { facts, record } => (
                format!("{facts} entries of the scene are not yet in {record}."),
                format!("{facts} datos del lugar aún no están en {record}."),
            ),
            Self::IncidentComplete => (
                "The other records of this scene have what they share.".into(),
                "Los demás registros de este lugar ya tienen lo que comparten.".into(),
            ),
        };
        language.pick(en, es)
    }
}
