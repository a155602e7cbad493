//! What has changed between two versions of a protocol, in sentences.

mod part;

use super::name::{DefinitionNames, author, basis_state, class, kind, language_name, phase};
use super::{Language, list};
use crate::protocol::{
    Basis, BasisChange, Change, Comes, Definition, FieldChange, FieldLimits, InLanguages, OptionChange,
    PartnerStep, ProtocolChange, StepChange, Text,
};

/// A change as a person reads it: one sentence, with what it was before in brackets where that helps.
pub fn change_sentence(change: &Change, old: &Definition, new: &Definition, language: Language) -> String {
    let talk = Wording {
        was: DefinitionNames { definition: old, language },
        is: DefinitionNames { definition: new, language },
        language,
    };
    match change {
        Change::Protocol(what) => talk.protocol(what),
        Change::Step { id, what } => talk.step(id, what),
        Change::Field { step, field, what } => talk.field(step, field, what),
        Change::Clock { id, what } => talk.clock(id, what),
        Change::Partner { id, what } => talk.partner(id, what),
        Change::Calendar { id, what } => talk.calendar(id, what),
        Change::Sheet { id, what } => talk.sheet(id, what),
    }
}

/// Both versions, and the language they are talked about in.
#[derive(Clone, Copy)]
struct Wording<'d> {
    was: DefinitionNames<'d>,
    is: DefinitionNames<'d>,
    language: Language,
}

impl Wording<'_> {
    fn pick<T>(self, en: T, es: T) -> T {
        self.language.pick(en, es)
    }

    /// `X is now A (before: B).`: `x` is what the sentence begins with, with its verb.
    fn now_and_before(self, x: &str, now: &str, before: &str) -> String {
        let was = self.pick("before", "antes");
        format!("{x} {now} ({was}: {before}).")
    }

    fn renamed(self, was: &str, is: &str, languages: &InLanguages) -> String {
        if self.is_said(languages) {
            return self.pick(format!("{was} is now called {is}."), format!("{was} ahora se llama {is}."));
        }
        let where_ = self.names_of(languages);
        self.pick(
            format!("The name of {is} has changed in: {where_}."),
            format!("El nombre de {is} ha cambiado en: {where_}."),
        )
    }

    /// The words of `what` are now these; where only other languages changed, which ones.
    fn rewritten(self, what: &str, now: &Text, languages: &InLanguages) -> String {
        if self.is_said(languages) {
            return self.now_reads(what, now);
        }
        let where_ = self.names_of(languages);
        self.pick(format!("{what} has changed in: {where_}."), format!("{what} ha cambiado en: {where_}."))
    }

    fn now_reads(self, what: &str, now: &Text) -> String {
        let now = self.is.text(now);
        self.pick(format!("{what} now reads: {now}"), format!("{what} ahora dice: {now}"))
    }

    /// Whether the language that is spoken here is among those whose words changed.
    fn is_said(self, languages: &InLanguages) -> bool {
        languages.iter().any(|language| language == self.language.code())
    }

    fn names_of(self, codes: &[String]) -> String {
        let names: Vec<String> = codes.iter().map(|code| language_name(code, self.language)).collect();
        self.list(&names)
    }

    fn list(self, items: &[String]) -> String {
        list(&items.iter().map(String::as_str).collect::<Vec<&str>>(), self.language)
    }

    /// `after` is the name of what it follows now; nothing where it is the first.
    fn moved(self, it: &str, after: Option<String>) -> String {
        match after {
            Some(after) => self
                .pick(format!("{it} now comes after {after}."), format!("{it} ahora va después de {after}.")),
            None => self.pick(format!("{it} now comes first."), format!("{it} ahora va en primer lugar.")),
        }
    }

    fn protocol(self, what: &ProtocolChange) -> String {
        let (old, new) = (self.was.definition, self.is.definition);
        match what {
            ProtocolChange::Id { from, to } => self.pick(
                format!("These are two protocols, not two versions of one: “{from}” and “{to}”."),
                format!("Son dos protocolos, no dos versiones de uno: «{from}» y «{to}»."),
            ),
            ProtocolChange::Version { from, to } => self.now_and_before(
                self.pick("This is version", "Esta es la versión"),
                &to.to_string(),
                &from.to_string(),
            ),
            ProtocolChange::Effective { from, to } => {
                self.now_and_before(self.pick("In force from", "En vigor desde"), to, from)
            }
            ProtocolChange::Supersedes { to: None, .. } => self.pick(
                "It no longer names a version that it replaces.".into(),
                "Ya no nombra una versión a la que reemplaza.".into(),
            ),
            ProtocolChange::Supersedes { from, to: Some(to) } => {
                let before = from.as_deref().unwrap_or(self.pick("none", "ninguna"));
                self.now_and_before(self.pick("It replaces the version", "Reemplaza la versión"), to, before)
            }
            ProtocolChange::TimeZone { from, to } => {
                self.now_and_before(self.pick("Times are those of", "Las horas son las de"), to, from)
            }
            ProtocolChange::Title(languages) => {
                self.renamed(&self.was.text(&old.title), &self.is.text(&new.title), languages)
            }
            ProtocolChange::Jurisdiction(languages) => {
                self.rewritten(self.pick("Where it applies", "Dónde se aplica"), &new.jurisdiction, languages)
            }
            ProtocolChange::Changes(languages) => self.rewritten(
                self.pick("The note on what has changed", "La nota sobre los cambios"),
                &new.changes,
                languages,
            ),
            ProtocolChange::LanguageAdded(code) => {
                let name = language_name(code, self.language);
                self.pick(format!("It is now also in {name}."), format!("Ahora está también en {name}."))
            }
            ProtocolChange::LanguageRemoved(code) => {
                let name = language_name(code, self.language);
                self.pick(format!("It is no longer in {name}."), format!("Ya no está en {name}."))
            }
            ProtocolChange::LanguagesReordered => {
                let x = self.pick("The order of its languages is", "El orden de sus idiomas es");
                self.now_and_before(x, &self.names_of(&new.languages), &self.names_of(&old.languages))
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "one table, both languages side by side")]
    fn step(self, id: &str, what: &StepChange) -> String {
        let step = if *what == StepChange::Removed { self.was.step(id) } else { self.is.step(id) };
        let (old, new) = (self.was.definition.step(id), self.is.definition.step(id));
        let (Some(old), Some(new)) = (old.or(new), new.or(old)) else { return step };
        match what {
            StepChange::Added => {
                let whose = self.is.label(author(new.by));
                let after = previous(&self.is.definition.steps, |step| &step.id, id).map_or_else(
                    || self.pick("first", "al principio").to_owned(),
                    |before| format!("{} {}", self.pick("after", "después de"), self.is.step(before)),
                );
                self.pick(
                    format!("New step: {step}, {after} ({whose})."),
                    format!("Paso nuevo: {step}, {after} ({whose})."),
                )
            }
            StepChange::Removed => {
                self.pick(format!("The step {step} is gone."), format!("El paso {step} ya no está."))
            }
            StepChange::Moved => {
                let after = previous(&self.is.definition.steps, |step| &step.id, id);
                self.moved(&step, after.map(|before| self.is.step(before)))
            }
            StepChange::Title(languages) => self.renamed(&self.was.step(id), &step, languages),
            StepChange::Guidance(languages) => {
                let x = format!("{step}: {}", self.pick("what to do", "lo que hay que hacer"));
                self.rewritten(&x, &new.guidance, languages)
            }
            StepChange::Say(languages) => {
                let x = format!(
                    "{step}: {}",
                    self.pick("what to say to the child", "lo que se dice a la persona menor")
                );
                match &new.say {
                    Some(say) => self.rewritten(&x, say, languages),
                    None => x,
                }
            }
            StepChange::SayAdded => {
                let say = new.say.as_ref().map(|say| self.is.text(say)).unwrap_or_default();
                self.pick(
                    format!("{step} now has words to say to the child: {say}"),
                    format!("{step} ahora tiene palabras para decir a la persona menor: {say}"),
                )
            }
            StepChange::SayRemoved => self.pick(
                format!("{step} no longer has words to say to the child."),
                format!("{step} ya no tiene palabras para decir a la persona menor."),
            ),
            StepChange::Why(languages) => {
                let x = format!("{step}: {}", self.pick("why it is done", "por qué se hace"));
                self.rewritten(&x, &new.why, languages)
            }
            StepChange::Phase { from, to } => {
                let x = format!("{step} {}", self.pick("is now part of", "ahora es parte de"));
                let [to, from] = [to, from].map(|it| self.is.quoted(self.is.label(phase(*it))));
                self.now_and_before(&x, &to, &from)
            }
            StepChange::By { from, to } => {
                let x = format!("{step} {}", self.pick("is now for:", "ahora es para:"));
                self.now_and_before(&x, self.is.label(author(*to)), self.is.label(author(*from)))
            }
            StepChange::Applies => {
                let always = self.pick("always", "siempre");
                let now = self.is.condition_or(always, new.applies.as_ref(), Some(id));
                let before = self.was.condition_or(always, old.applies.as_ref(), Some(id));
                let x = format!("{step} {}", self.pick("now applies if:", "ahora aplica si:"));
                self.now_and_before(&x, &now, &before)
            }
            StepChange::Required(true) => {
                self.pick(format!("{step} is now required."), format!("{step} ahora es obligatorio."))
            }
            StepChange::Required(false) => {
                self.pick(format!("{step} is now optional."), format!("{step} ahora es opcional."))
            }
            StepChange::Urgent(true) => self.pick(
                format!("{step} is now urgent: it comes before everything else."),
                format!("{step} ahora es urgente: va antes que todo lo demás."),
            ),
            StepChange::Urgent(false) => {
                self.pick(format!("{step} is no longer urgent."), format!("{step} ya no es urgente."))
            }
            StepChange::Fixed(true) => self.pick(
                format!("{step} may no longer be marked as “cannot be done”."),
                format!("{step} ya no se puede marcar como «no se puede hacer»."),
            ),
            StepChange::Fixed(false) => self.pick(
                format!("{step} may now be marked as “cannot be done”."),
                format!("{step} ahora se puede marcar como «no se puede hacer»."),
            ),
            StepChange::Repeats(true) => self.pick(
                format!("{step} may now have several entries."),
                format!("{step} ahora puede tener varias entradas."),
            ),
            StepChange::Repeats(false) => self.pick(
                format!("{step} now has one entry only."),
                format!("{step} ahora tiene una sola entrada."),
            ),
            StepChange::Shared(true) => self.pick(
                format!("{step} is now entered once for all children of one incident."),
                format!("{step} ahora se registra una vez para todas las personas menores de un incidente."),
            ),
            StepChange::Shared(false) => self.pick(
                format!("{step} is now entered for each child on its own."),
                format!("{step} ahora se registra por separado para cada persona menor."),
            ),
            StepChange::Partner { from, to } => self.call(&step, from.as_ref(), to.as_ref()),
            StepChange::DoneWhen => {
                let answered =
                    self.pick("all that is required is answered", "todo lo obligatorio tiene respuesta");
                let now = self.is.condition_or(answered, new.done_when.as_ref(), Some(id));
                let before = self.was.condition_or(answered, old.done_when.as_ref(), Some(id));
                let x = format!("{step} {}", self.pick("is now done when:", "ahora está hecho cuando:"));
                self.now_and_before(&x, &now, &before)
            }
            StepChange::Reason(what) => {
                let list =
                    self.pick("reasons why it cannot be done", "motivos por los que no se puede hacer");
                self.option(&format!("{step}, {list}"), what, &old.cannot_reasons, &new.cannot_reasons)
            }
            StepChange::Basis(what) => self.basis(&step, what),
        }
    }

    fn call(self, step: &str, from: Option<&PartnerStep>, to: Option<&PartnerStep>) -> String {
        let comes = |call: &PartnerStep| match call.comes {
            Comes::Yes => self.pick("who comes", "que acude"),
            Comes::No => self.pick("who does not come", "que no acude"),
        };
        let with = |names: DefinitionNames<'_>, call: &PartnerStep| {
            format!("{}, {}", names.partner(&call.id), comes(call))
        };
        let none = self.pick("nobody", "nadie").to_owned();
        let now = to.map_or_else(|| none.clone(), |call| with(self.is, call));
        let before = from.map_or(none, |call| with(self.was, call));
        let x = format!("{step} {}", self.pick("is now a call to", "ahora es una llamada a"));
        self.now_and_before(&x, &now, &before)
    }

    fn basis(self, step: &str, what: &BasisChange) -> String {
        let source = |basis: &Basis| {
            format!("{} ({})", self.is.quoted(&basis.source), self.is.label(basis_state(basis.state)))
        };
        match what {
            BasisChange::Added(basis) => {
                let basis = source(basis);
                self.pick(
                    format!("{step} now also rests on {basis}."),
                    format!("{step} ahora se basa también en {basis}."),
                )
            }
            BasisChange::Removed(basis) => {
                let basis = source(basis);
                self.pick(
                    format!("{step} no longer rests on {basis}."),
                    format!("{step} ya no se basa en {basis}."),
                )
            }
            BasisChange::State { source, from, to } => {
                let x = format!("{step}: {} {}", self.is.quoted(source), self.pick("is now", "ahora está"));
                self.now_and_before(&x, self.is.label(basis_state(*to)), self.is.label(basis_state(*from)))
            }
            BasisChange::Address { source } => {
                let source = self.is.quoted(source);
                self.pick(
                    format!("{step}: the address of {source} has changed."),
                    format!("{step}: la dirección de {source} ha cambiado."),
                )
            }
            BasisChange::Reordered => self.pick(
                format!("{step}: its sources stand in another order."),
                format!("{step}: sus fuentes están en otro orden."),
            ),
        }
    }

    /// One option of a list. `of` names the list; both versions of it are needed to name what is gone.
    fn option(
        self,
        of: &str,
        what: &OptionChange,
        old: &[crate::protocol::Opt],
        new: &[crate::protocol::Opt],
    ) -> String {
        match what {
            OptionChange::Added(id) => {
                let it = self.is.option_in(new, id);
                self.pick(format!("{of}: new is {it}."), format!("{of}: se agrega {it}."))
            }
            OptionChange::Removed(id) => {
                let it = self.was.option_in(old, id);
                self.pick(format!("{of}: {it} is gone."), format!("{of}: se quita {it}."))
            }
            OptionChange::Moved(id) => {
                let after =
                    previous(new, |option| &option.id, id).map(|before| self.is.option_in(new, before));
                format!("{of}: {}", self.moved(&self.is.option_in(new, id), after))
            }
            OptionChange::Title { id, languages } => {
                let (was, is) = (self.was.option_in(old, id), self.is.option_in(new, id));
                format!("{of}: {}", self.renamed(&was, &is, languages))
            }
        }
    }

    fn field(self, step: &str, id: &str, what: &FieldChange) -> String {
        let at = self.is.step(step);
        let names = if *what == FieldChange::Removed { self.was } else { self.is };
        let it = names.field(step, id);
        let (old, new) = (self.was.find(step, id), self.is.find(step, id));
        let (Some(old), Some(new)) = (old.or(new), new.or(old)) else { return it };
        match what {
            FieldChange::Added => {
                let kind = kind(new.kind, self.language);
                self.pick(
                    format!("{at} now also asks {it} ({kind})."),
                    format!("{at} ahora también pregunta {it} ({kind})."),
                )
            }
            FieldChange::Removed => {
                self.pick(format!("{at} no longer asks {it}."), format!("{at} ya no pregunta {it}."))
            }
            FieldChange::Moved => {
                let fields =
                    self.is.definition.step(step).map(|step| step.fields.as_slice()).unwrap_or_default();
                let after = previous(fields, |field| &field.id, id).map(|before| self.is.field(step, before));
                format!("{at}: {}", self.moved(&it, after))
            }
            FieldChange::Title(languages) => {
                format!("{at}: {}", self.renamed(&self.was.field(step, id), &it, languages))
            }
            FieldChange::Kind { from, to } => {
                let x = format!("{at}: {it} {}", self.pick("now takes", "ahora recibe"));
                self.now_and_before(&x, kind(*to, self.language), kind(*from, self.language))
            }
            FieldChange::Option(what) => {
                self.option(&format!("{at}, {it}"), what, &old.options, &new.options)
            }
            FieldChange::FieldLimits { from, to } => {
                let x = format!("{at}: {it} {}", self.pick("now takes", "ahora recibe"));
                self.now_and_before(&x, &self.limits(*to), &self.limits(*from))
            }
            FieldChange::Applies => {
                let always = self.pick("always", "siempre");
                let now = self.is.condition_or(always, new.applies.as_ref(), Some(step));
                let before = self.was.condition_or(always, old.applies.as_ref(), Some(step));
                let x = format!("{at}: {it} {}", self.pick("is now asked if:", "ahora se pregunta si:"));
                self.now_and_before(&x, &now, &before)
            }
            FieldChange::Required(true) => {
                self.pick(format!("{at}: {it} is now required."), format!("{at}: {it} ahora es obligatorio."))
            }
            FieldChange::Required(false) => {
                self.pick(format!("{at}: {it} is now optional."), format!("{at}: {it} ahora es opcional."))
            }
            FieldChange::Class { from, to } => {
                let x = format!("{at}: {it} {}", self.pick("is now kept as", "ahora se guarda como"));
                self.now_and_before(&x, class(*to, self.language), class(*from, self.language))
            }
        }
    }

    fn limits(self, limits: FieldLimits) -> String {
        let FieldLimits { max_chars, min, max } = limits;
        let chars = max_chars.map(|max| {
            self.pick(format!("at most {max} characters"), format!("como máximo {max} caracteres"))
        });
        let least = min.map(|min| self.pick(format!("{min} or more"), format!("{min} o más")));
        let most = max.map(|max| self.pick(format!("{max} or less"), format!("{max} o menos")));
        let said: Vec<String> = [chars, least, most].into_iter().flatten().collect();
        if said.is_empty() { self.pick("any size", "cualquier tamaño").to_owned() } else { self.list(&said) }
    }
}

/// What stands before the item with this id; nothing where it is the first.
fn previous<'d, T>(items: &'d [T], id: fn(&T) -> &String, of: &str) -> Option<&'d str> {
    let at = items.iter().position(|item| id(item) == of)?;
    items.get(at.checked_sub(1)?).map(|item| id(item).as_str())
}
