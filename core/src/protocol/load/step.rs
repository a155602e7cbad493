//! Reads a step, its fields, and the fields that every call has.

use serde_json::Value as Json;

use super::read::{DefinitionReader, HasId, Object};
use super::{CHANNELS, most, option, options_under, rule};
use crate::protocol::fault::FaultKind;
use crate::protocol::path::Path;
use crate::protocol::{
    Author, Basis, BasisState, Channel, Comes, Field, FieldClass, FieldKind, FieldLimits, Opt, Partner,
    PartnerStep, Phase, Step, Text,
};

const PHASES: [(&str, Phase); 3] =
    [("scene", Phase::Scene), ("follow_up", Phase::FollowUp), ("outcome", Phase::Outcome)];

const AUTHORS: [(&str, Author); 4] = [
    ("deputy", Author::Deputy),
    ("detective", Author::Detective),
    ("supervisor", Author::Supervisor),
    ("county", Author::County),
];

const KINDS: [(&str, FieldKind); 8] = [
    ("choice", FieldKind::Choice),
    ("choices", FieldKind::Choices),
    ("flag", FieldKind::Flag),
    ("moment", FieldKind::Moment),
    ("count", FieldKind::Count),
    ("code", FieldKind::Code),
    ("text", FieldKind::Text),
    ("note", FieldKind::Note),
];

const CLASSES: [(&str, FieldClass); 5] = [
    ("step", FieldClass::Step),
    ("identity", FieldClass::Identity),
    ("location", FieldClass::Location),
    ("narrative", FieldClass::Narrative),
    ("health", FieldClass::Health),
];

const BASIS_STATES: [(&str, BasisState); 3] = [
    ("sourced", BasisState::Sourced),
    ("inferred", BasisState::Inferred),
    ("confirm_with_county", BasisState::ConfirmWithCounty),
];

pub(super) fn read(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>, partners: &[Partner]) -> Step {
    let mut it = reader.object(value, at);
    let id = it.required("id", DefinitionReader::id).unwrap_or_default();
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    let guidance = it.required("guidance", DefinitionReader::text).unwrap_or_default();
    let say = it.optional("say", DefinitionReader::speech);
    let why = it.required("why", DefinitionReader::text).unwrap_or_default();
    let phase = it.required("phase", |r, v, at| r.word(v, at, &PHASES)).unwrap_or(Phase::Scene);
    let by = it.required("by", |r, v, at| r.word(v, at, &AUTHORS)).unwrap_or(Author::Deputy);
    let applies = it.optional("applies", rule::condition);
    let required = it.flag("required", true);
    let urgent = it.flag("urgent", false);
    let fixed = it.flag("fixed", false);
    let repeats = it.flag("repeats", false);
    let shared = it.flag("shared", false);
    let partner = it.optional("partner", |r, v, at| Some(partner_step(r, v, at)));
    let is_call = partner.is_some();
    let own = it.optional("fields", |r, v, at| {
        r.list_by_id(v, at, most::FIELDS, |r, v, at| {
            let field = field(r, v, at);
            if is_call && PartnerStep::FIELDS.contains(&field.id.as_str()) {
                r.fault(&at.key("id"), FaultKind::CallField { id: field.id.clone() });
            }
            field
        })
    });
    let done_when = it.optional("done_when", rule::condition);
    let cannot_reasons = options_under(&mut it, "cannot_reasons").unwrap_or_default();
    let basis = it.optional("basis", |r, v, at| r.list(v, at, most::BASIS, basis)).unwrap_or_default();
    it.close();

    let mut fields = match &partner {
        Some(call) => call_fields(call.comes, partners.iter().find(|partner| partner.id == call.id)),
        None => Vec::new(),
    };
    fields.extend(own.unwrap_or_default());
    Step {
        id,
        title,
        guidance,
        say,
        why,
        phase,
        by,
        applies,
        required,
        urgent,
        fixed,
        repeats,
        shared,
        partner,
        fields,
        done_when,
        cannot_reasons,
        basis,
    }
}

fn partner_step(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> PartnerStep {
    let mut it = reader.object(value, at);
    let id = it.required("id", DefinitionReader::name).unwrap_or_default();
    let comes = it.required("comes", DefinitionReader::flag).unwrap_or(true);
    it.close();
    PartnerStep { id, comes: if comes { Comes::Yes } else { Comes::No } }
}

/// The fields of every call: [`PartnerStep::FIELDS`], the last two only where the partner comes.
fn call_fields(comes: Comes, partner: Option<&Partner>) -> Vec<Field> {
    let channels = partner.map(|partner| partner.reached_by.as_slice()).unwrap_or_default();
    let reasons = partner.map(|partner| partner.unavailable.clone()).unwrap_or_default();
    let [called_at, channel, outcome, reference, arrived_at, unavailable_because] = PartnerStep::FIELDS;
    let mut fields = vec![
        call_field(called_at, FieldKind::Moment, Vec::new(), true),
        call_field(
            channel,
            FieldKind::Choice,
            untitled(channels.iter().map(|way| channel_word(*way))),
            false,
        ),
        call_field(outcome, FieldKind::Choice, untitled(PartnerStep::OUTCOMES.into_iter()), true),
        call_field(reference, FieldKind::Code, Vec::new(), false),
    ];
    if comes == Comes::Yes {
        fields.push(call_field(arrived_at, FieldKind::Moment, Vec::new(), false));
        fields.push(call_field(unavailable_because, FieldKind::Choice, reasons, false));
    }
    fields
}

fn call_field(id: &str, kind: FieldKind, options: Vec<Opt>, required: bool) -> Field {
    Field {
        id: id.to_owned(),
        title: Text::default(),
        kind,
        options,
        limits: FieldLimits::default(),
        applies: None,
        required,
        class: FieldClass::Step,
    }
}

fn untitled<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<Opt> {
    ids.map(|id| Opt { id: id.to_owned(), title: Text::default() }).collect()
}

fn channel_word(channel: Channel) -> &'static str {
    CHANNELS.iter().find(|(_, way)| *way == channel).map_or("", |(word, _)| word)
}

fn field(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Field {
    let mut it = reader.object(value, at);
    let id = it.required("id", DefinitionReader::id).unwrap_or_default();
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    let kind = it.required("kind", |r, v, at| r.word(v, at, &KINDS));
    let options = field_options(&mut it, kind);
    let limits = limits(&mut it, kind);
    let applies = it.optional("applies", rule::condition);
    let required = it.flag("required", true);
    let class = it.optional("class", |r, v, at| r.word(v, at, &CLASSES)).unwrap_or(FieldClass::Step);
    it.close();
    Field { id, title, kind: kind.unwrap_or(FieldKind::Note), options, limits, applies, required, class }
}

fn field_options(it: &mut Object<'_, '_, '_>, kind: Option<FieldKind>) -> Vec<Opt> {
    let chooses = matches!(kind, Some(FieldKind::Choice | FieldKind::Choices));
    if !chooses {
        refuse_for_kind(it, "options", kind);
        return options_under(it, "options").unwrap_or_default();
    }
    let options = it.required("options", |r, v, at| {
        let options = r.list_by_id(v, at, most::OPTIONS, option)?;
        if options.is_empty() {
            r.fault(at, FaultKind::Empty);
        }
        Some(options)
    });
    options.unwrap_or_default()
}

/// A field may narrow the bounds of its kind, never widen them.
fn limits(it: &mut Object<'_, '_, '_>, kind: Option<FieldKind>) -> FieldLimits {
    let longest = match kind {
        Some(FieldKind::Code) => Some(FieldLimits::CODE_CHARS),
        Some(FieldKind::Text) => Some(FieldLimits::TEXT_CHARS),
        Some(FieldKind::Note) | None => Some(FieldLimits::NOTE_CHARS),
        Some(_) => None,
    };
    if longest.is_none() {
        refuse_for_kind(it, "max_chars", kind);
    }
    let longest = longest.unwrap_or(FieldLimits::NOTE_CHARS);
    let max_chars = it.optional("max_chars", |r, v, at| r.small(v, at, 1, longest));
    if kind != Some(FieldKind::Count) {
        refuse_for_kind(it, "min", kind);
        refuse_for_kind(it, "max", kind);
    }
    let min = it.optional("min", |r, v, at| r.whole(v, at, 0, FieldLimits::COUNT_MAX));
    let max = it.optional("max", |r, v, at| r.whole(v, at, 0, FieldLimits::COUNT_MAX));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let at = it.at;
        it.reader.fault(&at.key("min"), FaultKind::MinAboveMax { min, max });
    }
    FieldLimits { max_chars, min, max }
}

/// A name that says nothing for this kind of field; where the kind is not known, it may be right.
fn refuse_for_kind(it: &mut Object<'_, '_, '_>, name: &'static str, kind: Option<FieldKind>) {
    if let Some(kind) = kind
        && it.has(name)
    {
        let at = it.at;
        it.reader.fault(&at.key(name), FaultKind::NotForKind { kind });
    }
}

fn basis(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Basis {
    let mut it = reader.object(value, at);
    let source = it.required("source", DefinitionReader::plain).unwrap_or_default();
    let address = it.optional("address", DefinitionReader::plain);
    let state = it.required("state", |r, v, at| r.word(v, at, &BASIS_STATES)).unwrap_or(BasisState::Inferred);
    it.close();
    Basis { source, address, state }
}

impl HasId for Step {
    fn id(&self) -> &str {
        &self.id
    }
}

impl HasId for Field {
    fn id(&self) -> &str {
        &self.id
    }
}
