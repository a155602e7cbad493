//! Every protocol that is shipped: it loads, its words are fit for the street, it asks nothing twice, and a night can be
//! played under it. Whoever adds a file to `core/protocols` adds it to these tests.

mod night;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::texts::{blaming, length, sentences, telephone, texts};
use firsthours_core::protocol::{
    AnchorOf, Author, BasisState, Clock, Deadline, Definition, FieldClass, FieldKind, Phase, load,
};
use serde_json::Value as Json;

/// The example of the guide: it is checked like the others, and is no county's.
const EXAMPLE: &str = "example";
/// Greatest number of words in a sentence that a deputy reads at night.
const LONGEST: usize = 30;

/// Titles that several steps may share: they name a detail whose step says of what. A whole question is never one.
const LABELS: [(&str, &str); 7] = [
    ("Kind of place", "of the contact, of an exam, of where the child will stay"),
    ("What you did", "about a medical need, about a person in control"),
    ("When", "each moment is of its own step"),
    ("Told at", "each notice is of its own step"),
    ("How", "by word or in writing, by phone or video, how the child came back"),
    ("Advocate", "whether the child wants one; three days later, whether one is in touch"),
    ("Sent at", "the report, the letter"),
];

/// Clocks that count from a moment which may be left out, and why that is right.
const MAY_NOT_START: [(&str, &str, &str); 1] =
    [("us-ca-los-angeles", "snack_4h", "the last meal is often not known; then food is offered at once")];

/// One file.
struct Shipped {
    name: String,
    text: String,
    document: Json,
    definition: Definition,
}

/// Every definition in `core/protocols`, by name.
fn shipped() -> Vec<Shipped> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "protocols"].iter().collect();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of protocols is there")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| !path.to_string_lossy().ends_with(".schema.json"))
        .collect();
    files.sort();
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &std::path::Path) -> Shipped {
    let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("a protocol is text");
    let document = serde_json::from_str(&text).expect("a protocol is JSON");
    let definition = load(text.as_bytes()).unwrap_or_else(|faults| panic!("{name} has faults:\n{faults}"));
    Shipped { name, text, document, definition }
}

fn of(name: &str) -> Shipped {
    shipped().into_iter().find(|file| file.name == name).unwrap_or_else(|| panic!("there is no {name}.json"))
}

/// The programmes' protocols, without the example.
fn programmes() -> Vec<Shipped> {
    shipped().into_iter().filter(|file| file.name != EXAMPLE).collect()
}

#[test]
fn every_file_loads_and_is_named_after_its_id() {
    let names: Vec<String> = shipped().into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["example", "uk-nrm", "us-ca-los-angeles", "us-wa"]);
    for file in shipped() {
        assert_eq!(file.definition.id, file.name);
    }
}

#[test]
fn every_step_says_where_it_comes_from() {
    for Shipped { name, definition, .. } in shipped() {
        for step in &definition.steps {
            assert!(!step.basis.is_empty(), "{name}: {} has no basis", step.id);
            for basis in &step.basis {
                assert!(!basis.source.trim().is_empty(), "{name}: {} has a basis without a source", step.id);
                let address = basis.address.as_deref();
                assert!(
                    address.is_none_or(|address| address.starts_with("https://")),
                    "{name}: {}: {address:?}",
                    step.id
                );
            }
        }
    }
}

#[test]
fn no_programme_says_that_everything_is_certain() {
    for Shipped { name, definition, .. } in programmes() {
        let states: BTreeSet<String> = definition
            .steps
            .iter()
            .flat_map(|step| &step.basis)
            .map(|basis| format!("{:?}", basis.state))
            .collect();
        let all = [BasisState::Sourced, BasisState::Inferred, BasisState::ConfirmWithCounty];
        assert_eq!(states, all.iter().map(|state| format!("{state:?}")).collect(), "{name}");
    }
}

#[test]
fn every_text_is_whole_in_every_language() {
    for Shipped { name, document, definition, .. } in shipped() {
        let declared: BTreeSet<&str> = definition.languages.iter().map(String::as_str).collect();
        let found = texts(&document);
        assert!(found.len() > definition.steps.len(), "{name}: only {} texts found", found.len());
        for text in found {
            let languages: BTreeSet<&str> =
                text.words.iter().map(|(language, _)| language.as_str()).collect();
            if text.is_speech() {
                assert!(declared.is_subset(&languages), "{name}: {}", text.path);
            } else {
                assert_eq!(languages, declared, "{name}: {}", text.path);
            }
            for (language, words) in &text.words {
                assert!(!words.is_empty() && words == words.trim(), "{name}: {}.{language}", text.path);
            }
        }
    }
}

#[test]
fn what_is_read_at_night_is_short() {
    for Shipped { name, definition, .. } in shipped() {
        for step in &definition.steps {
            for (language, text) in &step.guidance.0 {
                let place = format!("{name}: guidance of {} in {language}", step.id);
                let sentences = sentences(text);
                assert!((1..=3).contains(&sentences.len()), "{place} has {} sentences", sentences.len());
                for sentence in sentences {
                    assert!(length(&sentence) <= LONGEST, "{place}: {} words: {sentence}", length(&sentence));
                }
            }
            for (language, text) in &step.why.0 {
                assert!(sentences(text).len() <= 3, "{name}: why of {} in {language}", step.id);
            }
            // What is read aloud to a child may begin with a greeting, which counts as a sentence.
            for (language, text) in step.say.iter().flat_map(|say| &say.0) {
                assert!(sentences(text).len() <= 4, "{name}: say of {} in {language}", step.id);
            }
        }
    }
}

#[test]
fn no_text_blames_the_child() {
    for Shipped { name, document, .. } in shipped() {
        for text in texts(&document) {
            for (language, words) in &text.words {
                assert_eq!(blaming(words), Vec::<&str>::new(), "{name}: {}.{language}: “{words}”", text.path);
            }
        }
    }
}

#[test]
fn no_text_holds_a_telephone_number() {
    for Shipped { name, document, .. } in shipped() {
        for text in texts(&document) {
            for (language, words) in &text.words {
                assert_eq!(telephone(words), None, "{name}: {}.{language}: “{words}”", text.path);
            }
        }
    }
}

#[test]
fn the_checks_of_words_find_what_they_look_for() {
    assert_eq!(blaming("The Runaway was uncooperative."), ["uncooperative", "runaway"]);
    assert_eq!(blaming("Suspected; the hotline works, nobody chooses"), Vec::<&str>::new());
    assert_eq!(blaming("Se negó la niña"), ["se negó", "niña"]);
    assert_eq!(blaming("Within one working day"), Vec::<&str>::new());
    assert_eq!(blaming("She was working there"), ["working"]);
    assert_eq!(sentences("One. Two? Three! Penal Code 236.2 is four").len(), 4);
    assert_eq!(length("It has four words."), 4);
    for number in ["Call (213) 555-0100 now", "0800 0121 700", "555-0100", "Dial 911", "+44 20 7946 0000"] {
        assert!(telephone(number).is_some(), "{number}");
    }
    for none in
        ["RCW 26.44.050", "form BCIA 8572", "within 72 hours", "Penal Code 647(b)(5)", "12 to 17, or 18"]
    {
        assert_eq!(telephone(none), None, "{none}");
    }
}

#[test]
fn nothing_is_asked_twice() {
    for Shipped { name, definition, .. } in shipped() {
        let mut asked: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for step in &definition.steps {
            for field in step.fields.iter().filter(|field| !field.title.is_empty()) {
                asked.entry(field.title.get("en")).or_default().insert(&step.id);
            }
        }
        for (title, steps) in asked.iter().filter(|(_, steps)| steps.len() > 1) {
            let is_label = LABELS.iter().any(|(label, _)| label == title);
            assert!(is_label, "{name}: “{title}” is asked in {steps:?}");
        }
        let mut titles = BTreeSet::new();
        for step in &definition.steps {
            assert!(
                titles.insert(step.title.get("en")),
                "{name}: two steps are called {}",
                step.title.get("en")
            );
        }
    }
}

#[test]
fn each_step_is_asked_of_someone_who_is_there() {
    for Shipped { name, definition, .. } in shipped() {
        for step in &definition.steps {
            let fits = match step.phase {
                Phase::Scene => step.by == Author::Deputy,
                Phase::FollowUp => step.by != Author::Supervisor,
                Phase::Outcome => step.by != Author::Deputy,
            };
            assert!(fits, "{name}: {} is of {:?} and by {:?}", step.id, step.phase, step.by);
        }
        let phases: Vec<Phase> = definition.steps.iter().map(|step| step.phase).collect();
        assert!(phases.is_sorted(), "{name}: the phases do not follow one another");
    }
}

#[test]
fn every_clock_can_start() {
    for Shipped { name, definition, .. } in shipped() {
        for clock in &definition.clocks {
            let from = &clock.from.field;
            let field = definition.step(&from.step).and_then(|step| step.field(&from.field));
            let is_asked = field.is_some_and(|field| field.required);
            let is_listed = MAY_NOT_START.iter().any(|(of, id, _)| *of == name && *id == clock.id);
            assert!(
                is_asked || clock.excused_by.is_some() || is_listed,
                "{name}: {} counts from {}.{}, which may be left out",
                clock.id,
                from.step,
                from.field
            );
        }
    }
}

#[test]
fn words_of_people_are_narrative() {
    for Shipped { name, definition, .. } in shipped() {
        for step in &definition.steps {
            for field in step.fields.iter().filter(|field| field.kind == FieldKind::Note) {
                assert_eq!(field.class, FieldClass::Narrative, "{name}: {}.{}", step.id, field.id);
            }
        }
    }
}

fn deadline(clock: &Clock) -> String {
    match &clock.deadline {
        Deadline::WithinMinutes(minutes) => format!("{minutes} minutes"),
        Deadline::WithinDays { n, calendar } => format!("{n} {calendar}"),
        Deadline::Before(field) => format!("before {}.{}", field.step, field.field),
    }
}

#[test]
fn programmes_differ_as_data() {
    let programmes = programmes();
    let said = |of: &dyn Fn(&Definition) -> BTreeSet<String>| -> Vec<BTreeSet<String>> {
        programmes.iter().map(|file| of(&file.definition)).collect()
    };
    let all_differ = |what: &str, of: &dyn Fn(&Definition) -> BTreeSet<String>| {
        let sets = said(of);
        for (index, one) in sets.iter().enumerate() {
            assert!(!sets[..index].contains(one), "{what} of {} are another's too", programmes[index].name);
        }
    };
    all_differ("the steps", &|it| it.steps.iter().map(|step| step.id.clone()).collect());
    all_differ("the partners", &|it| it.partners.iter().map(|partner| partner.id.clone()).collect());
    all_differ("the deadlines", &|it| it.clocks.iter().map(deadline).collect());
    all_differ("the closed days", &|it| {
        it.calendars.iter().flat_map(|calendar| calendar.closed_dates.iter().cloned()).collect()
    });
    let languages = said(&|it| it.languages.iter().cloned().collect());
    let zones = said(&|it| BTreeSet::from([it.time_zone.clone()]));
    assert_eq!(languages.iter().collect::<BTreeSet<_>>().len(), 2, "not all are in the same languages");
    assert_eq!(zones.iter().collect::<BTreeSet<_>>().len(), 2, "not all are in one zone");
}

#[test]
fn an_absence_has_clocks_of_its_own_everywhere() {
    for Shipped { name, definition, .. } in programmes() {
        let each = definition.clocks.iter().any(|clock| clock.from.of == AnchorOf::Each);
        assert!(each, "{name}: every absence is counted for itself");
    }
}

/// Without spaces and line breaks: a snippet may stand further left than in its file.
fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

#[test]
fn the_guide_shows_what_stands_in_the_example() {
    let guide = include_str!("../docs/writing-a-protocol.md");
    let example = squeezed(&of(EXAMPLE).text);
    let snippets: Vec<&str> =
        guide.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(snippets.len() > 8, "only {} snippets found", snippets.len());
    for snippet in snippets {
        assert!(example.contains(&squeezed(snippet)), "this is not in the example:\n{snippet}");
    }
}
