//! What was written is never written again in other words: header, body and signature are the same texts on the phone
//! that wrote them, on the wire, on the server's disk, and on the phone that reads them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use firsthours_core::app::{Act, AppError, FirstHours, Sharing};
use firsthours_core::evidence::{SignedEvent, check_encounter};
use firsthours_core::protocol::{Definition, Field, FieldKind, FieldLimits, Instant, Value, load};
use firsthours_core::record::{EncounterId, EventId, State, derive, read_opened, summarise, versions};
use firsthours_core::store::Store;
use firsthours_core::view::{EncounterView, StepView};
use firsthours_core::words::Language;
use firsthours_server::store::StoreError;
use firsthours_tests::programme::{Fault, PROTOCOL};
use firsthours_tests::{Phone, Programme, SharedClock};

/// 2026-11-24 05:00 UTC: nine in the evening in Los Angeles.
const EVENING: Instant = Instant::from_ms(1_795_496_400_000);
const EVENTS: usize = 10_000;
const RECORDS: usize = 100;
/// Acts of each phone on each record between two syncs, and how often.
const ACTS: usize = 25;
const ROUNDS: usize = 2;

/// Texts as people write them, and as they do not.
const TEXTS: [&str; 12] = [
    "plain",
    "«¿Dónde está mi hermana?», dijo.",
    "\"quoted\" and \\ and / and \\u0041 and \u{7f}",
    "He said: 'no'. <b>&amp;</b>",
    "👩‍👧 👮🏽‍♀️ 🇺🇸 e\u{301} é",
    "שלום \u{202b}ثلاثة\u{202c} \u{200f}.",
    "\u{202e}reversed",
    "tab\tin it",
    "null",
    "{\"kind\":\"approved\"}",
    "\u{feff}begins with a mark, ends with a space ",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{10ffff}\u{0}\u{1}",
];

/// A generator whose run can be repeated (`splitmix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    fn one_of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    fn text(&mut self, max: u32, lines: bool) -> String {
        let mut text = String::new();
        let words = if self.below(40) == 0 { 200 } else { 1 + self.below(4) };
        for _ in 0..words {
            text.push_str(self.one_of(&TEXTS).copied().unwrap_or_default());
            text.push(if lines && self.below(3) == 0 { '\n' } else { ' ' });
        }
        let text: String = text.chars().take(usize::try_from(max).unwrap_or(0)).collect();
        if text.trim().is_empty() { "text".to_owned() } else { text }
    }
}

/// A value that fits the field.
fn value(dice: &mut Dice, field: &Field) -> Option<Value> {
    let options: Vec<String> = field.options.iter().map(|option| option.id.clone()).collect();
    let max = |kind_max: u32| field.limits.max_chars.unwrap_or(kind_max);
    Some(match field.kind {
        FieldKind::Flag => Value::Flag(dice.below(2) == 0),
        FieldKind::Moment => Value::from(EVENING - i64::try_from(dice.below(86_400_000)).ok()?),
        FieldKind::Count => {
            let (min, max) =
                (field.limits.min.unwrap_or(0), field.limits.max.unwrap_or(FieldLimits::COUNT_MAX));
            Value::Number(min + i64::try_from(dice.below(usize::try_from(max - min + 1).ok()?)).ok()?)
        }
        FieldKind::Choice => Value::Text(dice.one_of(&options)?.clone()),
        FieldKind::Choices => {
            let chosen: BTreeSet<String> =
                (0..=dice.below(3)).filter_map(|_| dice.one_of(&options).cloned()).collect();
            Value::List(chosen.into_iter().collect())
        }
        FieldKind::Code => Value::Text(dice.text(max(FieldLimits::CODE_CHARS), false)),
        FieldKind::Text => Value::Text(dice.text(max(FieldLimits::TEXT_CHARS), false)),
        FieldKind::Note => Value::Text(dice.text(max(FieldLimits::NOTE_CHARS), true)),
    })
}

/// Something that can be done on this screen.
fn any_act(dice: &mut Dice, view: &EncounterView, definition: &Definition) -> Option<Act> {
    let steps: Vec<&StepView> =
        view.sections.iter().flat_map(|section| &section.steps).filter(|step| step.mine).collect();
    let step = *dice.one_of(&steps)?;
    let id = step.id.clone();
    Some(match dice.below(20) {
        0 | 1 => Act::Note {
            step: (dice.below(2) == 0).then_some(id),
            text: dice.text(FieldLimits::NOTE_CHARS, true),
        },
        2 | 3 if step.can_reopen => Act::Reopen { step: id, reason: None },
        2 | 3 => {
            let why = dice.one_of(&step.cannot_reasons)?.id.clone();
            let note = (dice.below(2) == 0).then(|| dice.text(FieldLimits::NOTE_CHARS, true));
            Act::Cannot { step: id, why, note, reason: None }
        }
        4 => {
            let there: Vec<_> = step.entries.iter().filter(|entry| entry.can_withdraw).collect();
            let entry = dice.one_of(&there)?.id.parse().ok()?;
            Act::WithdrawEntry { step: id, entry, reason: None }
        }
        other => {
            let found = definition.step(&id)?;
            let entry = dice.one_of(&step.entries).and_then(|entry| entry.id.parse().ok());
            let entry = entry.filter(|_| dice.below(4) > 0);
            let mut values = BTreeMap::new();
            for _ in 0..=dice.below(3) {
                let field = dice.one_of(&found.fields)?;
                let given = if other == 5 { None } else { Some(value(dice, field)?) };
                values.insert(field.id.clone(), given);
            }
            Act::Answer { step: id, entry, values, reason: None }
        }
    })
}

/// Acts on a record, each from the screen that the one before gave.
fn act_often(app: &FirstHours, dice: &mut Dice, id: &str, definition: &Definition) -> Result<(), AppError> {
    let mut view = app.encounter(id)?;
    let mut done = 0;
    while done < ACTS {
        let Some(act) = any_act(dice, &view, definition) else { continue };
        view = app.act(id, view.seen, act)?;
        done += 1;
    }
    Ok(())
}

fn sync(phone: &Phone) -> Result<(), Fault> {
    let report = phone.app().sync_now()?;
    if report.complete { Ok(()) } else { Err(report.trouble.into()) }
}

type Texts = BTreeMap<EventId, SignedEvent>;

/// Every event of one record as a phone's store holds it.
fn on_phone(store: &Store, id: EncounterId) -> Result<Texts, Fault> {
    Ok(store.events(&id)?.into_iter().map(|stored| (stored.id, stored.event)).collect())
}

/// Every event of one record as it lies on the server's disk, its body opened with the record's key.
fn on_server(programme: &Programme, id: EncounterId) -> Result<Texts, Fault> {
    let id = id.to_string();
    let key = programme.app.keys.get(&id)?;
    let sql = "select id, header, body, signature from event where encounter = $1";
    let rows = programme.app.store.read(|tx| tx.rows(sql, &[(&id).into()]))?;
    let mut texts = Texts::new();
    for row in rows {
        let sealed = row.opt_blob(2)?.ok_or("an event without a body")?;
        assert_ne!(sealed.first(), Some(&b'{'), "a deputy's body lies there unsealed");
        let body = String::from_utf8(key.open(row.text(0)?, sealed)?.to_vec())?;
        let signature: &[u8; 64] = row.blob(3)?.try_into()?;
        let signature = firsthours_core::evidence::Signature::from_bytes(signature);
        texts.insert(
            row.text(0)?.parse()?,
            SignedEvent { header: row.string(1)?, body: Some(body), signature },
        );
    }
    Ok(texts)
}

fn server_summary(programme: &Programme, id: EncounterId) -> Result<String, Fault> {
    let id = id.to_string();
    let row = programme
        .app
        .store
        .read(|tx| tx.row("select summary from encounter where id = $1", &[(&id).into()]))?;
    Ok(row.ok_or(StoreError::Corrupt("no record".to_owned()))?.string(0)?)
}

/// Alvarez opens the records and Brooks joins each.
fn join_all(programme: &Programme, alvarez: &Phone, brooks: &Phone) -> Result<Vec<String>, Fault> {
    let mut ids = Vec::new();
    for _ in 0..RECORDS {
        let view = alvarez.app().start_encounter(None)?;
        let to = programme.person("brooks");
        alvarez.app().act(&view.id, view.seen, Act::Share { how: Sharing::Join, to })?;
        ids.push(view.id);
    }
    sync(alvarez)?;
    sync(brooks)?;
    for id in &ids {
        let view = brooks.app().encounter(id)?;
        let offer = view.offers.first().ok_or("no offer")?.id.parse()?;
        brooks.app().act(id, view.seen, Act::Accept { offer })?;
    }
    sync(brooks)?;
    Ok(ids)
}

#[test]
fn ten_thousand_events_are_the_same_bytes_everywhere_and_fold_to_the_same_summaries() -> Result<(), Fault> {
    let clock = SharedClock::frozen(EVENING);
    let programme = Programme::start(&clock)?;
    let definition = load(PROTOCOL.as_bytes()).map_err(|faults| faults.to_string())?;
    let mut alvarez = programme.phone("alvarez", Language::En)?;
    let mut brooks = programme.phone("brooks", Language::Es)?;
    let ids = join_all(&programme, &alvarez, &brooks)?;

    for round in 0..ROUNDS {
        clock.advance(60_000);
        // Both write at the same time, unaware of one another.
        std::thread::scope(|scope| {
            let write = |phone: &Phone, seed: u64| {
                let mut dice = Dice(seed + u64::try_from(round).unwrap_or(0));
                ids.iter().try_for_each(|id| act_often(phone.app(), &mut dice, id, &definition))
            };
            let (alvarez, brooks) = (&alvarez, &brooks);
            let other = scope.spawn(move || write(brooks, 1_000));
            write(alvarez, 2_000).and(other.join().expect("the other phone's thread did not panic"))
        })?;
        for phone in [&alvarez, &brooks, &alvarez] {
            sync(phone)?;
        }
    }
    for phone in [&mut alvarez, &mut brooks] {
        assert_eq!(phone.app().rebuild()?, 0, "a summary was not what its events fold to");
        phone.switch_off();
    }

    let stores =
        (Store::open(&alvarez.folder(), &alvarez.key())?, Store::open(&brooks.folder(), &brooks.key())?);
    let mut events = 0;
    let mut kinds = HashSet::new();
    for id in &ids {
        let id: EncounterId = id.parse()?;
        let (at_alvarez, at_brooks) = (on_phone(&stores.0, id)?, on_phone(&stores.1, id)?);
        assert_eq!(at_alvarez, at_brooks, "the phones hold other texts");
        assert_eq!(at_alvarez, on_server(&programme, id)?, "the server holds other texts");
        events += at_alvarez.len();

        let read: Vec<Arc<_>> =
            at_alvarez.values().map(|text| text.read().map(Arc::new)).collect::<Result<_, _>>()?;
        check_encounter(read.iter().map(|event| (event.id, &event.header)), |_, _| None)
            .map_err(|(author, fault)| format!("the chain of {author}: {fault}"))?;
        kinds.extend(read.iter().filter_map(|event| event.kind()).map(std::mem::discriminant));
        let state = State::fold(read);
        assert!(state.opened().and_then(read_opened).is_some());
        let derived = derive(&definition, &state);
        let summary =
            String::from_utf8(summarise(id, versions(&state)[0], &definition, &state, &derived).to_bytes())?;
        assert_eq!(server_summary(&programme, id)?, summary, "the server's summary is another");
        assert_eq!(stores.0.encounter(&id)?.ok_or("not held")?.summary, summary.as_bytes());
        assert_eq!(stores.1.encounter(&id)?.ok_or("not held")?.summary, summary.as_bytes());
    }
    assert!(events >= EVENTS, "only {events} events");
    assert_eq!(kinds.len(), 8, "not every kind of act came up");
    Ok(())
}
