//! What the parts of a definition are called in a sentence: their own titles, in quotation marks.

use super::{Label, Language};
use crate::protocol::{
    Author, BasisState, Channel, Definition, Field, FieldClass, FieldKind, Opt, PartnerStep, Phase, Text,
};

/// The names of one definition in one language.
#[derive(Clone, Copy)]
pub(super) struct DefinitionNames<'d> {
    pub(super) definition: &'d Definition,
    pub(super) language: Language,
}

impl<'d> DefinitionNames<'d> {
    pub(super) fn text(self, text: &'d Text) -> String {
        self.quoted(text.get(self.language.code()))
    }

    pub(super) fn quoted(self, words: &str) -> String {
        match self.language {
            Language::En => format!("“{words}”"),
            Language::Es => format!("«{words}»"),
        }
    }

    /// The id stands in where there is no such thing: a definition that was loaded has none of these.
    fn named(self, id: &str, title: Option<&'d Text>) -> String {
        title.map_or_else(|| self.quoted(id), |title| self.text(title))
    }

    pub(super) fn step(self, id: &str) -> String {
        self.named(id, self.definition.step(id).map(|step| &step.title))
    }

    pub(super) fn partner(self, id: &str) -> String {
        self.named(id, self.definition.partner(id).map(|partner| &partner.title))
    }

    pub(super) fn clock(self, id: &str) -> String {
        let clock = self.definition.clocks.iter().find(|clock| clock.id == id);
        self.named(id, clock.map(|clock| &clock.title))
    }

    pub(super) fn calendar(self, id: &str) -> String {
        let calendar = self.definition.calendars.iter().find(|calendar| calendar.id == id);
        self.named(id, calendar.map(|calendar| &calendar.title))
    }

    pub(super) fn sheet(self, id: &str) -> String {
        let sheet = self.definition.sheets.iter().find(|sheet| sheet.id == id);
        self.named(id, sheet.map(|sheet| &sheet.title))
    }

    pub(super) fn find(self, step: &str, field: &str) -> Option<&'d Field> {
        self.definition.step(step).and_then(|step| step.field(field))
    }

    pub(super) fn field(self, step: &str, field: &str) -> String {
        let title = self.find(step, field).map(|field| field_title(field, self.language));
        self.quoted(title.as_deref().unwrap_or(field))
    }

    /// A field, with its step unless that is the one that is spoken of.
    pub(super) fn field_from(self, step: &str, field: &str, speaking_of: Option<&str>) -> String {
        if speaking_of == Some(step) {
            return self.field(step, field);
        }
        let (field, step) = (self.field(step, field), self.step(step));
        format!("{field} {} {step}", self.language.pick("in", "en"))
    }

    pub(super) fn option(self, step: &str, field: &str, option: &str) -> String {
        let options = self.find(step, field).map(|field| field.options.as_slice()).unwrap_or_default();
        self.option_in(options, option)
    }

    pub(super) fn option_in(self, options: &[Opt], id: &str) -> String {
        let title =
            options.iter().find(|option| option.id == id).map(|found| option_title(found, self.language));
        self.quoted(title.as_deref().unwrap_or(id))
    }

    pub(super) fn label(self, label: Label) -> &'static str {
        label.text(self.language)
    }
}

/// The title of a field; of a call's own field the app's word.
pub fn field_title(field: &Field, language: Language) -> String {
    if !field.title.is_empty() {
        return field.title.get(language.code()).to_owned();
    }
    let label = match field.id.as_str() {
        "called_at" => Label::CallCalledAt,
        "channel" => Label::CallChannel,
        "outcome" => Label::CallOutcome,
        "reference" => Label::CallReference,
        "arrived_at" => Label::CallArrivedAt,
        "unavailable_because" => Label::CallUnavailable,
        other => return other.to_owned(),
    };
    label.text(language).to_owned()
}

/// The title of an option; of a call's own options the app's word.
pub fn option_title(option: &Opt, language: Language) -> String {
    if !option.title.is_empty() {
        return option.title.get(language.code()).to_owned();
    }
    let label = match option.id.as_str() {
        "telephone" => Label::ChannelTelephone,
        "radio" => Label::ChannelRadio,
        "dispatch" => Label::ChannelDispatch,
        PartnerStep::REACHED => Label::OutcomeReached,
        "no_answer" => Label::OutcomeNoAnswer,
        "left_message" => Label::OutcomeLeftMessage,
        "wrong_number" => Label::OutcomeWrongNumber,
        other => return other.to_owned(),
    };
    label.text(language).to_owned()
}

pub(super) fn channel(channel: Channel) -> Label {
    match channel {
        Channel::Telephone => Label::ChannelTelephone,
        Channel::Radio => Label::ChannelRadio,
        Channel::Dispatch => Label::ChannelDispatch,
    }
}

pub(super) fn phase(phase: Phase) -> Label {
    match phase {
        Phase::Scene => Label::PhaseScene,
        Phase::FollowUp => Label::PhaseFollowUp,
        Phase::Outcome => Label::PhaseOutcome,
    }
}

pub(super) fn author(author: Author) -> Label {
    match author {
        Author::Deputy => Label::ByDeputy,
        Author::Detective => Label::ByDetective,
        Author::Supervisor => Label::BySupervisor,
        Author::County => Label::ByCounty,
    }
}

pub(super) fn basis_state(state: BasisState) -> Label {
    match state {
        BasisState::Sourced => Label::Sourced,
        BasisState::Inferred => Label::Inferred,
        BasisState::ConfirmWithCounty => Label::ConfirmWithCounty,
    }
}

/// What kind of answer a field takes.
pub(super) fn kind(kind: FieldKind, language: Language) -> &'static str {
    let (en, es) = match kind {
        FieldKind::Choice => ("one choice", "una opción"),
        FieldKind::Choices => ("one or more choices", "una o más opciones"),
        FieldKind::Flag => ("yes or no", "sí o no"),
        FieldKind::Moment => ("a day and time", "un día y una hora"),
        FieldKind::Count => ("a number", "un número"),
        FieldKind::Code => ("a number or code as written", "un número o código tal como está escrito"),
        FieldKind::Text => ("a line of text", "una línea de texto"),
        FieldKind::Note => ("a note", "una nota"),
    };
    language.pick(en, es)
}

/// How closely a field is kept.
pub(super) fn class(class: FieldClass, language: Language) -> &'static str {
    let (en, es) = match class {
        FieldClass::Step => ("what was done", "lo que se hizo"),
        FieldClass::Identity => ("who somebody is", "quién es alguien"),
        FieldClass::Location => ("where somebody is", "dónde está alguien"),
        FieldClass::Narrative => ("what happened, in words", "lo que pasó, en palabras"),
        FieldClass::Health => ("health and care", "salud y atención"),
    };
    language.pick(en, es)
}

/// A language by its name where the app knows it, else by its code.
pub(super) fn language_name(code: &str, language: Language) -> String {
    let (en, es) = match code {
        "en" => ("English", "inglés"),
        "es" => ("Spanish", "español"),
        "cy" => ("Welsh", "galés"),
        "ko" => ("Korean", "coreano"),
        "tl" => ("Tagalog", "tagalo"),
        "vi" => ("Vietnamese", "vietnamita"),
        other => return other.to_owned(),
    };
    language.pick(en, es).to_owned()
}

/// 1 = Monday … 7 = Sunday.
pub(super) fn weekday(day: u8, language: Language) -> &'static str {
    let (en, es) = match day {
        1 => ("Monday", "el lunes"),
        2 => ("Tuesday", "el martes"),
        3 => ("Wednesday", "el miércoles"),
        4 => ("Thursday", "el jueves"),
        5 => ("Friday", "el viernes"),
        6 => ("Saturday", "el sábado"),
        _ => ("Sunday", "el domingo"),
    };
    language.pick(en, es)
}
