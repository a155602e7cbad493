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
    Status "status": "Status" / "Estado",
    Review "review": "Review" / "Revisión",
    Details "details": "More about this step" / "Más sobre este paso",
    NoAnswer "no_answer": "No answer" / "Sin respuesta",
    Choose "choose": "Choose" / "Elija",
    MomentHint "moment_hint": "Day and time where it happened, or tick “Now”." / "Día y hora del lugar, o marque «Ahora».",
    WhichHour "which_hour": "This hour came twice that night. Which one was it?" / "Esa noche esta hora hubo dos veces. ¿Cuál fue?",
    FirstHour "first_hour": "The first one" / "La primera",
    SecondHour "second_hour": "The second one" / "La segunda",
    FaultMoment "fault_moment": "Give the day and the time, for example 2026-11-23T21:14." / "Indique el día y la hora, por ejemplo 2026-11-23T21:14.",
    FaultSkipped "fault_skipped": "That time did not exist: the clocks were put forward. Please check it." / "Esa hora no existió: se adelantaron los relojes. Revísela, por favor.",
    FaultCount "fault_count": "Give a whole number." / "Indique un número entero.",
    FaultForm "fault_form": "This form does not fit the record as it stands now. Nothing was saved; please look again." / "Este formulario ya no corresponde al registro. No se guardó nada; mírelo de nuevo.",
    LookAgain "look_again": "Not saved yet: please look at this" / "Aún no se guardó: revise esto",
    SaveNothing "save_nothing": "Nothing was changed." / "No cambió nada.",
    NewEntry "new_entry": "New entry" / "Entrada nueva",
    TheRecord "the_record": "The whole record" / "Todo el registro",
    ButtonCommentRecord "button_comment_record": "Comment on the whole record" / "Comentar todo el registro",
    CommentReturn "comment_return": "What is to be done? (optional; a comment at a step says it best)" / "¿Qué hay que hacer? (opcional; lo dice mejor un comentario en el paso)",
    ThreadOpen "thread_open": "Open" / "Abierto",
    ThreadReplied "thread_replied": "Answered" / "Respondido",
    ThreadResolved "thread_resolved": "Closed" / "Cerrado",
    StatusOpen "status_open": "Being recorded" / "En registro",
    StatusSubmitted "status_submitted": "Waiting for review" / "En espera de revisión",
    StatusReturned "status_returned": "Sent back" / "Devuelto",
    StatusAnswered "status_answered": "Answered, look again" / "Respondido, mirar de nuevo",
    StatusApproved "status_approved": "Approved" / "Aprobado",
    StatusStale "status_stale": "Changed after approval" / "Cambiado tras la aprobación",
    Queue "queue": "Review queue" / "Cola de revisión",
    QueueEmpty "queue_empty": "Nothing waits for you. New records appear here when a phone has synced." / "No hay nada pendiente. Los registros nuevos aparecen aquí cuando un teléfono sincroniza.",
    QueueWaits "queue_waits": "Waiting for review" / "En espera de revisión",
    QueueOthers "queue_others": "Still with the deputy" / "Todavía con el agente",
    ShowAll "show_all": "Show approved records too" / "Mostrar también los aprobados",
    ShowOpen "show_open": "Show only open records" / "Mostrar solo los abiertos",
    Record "record": "Record" / "Registro",
    WhereItStands "where_it_stands": "Where it stands" / "Cómo está",
    NextClock "next_clock": "Next clock" / "Próximo plazo",
    Holder "holder": "With" / "Con",
    WaitingSince "waiting_since": "Waiting since" / "En espera desde",
    Marks "marks": "Look at" / "Mirar",
    MorePages "more_pages": "Next 50" / "50 siguientes",
    Nobody "nobody": "Nobody" / "Nadie",
    HiddenTitle "hidden_title": "Hidden fields" / "Campos ocultos",
    HiddenWhy "hidden_why": "Names, places, health and the story stay hidden until you need them. The look is logged with your reason and shown below." / "Los nombres, lugares, salud y relato quedan ocultos hasta que los necesite. La consulta se registra con su motivo y se muestra abajo.",
    HiddenReason "hidden_reason": "Why do you need them?" / "¿Para qué los necesita?",
    HiddenShow "hidden_show": "Show hidden fields once" / "Mostrar una vez los campos ocultos",
    HiddenShown "hidden_shown": "Hidden fields are shown on this page, this once. Your look is logged." / "Los campos ocultos se muestran en esta página, solo esta vez. Su consulta quedó registrada.",
    ReasonReview "reason_review": "To review this record" / "Para revisar este registro",
    ReasonCare "reason_care": "To care for the child now" / "Para atender ahora a la persona menor",
    ReasonInvestigation "reason_investigation": "For the investigation" / "Para la investigación",
    ReasonCourt "reason_court": "For the court" / "Para el tribunal",
    WhoOpened "who_opened": "Who looked at this record" / "Quién vio este registro",
    LookedAt "looked_at": "opened the record" / "abrió el registro",
    LookedAtHidden "looked_at_hidden": "saw the hidden fields" / "vio los campos ocultos",
    LookedAtPhone "looked_at_phone": "received it on a phone" / "lo recibió en un teléfono",
    NotCounted "not_counted": "Not counted" / "No cuenta",
    UnknownProtocol "unknown_protocol": "The protocol of this record is not published here, so its steps cannot be shown." / "El protocolo de este registro no está publicado aquí; no se pueden mostrar sus pasos.",
    Phones "phones": "Phones" / "Teléfonos",
    NoPhones "no_phones": "No phone is enrolled yet." / "Todavía no hay teléfonos inscritos.",
    Phone "phone": "Phone" / "Teléfono",
    Person "person": "Person" / "Persona",
    LastSeen "last_seen": "Last seen" / "Visto por última vez",
    NotYetHere "not_yet_here": "Not yet here" / "Aún no está aquí",
    ClockOff "clock_off": "Clock is off by" / "Reloj desviado",
    Never "never": "never" / "nunca",
    PhoneWaiting "phone_waiting": "Waits for approval" / "Espera aprobación",
    PhoneApproved "phone_approved": "Approved" / "Aprobado",
    PhoneRefused "phone_refused": "Refused" / "Rechazado",
    PhoneRevoked "phone_revoked": "Revoked" / "Dado de baja",
    Fingerprint "fingerprint": "Compare with the phone’s screen before you approve" / "Compare con la pantalla del teléfono antes de aprobar",
    ButtonApprovePhone "button_approve_phone": "It is the same: approve" / "Es la misma: aprobar",
    ButtonRefusePhone "button_refuse_phone": "Refuse" / "Rechazar",
    ButtonRevokePhone "button_revoke_phone": "Revoke" / "Dar de baja",
    PhoneFollows "phone_follows": "Goes on from a copy of" / "Sigue a partir de una copia de",
    FollowsWhy "follows_why": "The records of an enrolled phone were put back or copied onto this one. Approve it if its owner says so; if the other phone is lost, revoke that one." / "Los registros de un teléfono aprobado se restauraron o se copiaron en este. Apruébelo si su dueño lo confirma; si el otro teléfono se perdió, délo de baja.",
    StationWasPutBack "station_was_put_back": "This server was put back to an earlier copy of itself" / "Este servidor se restauró de una copia anterior",
    PutBackWhy "put_back_why": "Each phone sends what is missing here when it next syncs. Phones that have not been here since may still hold it." / "Cada teléfono envía lo que aquí falta en su próxima sincronización. Los que no han venido desde entonces aún pueden tenerlo.",
    NotHereSince "not_here_since": "Phones not here since" / "Teléfonos que no han venido desde entonces",
    Sheets "sheets": "Sheets for others" / "Hojas para otros",
    SheetFor "sheet_for": "for" / "para",
    SheetAsText "sheet_as_text": "As plain text" / "Como texto sin formato",
    SheetPrint "sheet_print": "Print it from the browser. It says no more than the person it is for may know." / "Imprímala desde el navegador. No dice más de lo que debe saber la persona a quien va.",
    LookedAtSheet "looked_at_sheet": "made a sheet of it" / "hizo una hoja con él",
    Scene "scene": "Other children of this scene" / "Otras personas menores de este lugar",
    ButtonCopyScene "button_copy_within_incident": "Copy what they share into their records" / "Copiar a sus registros lo que comparten",
    ButtonAnotherChild "button_another_child": "Another child is here: begin their record" / "Hay otra persona menor aquí: abrir su registro",
    ButtonPass "button_pass": "Pass this record on" / "Pasar este registro a otro agente",
    PassWhom "pass_whom": "Who takes it over?" / "¿Quién lo asume?",
    ButtonReassign "button_reassign": "Give it to another deputy" / "Asignarlo a otro agente",
    ReassignWhom "reassign_whom": "Who holds it from now on?" / "¿Quién lo lleva desde ahora?",
    ButtonSame "button_same": "The same contact was recorded twice" / "El mismo contacto se registró dos veces",
    SameWhich "same_which": "Which record is it the same contact as?" / "¿Con qué registro es el mismo contacto?",
    ButtonNotSame "button_not_same": "It is a contact of its own after all" / "Sí es un contacto aparte",
    SeeChange "see_change": "See what would change" / "Ver qué cambiaría",
    WhatIsDifferent "what_is_different": "What is different" / "Qué es distinto",
    WhatBecomes "what_becomes": "What becomes of this record" / "Qué pasa con este registro",
    ButtonMove "button_move": "Move this record to the newer version" / "Pasar este registro a la versión nueva",
    ButtonStay "button_stay": "Leave it as it is" / "Dejarlo como está",
    RevokeWhy "revoke_why": "It may still send what it holds; it reads nothing any more." / "Aún puede enviar lo que tiene; ya no lee nada.",
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
