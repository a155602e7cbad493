//! What went wrong, as a deputy can understand it: what happened, what is safe, what to do.

use super::{Language, list};
use crate::protocol::{Author, Misfit};
use crate::record::{PhaseStatus, Refusal};

/// Trouble outside a record: the store, the network, the station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    WrongKey,
    NewerStore,
    CorruptStore,
    DiskFull,
    StoreFault,
    Closed,
    NoConnection,
    StationUnwell,
    NotTheStation,
    OtherProgramme,
    EnrolledElsewhere,
    NotEnrolledYet,
    EnrolmentRefused,
    CodeNotValid,
    Revoked,
    UpdateNeeded,
    NotAuthentic,
    CopyOfPhone,
    StationPutBack,
    EntryLost,
    HistoryDiffers,
    Cancelled,
    NoProtocol,
    BadProtocol { faults: usize },
    NoSuchRecord,
    BadText,
    NewerProtocol,
    OtherProtocol,
}

impl Trouble {
    /// The sentence.
    #[expect(clippy::too_many_lines, reason = "a table of sentences")]
    pub fn text(&self, language: Language) -> String {
        let (en, es) = match self {
            Self::WrongKey => (
                "This key does not open the records on this phone. They are still here and unharmed; unlock with the right one.",
                "Esta clave no abre los registros de este teléfono. Siguen aquí, intactos; desbloquee con la correcta.",
            ),
            Self::NewerStore => (
                "The records on this phone were written by a newer version of the app. They are unharmed; update the app to open them.",
                "Los registros de este teléfono los escribió una versión más nueva. Están intactos; actualice la aplicación para abrirlos.",
            ),
            Self::CorruptStore => (
                "The file with the records is damaged. It was set aside, not deleted, and can be examined; what the station has is safe. Tell your supervisor.",
                "El archivo de los registros está dañado. Se apartó sin borrarlo y puede examinarse; lo que tiene la estación está a salvo. Avise a su supervisor.",
            ),
            Self::DiskFull => (
                "The phone is full, so this entry was NOT saved. Free some space and enter it again; everything before it is safe.",
                "El teléfono está lleno y esta entrada NO se guardó. Libere espacio y regístrela de nuevo; todo lo anterior está a salvo.",
            ),
            Self::StoreFault => (
                "The phone could not write. This entry was NOT saved; everything before it is safe. Try again.",
                "El teléfono no pudo escribir. Esta entrada NO se guardó; todo lo anterior está a salvo. Intente de nuevo.",
            ),
            Self::Closed => (
                "The app is locked. Unlock it to go on.",
                "La aplicación está bloqueada. Desbloquéela para seguir.",
            ),
            Self::NoConnection => (
                "No connection to the station. Everything is safe on this phone and is sent when there is a signal.",
                "Sin conexión con la estación. Todo está seguro en este teléfono y se enviará cuando haya señal.",
            ),
            Self::StationUnwell => (
                "The station’s server does not answer as it should. Everything is safe on this phone; try again later.",
                "El servidor de la estación no responde como debe. Todo está seguro en este teléfono; intente más tarde.",
            ),
            Self::NotTheStation => (
                "What answered is not your station’s server. No record was sent. Tell your administrator.",
                "Lo que respondió no es el servidor de su estación. No se envió ningún registro. Avise a su administrador.",
            ),
            Self::OtherProgramme => (
                "This code is of another programme. This phone stays with its own, and nothing was sent. Tell your administrator.",
                "Este código es de otro programa. Este teléfono sigue con el suyo y no se envió nada. Avise a su administrador.",
            ),
            Self::EnrolledElsewhere => (
                "This phone is enrolled at another address. It stays there, and nothing was sent. Tell your administrator.",
                "Este teléfono está inscrito en otra dirección. Sigue en ella y no se envió nada. Avise a su administrador.",
            ),
            Self::NotEnrolledYet => (
                "This phone waits for approval by your administrator. You can record meanwhile; nothing is lost.",
                "Este teléfono espera la aprobación de su administrador. Mientras tanto puede registrar; no se pierde nada.",
            ),
            Self::EnrolmentRefused => (
                "Your administrator did not approve this phone. Ask for a new code.",
                "Su administrador no aprobó este teléfono. Pida un código nuevo.",
            ),
            Self::CodeNotValid => (
                "This code is not valid: it was used, has run out after 15 minutes, or was mistyped. Ask for a new one.",
                "Este código no es válido: ya se usó, venció a los 15 minutos o está mal escrito. Pida uno nuevo.",
            ),
            Self::Revoked => (
                "This phone was revoked. What you recorded is still taken by the station, and is held there for a person to look at.",
                "Este teléfono fue dado de baja. La estación aún recibe lo que registró y lo retiene para que una persona lo revise.",
            ),
            Self::UpdateNeeded => (
                "The app is too old to read from the station. What you recorded is still sent; please update the app.",
                "La aplicación es demasiado antigua para leer de la estación. Lo que registró sí se envía; actualice la aplicación.",
            ),
            Self::NotAuthentic => (
                "The station could not verify an entry of this phone and asks for it again. Nothing was lost. If this stays, tell your administrator.",
                "La estación no pudo verificar una entrada de este teléfono y la pide de nuevo. No se perdió nada. Si continúa, avise a su administrador.",
            ),
            Self::CopyOfPhone => (
                "This phone was put back from a copy, or copied. It goes on as a new phone, which your administrator must approve. You can record meanwhile; nothing was lost.",
                "Este teléfono se restauró de una copia, o se copió. Sigue como teléfono nuevo, que su administrador debe aprobar. Mientras tanto puede registrar; no se perdió nada.",
            ),
            Self::StationPutBack => (
                "The station’s server was put back to an earlier copy of itself. This phone has sent again what was missing there; nothing was lost here.",
                "El servidor de la estación se restauró de una copia anterior. Este teléfono envió de nuevo lo que allí faltaba; aquí no se perdió nada.",
            ),
            Self::EntryLost => (
                "An entry on this phone was damaged and could not be sent. The station knows that one is missing; everything else arrived. Look at the record and enter again what is gone.",
                "Una entrada de este teléfono se dañó y no se pudo enviar. La estación sabe que falta una; todo lo demás llegó. Revise el registro y vuelva a registrar lo que falte.",
            ),
            Self::HistoryDiffers => (
                "The station’s history of a record does not fit what this phone has seen. Nothing was changed here; tell your administrator.",
                "La historia de un registro en la estación no coincide con lo que vio este teléfono. Aquí no cambió nada; avise a su administrador.",
            ),
            Self::Cancelled => (
                "Sync was stopped. What had arrived stays; the rest is sent next time.",
                "La sincronización se detuvo. Lo que llegó queda; el resto se enviará la próxima vez.",
            ),
            Self::NoProtocol => (
                "There is no protocol on this phone yet. Sync once with the station before the first record.",
                "Todavía no hay protocolo en este teléfono. Sincronice una vez con la estación antes del primer registro.",
            ),
            Self::BadProtocol { .. } => (
                "This protocol has faults and was not taken up. The one before it stays in force.",
                "Este protocolo tiene errores y no se adoptó. Sigue vigente el anterior.",
            ),
            Self::NoSuchRecord => {
                ("This record is not on this phone.", "Este registro no está en este teléfono.")
            }
            Self::BadText => (
                "What was given is not in the right form. Nothing was changed.",
                "Lo indicado no tiene la forma correcta. No cambió nada.",
            ),
            Self::OtherProtocol => (
                "That is not a version of this record’s protocol. Nothing was changed.",
                "Esa no es una versión del protocolo de este registro. No cambió nada.",
            ),
            Self::NewerProtocol => (
                "The protocol of this record is not on this phone. Sync to fetch it; the record is kept.",
                "El protocolo de este registro no está en este teléfono. Sincronice para obtenerlo; el registro se conserva.",
            ),
        };
        language.pick(en, es).to_owned()
    }
}

/// Why a value does not fit.
pub fn misfit(misfit: &Misfit, language: Language) -> String {
    let (en, es) = match misfit {
        Misfit::WrongKind { .. } | Misfit::Unsorted => (
            "This is not the kind of answer that is asked for here.".to_owned(),
            "No es el tipo de respuesta que se pide aquí.".to_owned(),
        ),
        Misfit::NoSuchOption { .. } => {
            ("This is not one of the choices.".to_owned(), "No es una de las opciones.".to_owned())
        }
        Misfit::TooLong { chars, max } => (
            format!(
                "{chars} characters are too many; there is room for {max}. Nothing was cut; please shorten it."
            ),
            format!("{chars} caracteres son demasiados; caben {max}. No se cortó nada; acórtelo, por favor."),
        ),
        Misfit::OutOfRange { min, max, .. } => {
            (format!("It must be from {min} to {max}."), format!("Debe estar entre {min} y {max}."))
        }
        Misfit::SeveralLines { .. } => {
            ("This must be a single line.".to_owned(), "Debe ser una sola línea.".to_owned())
        }
        Misfit::Empty => (
            "Nothing was given. To remove an answer, take it back.".to_owned(),
            "No se indicó nada. Para quitar una respuesta, retírela.".to_owned(),
        ),
    };
    match language {
        Language::En => en,
        Language::Es => es,
    }
}

/// Why an act was refused. `title` gives the title of a step.
pub fn refusal(refusal: &Refusal, language: Language, title: &dyn Fn(&str) -> String) -> String {
    let (en, es) = match refusal {
        Refusal::DoesNotFit { misfit: fault, .. } => return misfit(fault, language),
        Refusal::NoSuchStep { .. } | Refusal::NoSuchField { .. } | Refusal::NoSuchEntry { .. } => (
            "The protocol of this record has no such question. Nothing was changed.".to_owned(),
            "El protocolo de este registro no tiene esa pregunta. No cambió nada.".to_owned(),
        ),
        Refusal::NotYours { by, .. } => {
            let (en, es) = match by {
                Author::Deputy => ("the deputy", "el agente"),
                Author::Detective => ("the detective", "el detective"),
                Author::Supervisor => ("the supervisor", "el supervisor"),
                Author::County => ("the county follow-up worker", "el personal de seguimiento del condado"),
            };
            (format!("This step is for {en}."), format!("Este paso corresponde a: {es}."))
        }
        Refusal::NothingGiven | Refusal::EmptyText => {
            ("Please write something first.".to_owned(), "Primero escriba algo.".to_owned())
        }
        Refusal::Fixed { .. } => (
            "This step is always possible, so it cannot be marked as “cannot”.".to_owned(),
            "Este paso siempre es posible; no se puede marcar como «no se puede».".to_owned(),
        ),
        Refusal::NoSuchReason { .. } => {
            ("Please choose one of the reasons.".to_owned(), "Elija uno de los motivos.".to_owned())
        }
        Refusal::ReasonNeeded { .. } => (
            "This was already submitted. Say in a few words why it changes; the old answer is kept."
                .to_owned(),
            "Esto ya se envió. Diga en pocas palabras por qué cambia; la respuesta anterior se conserva."
                .to_owned(),
        ),
        Refusal::StillOpen { steps } => {
            let titles: Vec<String> = steps.iter().map(|step| title(step)).collect();
            let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
            return super::RecordSentence::StillOpen { steps: &list(&titles, language) }.text(language);
        }
        Refusal::NotNow { status } => not_now(*status),
        Refusal::MayNot { .. } => (
            "Your role may not do this. Nothing was changed.".to_owned(),
            "Su función no puede hacer esto. No cambió nada.".to_owned(),
        ),
        Refusal::OwnWork { .. } => (
            "You answered steps of this record yourself, so another supervisor must approve it.".to_owned(),
            "Usted respondió pasos de este registro; debe aprobarlo otro supervisor.".to_owned(),
        ),
        Refusal::NoSuchThread => (
            "This comment or request is not here any more.".to_owned(),
            "Ese comentario o solicitud ya no está.".to_owned(),
        ),
        Refusal::NotShared { .. } => (
            "These facts are of one child, so they are not copied to another record.".to_owned(),
            "Estos datos son de una sola persona menor; no se copian a otro registro.".to_owned(),
        ),
        Refusal::SameVersion => (
            "This record is under that version already.".to_owned(),
            "Este registro ya está con esa versión.".to_owned(),
        ),
        Refusal::ItsOwn => (
            "Please choose another record; this is the one you are on.".to_owned(),
            "Elija otro registro; este es el que está viendo.".to_owned(),
        ),
        Refusal::TooLong { chars, max } => {
            return misfit(&Misfit::TooLong { chars: *chars, max: *max }, language);
        }
        Refusal::RecordFull => (
            "This record holds as much as one record can. Please start another one for what comes next."
                .to_owned(),
            "Este registro contiene todo lo que puede contener. Empiece otro para lo que sigue.".to_owned(),
        ),
        Refusal::ChangedTooOften => (
            "This was changed as often as it can be. Please write what changed as a note.".to_owned(),
            "Esto ya se cambió todas las veces posibles. Escriba lo que cambió en una nota.".to_owned(),
        ),
        Refusal::Void => (
            "This record was marked as opened by mistake. Take that back first.".to_owned(),
            "Este registro se marcó como abierto por error. Primero retire esa marca.".to_owned(),
        ),
    };
    match language {
        Language::En => en,
        Language::Es => es,
    }
}

fn not_now(status: PhaseStatus) -> (String, String) {
    match status {
        PhaseStatus::Open | PhaseStatus::Returned => (
            "This is not submitted, so there is nothing to review yet.".to_owned(),
            "Esto no se ha enviado; todavía no hay nada que revisar.".to_owned(),
        ),
        PhaseStatus::Submitted | PhaseStatus::Answered => {
            ("This was submitted already.".to_owned(), "Esto ya se envió.".to_owned())
        }
        PhaseStatus::Approved | PhaseStatus::Stale => {
            ("This was approved already.".to_owned(), "Esto ya se aprobó.".to_owned())
        }
    }
}
