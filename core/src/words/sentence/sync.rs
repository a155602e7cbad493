//! Sentences about what is on the phone, what the station has, and how phones stand.

use crate::words::Language;

/// A sentence and what it is about. Names and times come in as they are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncSentence<'a> {
    OnThisPhone { unsent: usize },
    StationHasIt,
    Synced { when: &'a str },
    Unsent { events: u64 },
    ClockWrong { by: &'a str },
    EntriesHeld { count: i32 },
    NewSinceOpened { count: u64 },
    PhonesHold { phones: usize, entries: i64, oldest: &'a str },
    PhonesHoldNothing,
    ClocksOff { count: usize },
    WaitsSince { when: &'a str },
    LastSeen { when: &'a str },
}

impl SyncSentence<'_> {
    /// The sentence in a language.
    pub fn text(&self, language: Language) -> String {
        let (en, es): (String, String) = match *self {
            Self::OnThisPhone { unsent: 1 } => (
                "On this phone; 1 entry not yet at the station".into(),
                "En este teléfono; 1 entrada aún no está en la estación".into(),
            ),
            Self::OnThisPhone { unsent } => (
                format!("On this phone; {unsent} entries not yet at the station"),
                format!("En este teléfono; {unsent} entradas aún no están en la estación"),
            ),
            Self::StationHasIt => ("The station has it".into(), "La estación lo tiene".into()),
            Self::Synced { when } => (format!("Last sync {when}"), format!("Última sincronización {when}")),
            Self::Unsent { events: 0 } => {
                ("Everything is at the station".into(), "Todo está en la estación".into())
            }
            Self::Unsent { events: 1 } => (
                "1 entry waits for a signal; it is safe here".into(),
                "1 entrada espera señal; aquí está segura".into(),
            ),
            Self::Unsent { events } => (
                format!("{events} entries wait for a signal; they are safe here"),
                format!("{events} entradas esperan señal; aquí están seguras"),
            ),
            Self::ClockWrong { by } => (
                format!(
                    "This phone’s clock is {by} off. Nothing is lost; please set it, and check the times you enter."
                ),
                format!(
                    "El reloj de este teléfono está desviado {by}. No se pierde nada; ajústelo y revise las horas que registre."
                ),
            ),
            Self::EntriesHeld { count: 1 } => ("1 entry held".into(), "1 entrada retenida".into()),
            Self::EntriesHeld { count } => {
                (format!("{count} entries held"), format!("{count} entradas retenidas"))
            }
            Self::NewSinceOpened { count: 1 } => (
                "1 new entry came in while this page was open; it is shown below.".into(),
                "Llegó 1 entrada nueva mientras esta página estaba abierta; se muestra abajo.".into(),
            ),
            Self::NewSinceOpened { count } => (
                format!("{count} new entries came in while this page was open; they are shown below."),
                format!(
                    "Llegaron {count} entradas nuevas mientras esta página estaba abierta; se muestran abajo."
                ),
            ),
            Self::PhonesHold { phones: 1, entries, oldest } => (
                format!("1 phone holds {entries} entries not yet here; the oldest waits {oldest}."),
                format!(
                    "1 teléfono tiene {entries} entradas que aún no están aquí; la más antigua espera {oldest}."
                ),
            ),
            Self::PhonesHold { phones, entries, oldest } => (
                format!("{phones} phones hold {entries} entries not yet here; the oldest waits {oldest}."),
                format!(
                    "{phones} teléfonos tienen {entries} entradas que aún no están aquí; la más antigua espera {oldest}."
                ),
            ),
            Self::PhonesHoldNothing => (
                "No phone has said that it holds entries which are not yet here.".into(),
                "Ningún teléfono ha dicho que tenga entradas que aún no están aquí.".into(),
            ),
            Self::ClocksOff { count: 1 } => {
                ("The clock of 1 phone is off.".into(), "El reloj de 1 teléfono está desviado.".into())
            }
            Self::ClocksOff { count } => (
                format!("The clocks of {count} phones are off."),
                format!("Los relojes de {count} teléfonos están desviados."),
            ),
            Self::WaitsSince { when } => (format!("since {when}"), format!("desde {when}")),
            Self::LastSeen { when } => (format!("last seen {when}"), format!("visto {when}")),
        };
        language.pick(en, es)
    }
}
