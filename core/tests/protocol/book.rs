//! A record as plain data, for judging conditions and clocks.

use std::collections::BTreeMap;

use firsthours_core::protocol::{
    AnchorOf, Definition, Facts, FieldKind, FieldRef, FirstEntries, Instant, Reading, Settled, Value,
};
use proptest::prelude::*;

/// The heads of one field: none, one, or several that disagree. `None` is one whose author took the value back.
pub(crate) type Heads = Vec<Option<Value>>;

/// The heads of one entry, by field.
pub(crate) type Entry = BTreeMap<String, Heads>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Book(pub(crate) BTreeMap<String, (Option<Settled>, Vec<Entry>)>);

impl Facts for Book {
    fn settled(&self, step: &str) -> Settled {
        self.0.get(step).and_then(|(settled, _)| *settled).unwrap_or(Settled::Open)
    }

    fn entries(&self, step: &str) -> usize {
        self.0.get(step).map_or(0, |(_, entries)| entries.len())
    }

    fn reading(&self, step: &str, entry: usize, field: &str) -> Reading<'_> {
        let entry = self.0.get(step).and_then(|(_, entries)| entries.get(entry));
        match entry.and_then(|entry| entry.get(field)).map(Vec::as_slice) {
            None | Some([] | [None]) => Reading::Nothing,
            Some([Some(one)]) => Reading::One(one),
            Some(several) => Reading::Disputed(several.iter().flatten().collect()),
        }
    }
}

/// Nothing in a book was corrected.
impl FirstEntries for Book {
    fn as_first_entered(&self, _: &FieldRef, _: AnchorOf, _: Option<usize>) -> Option<Instant> {
        None
    }
}

impl Book {
    pub(crate) fn settle(mut self, step: &str, settled: Settled) -> Self {
        self.0.entry(step.to_owned()).or_default().0 = Some(settled);
        self
    }

    /// Adds an entry with one value a field.
    pub(crate) fn with(self, step: &str, values: &[(&str, Value)]) -> Self {
        let entry =
            values.iter().map(|(field, value)| ((*field).to_owned(), vec![Some(value.clone())])).collect();
        self.with_entry(step, entry)
    }

    pub(crate) fn with_entry(mut self, step: &str, entry: Entry) -> Self {
        self.0.entry(step.to_owned()).or_default().1.push(entry);
        self
    }

    /// Entries in the order that [`Facts::entries`] promises, whatever the order of their entry.
    pub(crate) fn sorted(mut self) -> Self {
        for (_, entries) in self.0.values_mut() {
            entries.sort_by_key(|entry| {
                let moments =
                    entry.values().flatten().flatten().filter_map(Value::moment).filter(|at| *at >= NOON);
                (moments.min(), entry.clone())
            });
        }
        self
    }
}

pub(crate) fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

/// 2026-11-23 12:00 UTC, a Monday.
pub(crate) const NOON: Instant = Instant::from_ms(1_795_435_200_000);
pub(crate) const MINUTE: i64 = 60_000;

pub(crate) fn settled() -> impl Strategy<Value = Settled> {
    prop_oneof![Just(Settled::Open), Just(Settled::Done), Just(Settled::Cannot), Just(Settled::NotApplicable)]
}

/// Any heads of a field, no two alike; now and then one of them was taken back.
pub(crate) fn heads(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Heads> {
    let head = prop_oneof![9 => value.prop_map(Some), 1 => Just(None)];
    proptest::collection::btree_set(head, 0..3).prop_map(|heads| heads.into_iter().collect())
}

/// Any record of a definition, its entries in no order.
pub(crate) fn books(definition: &Definition) -> impl Strategy<Value = Book> + use<> {
    let steps: Vec<_> = definition
        .steps
        .iter()
        .map(|step| {
            let fields: Vec<_> = step
                .fields
                .iter()
                .map(|field| {
                    let value: BoxedStrategy<Value> = match field.kind {
                        FieldKind::Moment => {
                            (0..10_000_i64).prop_map(|m| Value::from(NOON + m * MINUTE)).boxed()
                        }
                        FieldKind::Count => (0..4_i64).prop_map(Value::Number).boxed(),
                        FieldKind::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
                        FieldKind::Choice => {
                            let ids: Vec<_> = field.options.iter().map(|option| text(&option.id)).collect();
                            proptest::sample::select(ids).boxed()
                        }
                        FieldKind::Choices => Just(Value::List(vec![field.options[0].id.clone()])).boxed(),
                        FieldKind::Code | FieldKind::Text | FieldKind::Note => Just(text("words")).boxed(),
                    };
                    (Just(field.id.clone()), heads(value))
                })
                .collect();
            let entry = fields.prop_map(|fields| fields.into_iter().collect::<Entry>());
            let most = if step.has_entries() { 4 } else { 2 };
            (Just(step.id.clone()), (settled().prop_map(Some), proptest::collection::vec(entry, 0..most)))
        })
        .collect();
    steps.prop_map(|steps| Book(steps.into_iter().collect()))
}
