//! Fixed words: headings, buttons, states, names of fields.

use super::Language;

macro_rules! labels {
    ($($name:ident $key:literal: $en:literal / $es:literal,)*) => {
        /// A fixed word or phrase. Shells look it up by [`Label::key`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Label {
            $(#[doc = $en] $name,)*
        }

        impl Label {
            /// Every label.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name for shells, for example `button_submit`.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }

            /// The text.
            pub fn text(self, language: Language) -> &'static str {
                match self {
                    $(Self::$name => match language {
                        Language::En => $en,
                        Language::Es => $es,
                    },)*
                }
            }
        }
    };
}

labels! {
    AppName "app_name": "First Hours" / "First Hours",
    NewRecord "new_record": "New record" / "Registro nuevo",
    OpenRecords "open_records": "Your records" / "Sus registros",
    NoRecords "no_records": "No records on this phone yet." / "Todavía no hay registros en este teléfono.",
    NextStep "next_step": "Next step" / "Siguiente paso",
    NothingNext "nothing_next": "Nothing is waiting for you here." / "Aquí no queda nada pendiente para usted.",
    Steps "steps": "Steps" / "Pasos",
    Clocks "clocks": "Clocks" / "Plazos",
    Calls "calls": "Calls" / "Llamadas",
    Comments "comments": "Comments" / "Comentarios",
    Timeline "timeline": "Timeline" / "Cronología",
    Guidance "guidance": "What to do" / "Qué hacer",
    SayThis "say_this": "Say to the child" / "Diga a la niña o al niño",
    WhyThis "why_this": "Why" / "Por qué",
    Basis "basis": "Source" / "Fuente",
    Sourced "sourced": "from the source" / "según la fuente",
    Inferred "inferred": "inferred" / "inferido",
    ConfirmWithCounty "confirm_with_county": "to be confirmed by the county" / "por confirmar con el condado",
    PhaseScene "phase_scene": "At the scene" / "En el lugar",
    PhaseFollowUp "phase_follow_up": "Follow-up" / "Seguimiento",
    PhaseOutcome "phase_outcome": "Outcome" / "Resultado",
    ByDeputy "by_deputy": "Deputy" / "Agente",
    ByDetective "by_detective": "Detective" / "Detective",
    BySupervisor "by_supervisor": "Supervisor" / "Supervisor",
    ByCounty "by_county": "County follow-up worker" / "Personal de seguimiento del condado",
    StateTodo "state_todo": "To do" / "Por hacer",
    StateMayApply "state_may_apply": "May apply" / "Puede aplicar",
    StateStarted "state_started": "Started" / "Empezado",
    StateWaiting "state_waiting": "Waiting" / "En espera",
    StateDone "state_done": "Done" / "Hecho",
    StateCannot "state_cannot": "Cannot be done" / "No se puede hacer",
    StateNotApplicable "state_not_applicable": "Does not apply" / "No aplica",
    StateConflict "state_conflict": "Two answers" / "Dos respuestas",
    ClockWaiting "clock_waiting": "Not started" / "Sin empezar",
    ClockRunning "clock_running": "Running" / "En curso",
    ClockMet "clock_met": "Met" / "Cumplido",
    ClockMetLate "clock_met_late": "Met late" / "Cumplido tarde",
    ClockMissed "clock_missed": "Overdue" / "Vencido",
    ClockExcused "clock_excused": "Excused" / "Justificado",
    SoftTarget "soft_target": "target" / "meta",
    Urgent "urgent": "Urgent" / "Urgente",
    Required "required": "required" / "obligatorio",
    Optional "optional": "optional" / "opcional",
    Yes "yes": "Yes" / "Sí",
    No "no": "No" / "No",
    Now "now": "Now" / "Ahora",
    ButtonSave "button_save": "Save" / "Guardar",
    ButtonTakeBack "button_take_back": "Take back" / "Retirar",
    ButtonAddEntry "button_add_entry": "Add another" / "Agregar otro",
    ButtonAddCall "button_add_call": "Record a call" / "Registrar una llamada",
    ButtonWithdrawEntry "button_withdraw_entry": "Entered by mistake" / "Registrado por error",
    ButtonCannot "button_cannot": "Cannot be done" / "No se puede hacer",
    ButtonReopen "button_reopen": "It can be done after all" / "Sí se puede hacer",
    ButtonSubmit "button_submit": "Submit for review" / "Enviar a revisión",
    ButtonSubmitAgain "button_submit_again": "Send back for review" / "Devolver a revisión",
    ButtonReply "button_reply": "Reply" / "Responder",
    ButtonComment "button_comment": "Comment on this step" / "Comentar este paso",
    ButtonResolve "button_resolve": "Close this comment" / "Cerrar este comentario",
    ButtonReturn "button_return": "Send back" / "Devolver",
    ButtonApprove "button_approve": "Approve" / "Aprobar",
    ButtonVoid "button_void": "Opened by mistake" / "Abierto por error",
    ButtonUnvoid "button_unvoid": "Keep this record after all" / "Conservar este registro",
    ButtonNote "button_note": "Add a note" / "Agregar una nota",
    ButtonJoin "button_join": "Let another deputy join" / "Invitar a otro agente",
    ButtonAccept "button_accept": "Take part in this record" / "Participar en este registro",
    ButtonDecline "button_decline": "Decline" / "Rechazar",
    ButtonSync "button_sync": "Sync now" / "Sincronizar ahora",
    ButtonBack "button_back": "All records" / "Todos los registros",
    CannotWhy "cannot_why": "Why can it not be done?" / "¿Por qué no se puede hacer?",
    ReasonForChange "reason_for_change": "Reason for the change" / "Motivo del cambio",
    Note "note": "Note" / "Nota",
    YourReply "your_reply": "Your reply" / "Su respuesta",
    YourComment "your_comment": "Your comment" / "Su comentario",
    JoinWhom "join_whom": "Who joins?" / "¿Quién participa?",
    Number "number": "Number" / "Número",
    NoNumber "no_number": "No number in the directory for this station and hour." / "El directorio no tiene un número para esta estación y hora.",
    WithdrawnEntry "withdrawn_entry": "Entered by mistake; kept, not counted" / "Registrado por error; se conserva, no cuenta",
    NewerVersion "newer_version": "Made by a newer version of this app; kept and passed on" / "Hecho con una versión más nueva de la aplicación; se conserva y se transmite",
    BodyAbsent "body_absent": "Content not available here" / "Contenido no disponible aquí",
    CallCalledAt "call_called_at": "Called at" / "Hora de la llamada",
    CallChannel "call_channel": "Reached by" / "Medio",
    CallOutcome "call_outcome": "Outcome" / "Resultado",
    CallReference "call_reference": "Reference number" / "Número de referencia",
    CallArrivedAt "call_arrived_at": "Arrived at" / "Hora de llegada",
    CallUnavailable "call_unavailable_because": "Not coming, because" / "No viene, porque",
    ChannelTelephone "channel_telephone": "Telephone" / "Teléfono",
    ChannelRadio "channel_radio": "Radio" / "Radio",
    ChannelDispatch "channel_dispatch": "Dispatch" / "Central de despacho",
    OutcomeReached "outcome_reached": "Reached" / "Contestaron",
    OutcomeNoAnswer "outcome_no_answer": "No answer" / "No contestaron",
    OutcomeLeftMessage "outcome_left_message": "Left a message" / "Se dejó mensaje",
    OutcomeWrongNumber "outcome_wrong_number": "Wrong number" / "Número equivocado",
    SyncedNever "synced_never": "Not synced yet" / "Sin sincronizar todavía",
    Void "void": "Opened by mistake: kept, but not counted" / "Abierto por error: se conserva, pero no cuenta",
    Hidden "hidden": "Hidden until opened" / "Oculto hasta abrirlo",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_has_a_text_in_both_languages_and_a_key_of_its_own() {
        let mut keys = std::collections::BTreeSet::new();
        for label in Label::ALL {
            assert!(keys.insert(label.key()), "{} stands twice", label.key());
            for language in Language::ALL {
                assert!(!label.text(language).trim().is_empty(), "{}", label.key());
            }
        }
    }
}
