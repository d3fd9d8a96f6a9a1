//! The validator by table, and by random patches against what must never happen.

use super::*;
use memstrata_store::{CollectionSpec, Space, SpaceOptions};
use proptest::prelude::*;
use serde_json::json;

/// Raw events 1 to 4, memories 11 to 16 (16 has ended, 15 is half trusted), a foreign row 21.
fn facts(quota: u64) -> Facts {
    let folder = tempfile::tempdir().unwrap();
    let space = Space::open(&folder.path().join("x.db"), "x", &SpaceOptions::default()).unwrap();
    let spec = |value: Value| serde_json::from_value::<CollectionSpec>(value).unwrap();
    let specs = [
        (
            "events",
            json!({"raw": true, "marks": ["seen"], "fields": {"content": {"type": "text"}, "seen": {"type": "boolean"}}}),
        ),
        (
            "memories",
            json!({"marks": ["seen"], "recall": {"text": "content", "trust": "trust"}, "fields": {
                "content": {"type": "text", "required": true}, "trust": {"type": "number"}, "seen": {"type": "boolean"}}}),
        ),
        ("foreign", json!({"fields": {"content": {"type": "text"}}})),
    ];
    let specs = specs.into_iter().map(|(name, value)| (name.to_owned(), spec(value))).collect();
    space.ensure_collections("t", &specs).unwrap();
    let row = |collection: &str, trust: f64, ended: bool| RowFacts {
        collection: format!("t.{collection}"),
        version: 1,
        ended,
        trust,
        sources: Vec::new(),
        namespace: String::new(),
    };
    let mut rows: HashMap<u64, RowFacts> = (1..=4).map(|id| (id, row("events", 1.0, false))).collect();
    rows.extend((11..=14).map(|id| (id, row("memories", 1.0, false))));
    rows.insert(15, row("memories", 0.5, false));
    rows.insert(16, row("memories", 1.0, true));
    rows.insert(21, row("foreign", 1.0, false));
    let collections = ["events", "memories", "foreign"].map(|name| {
        let collection = space.collection(&format!("t.{name}")).unwrap();
        (format!("t.{name}"), CollectionFacts { collection, writable: name != "foreign", quota })
    });
    Facts { rows, collections: collections.into() }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn create(row: Value) -> Change {
    Change::Create { collection: "t.memories".into(), row: object(row) }
}

fn patch(steps: Vec<(Change, Vec<u64>)>) -> Patch {
    let step = |(change, evidence)| Step { change, evidence, reason: "why".into() };
    Patch { steps: steps.into_iter().map(step).collect(), measures: BTreeMap::new() }
}

/// Changes with their evidence, and the codes of the faults they must have.
type Row = (Vec<(Change, Vec<u64>)>, &'static [&'static str]);

#[test]
fn each_rule_has_its_name() {
    let retire = |rows: Vec<u64>| Change::Retire { rows };
    let supersede = |row, by| Change::Supersede { row, by: RowName::Row(by) };
    let conflict =
        |rows: Vec<u64>, kind: &str| Change::FlagConflict { rows, kind: kind.into(), severity: "low".into() };
    let mark = |rows: Vec<u64>, fields| Change::Mark { rows, fields: object(fields) };
    let update = |row, fields| Change::Update { row, fields: object(fields) };
    let table: Vec<Row> = vec![
        (vec![(create(json!({"content": "x"})), vec![1, 2])], &[]),
        (vec![(create(json!({"content": "x"})), vec![])], &["patch.evidence"]),
        (vec![(create(json!({"content": "x"})), vec![99])], &["patch.unknown"]),
        (vec![(create(json!({})), vec![1])], &["patch.row"]),
        (vec![(create(json!({"content": "x", "color": 1})), vec![1])], &["patch.row"]),
        (vec![(create(json!({"content": "x", "sources": [1]})), vec![1])], &["patch.row"]),
        (vec![(create(json!({"content": "x", "trust": 0.9})), vec![1, 15])], &["patch.trust"]),
        (vec![(create(json!({"content": "x", "trust": 0.5})), vec![1, 15])], &[]),
        (vec![(Change::Create { collection: "t.foreign".into(), row: Map::new() }, vec![1])], &["patch.denied"]),
        (vec![(Change::Create { collection: "t.events".into(), row: Map::new() }, vec![1])], &["patch.raw"]),
        (vec![(Change::Create { collection: "t.none".into(), row: Map::new() }, vec![1])], &["patch.unknown"]),
        (vec![(update(11, json!({"content": "y"})), vec![1])], &[]),
        (vec![(update(1, json!({"content": "y"})), vec![1])], &["patch.raw"]),
        (vec![(update(11, json!({})), vec![1])], &["patch.empty"]),
        (vec![(update(11, json!({"valid_to": 5})), vec![1])], &["patch.row"]),
        (vec![(update(15, json!({"trust": 0.8})), vec![15])], &["patch.trust"]),
        (vec![(mark(vec![1, 2], json!({"seen": true})), vec![])], &[]),
        (vec![(update(11, json!({"color": 1})), vec![1])], &["patch.row"]),
        (vec![(mark(vec![1], json!({"content": "y"})), vec![])], &["patch.mark"]),
        (vec![(mark(vec![1], json!({"seen": "perhaps"})), vec![])], &["patch.row"]),
        (vec![(mark(vec![], json!({"seen": true})), vec![])], &["patch.empty"]),
        (vec![(mark(vec![1], json!({})), vec![])], &["patch.empty"]),
        (vec![(mark(vec![1, 99], json!({"seen": true})), vec![])], &["patch.unknown"]),
        (vec![(mark(vec![21], json!({"seen": true})), vec![])], &["patch.denied"]),
        (vec![(retire(vec![11]), vec![1])], &[]),
        (vec![(retire(vec![]), vec![1])], &["patch.empty"]),
        (vec![(retire(vec![1]), vec![1])], &["patch.raw"]),
        (vec![(retire(vec![16]), vec![1])], &["patch.ended"]),
        (vec![(retire(vec![11]), vec![1]), (retire(vec![11]), vec![1])], &["patch.ended"]),
        (vec![(retire(vec![11, 12, 13]), vec![1])], &["patch.quota"]),
        (vec![(supersede(11, 12), vec![1])], &[]),
        (vec![(supersede(11, 11), vec![1])], &["patch.cycle"]),
        (vec![(supersede(11, 16), vec![1])], &["patch.ended"]),
        (vec![(supersede(11, 12), vec![1]), (supersede(12, 11), vec![1])], &["patch.cycle", "patch.cycle"]),
        (vec![(Change::Merge { rows: vec![], into: RowName::Row(11) }, vec![1])], &["patch.empty"]),
        (vec![(Change::Merge { rows: vec![12], into: RowName::Row(1) }, vec![1])], &["patch.raw"]),
        (vec![(Change::Link { row: RowName::Row(11), to: vec![1] }, vec![1])], &[]),
        (vec![(Change::Link { row: RowName::Row(11), to: vec![11] }, vec![1])], &["patch.cycle"]),
        (vec![(Change::Link { row: RowName::Row(11), to: vec![99] }, vec![1])], &["patch.unknown"]),
        (vec![(Change::Link { row: RowName::Row(1), to: vec![2] }, vec![1])], &["patch.raw"]),
        (vec![(conflict(vec![11, 12], "temporal"), vec![11, 12])], &[]),
        (vec![(conflict(vec![11], "temporal"), vec![11])], &["patch.empty"]),
        (vec![(conflict(vec![11, 11], "temporal"), vec![11, 11])], &["patch.empty"]),
        (vec![(conflict(vec![11, 99], "temporal"), vec![11])], &["patch.unknown"]),
        (vec![(conflict(vec![11, 12], "strange"), vec![11, 12])], &["patch.argument"]),
    ];
    let facts = facts(2);
    for (steps, codes) in table {
        let patch = patch(steps);
        let found = facts.faults(&patch);
        assert_eq!(found.iter().map(|fault| fault.code).collect::<Vec<_>>(), codes, "{patch:?}: {found:?}");
    }
}

fn any_change() -> impl Strategy<Value = Change> {
    let id = prop_oneof![1u64..=4, 11u64..=16, Just(21), Just(99)];
    let ids = prop::collection::vec(id.clone(), 0..4);
    let name = prop_oneof![id.clone().prop_map(RowName::Row), (0usize..2).prop_map(RowName::New)];
    let fields = prop_oneof![
        Just(json!({"content": "x"})),
        Just(json!({"content": "x", "trust": 0.7})),
        Just(json!({"seen": true})),
        Just(json!({"bad": 1})),
        Just(json!({}))
    ]
    .prop_map(object);
    let collection = prop_oneof![Just("t.memories"), Just("t.events"), Just("t.foreign"), Just("t.none")];
    prop_oneof![
        (collection, fields.clone())
            .prop_map(|(collection, row)| Change::Create { collection: collection.into(), row }),
        (id.clone(), fields.clone()).prop_map(|(row, fields)| Change::Update { row, fields }),
        (id, name.clone()).prop_map(|(row, by)| Change::Supersede { row, by }),
        (ids.clone(), name.clone()).prop_map(|(rows, into)| Change::Merge { rows, into }),
        (name, ids.clone()).prop_map(|(row, to)| Change::Link { row, to }),
        (ids.clone(), fields).prop_map(|(rows, fields)| Change::Mark { rows, fields }),
        ids.clone().prop_map(|rows| Change::Retire { rows }),
        ids.prop_map(|rows| Change::FlagConflict { rows, kind: "simple".into(), severity: "low".into() }),
    ]
}

proptest! {
    /// What the validator lets through keeps every invariant, told here in other words.
    #[test]
    fn no_patch_that_passes_breaks_an_invariant(
        steps in prop::collection::vec((any_change(), prop::collection::vec(prop_oneof![1u64..=4, 11u64..=16, Just(99)], 0..3)), 0..6)
    ) {
        let facts = facts(2);
        let patch = patch(steps);
        let faults = facts.faults(&patch);
        prop_assert!(faults.iter().all(|fault| fault.step < patch.steps.len()));
        if !faults.is_empty() {
            return Ok(());
        }
        let mut ended = Vec::new();
        for step in &patch.steps {
            let known = |id: &u64| facts.rows.contains_key(id);
            let derived = |id: &u64| (11..=16).contains(id);
            prop_assert!(step.evidence.iter().all(known));
            match &step.change {
                Change::Create { collection, row } => {
                    prop_assert_eq!(collection.as_str(), "t.memories");
                    prop_assert!(!step.evidence.is_empty() && row.contains_key("content"));
                    let claimed = row.get("trust").and_then(Value::as_f64).unwrap_or(0.0);
                    prop_assert!(step.evidence.iter().all(|id| claimed <= facts.rows[id].trust));
                }
                Change::Update { row, .. } => prop_assert!(derived(row)),
                Change::Supersede { row, by } => {
                    ended.push(*row);
                    prop_assert!(!matches!(by, RowName::Row(by) if !derived(by) || *by == 16));
                }
                Change::Merge { rows, into } => {
                    ended.extend(rows);
                    prop_assert!(!matches!(into, RowName::Row(into) if !derived(into) || *into == 16));
                }
                Change::Link { row, to } => {
                    prop_assert!(to.iter().all(known) && !matches!(row, RowName::Row(row) if !derived(row)));
                }
                Change::Mark { rows, fields } => {
                    prop_assert!(rows.iter().all(|id| known(id) && *id != 21) && fields.keys().all(|field| field == "seen"));
                }
                Change::Retire { rows } => ended.extend(rows),
                Change::FlagConflict { rows, .. } => {
                    prop_assert!(rows.iter().collect::<HashSet<_>>().len() > 1 && rows.iter().all(known));
                }
            }
        }
        prop_assert!(ended.iter().all(|id| (11..=15).contains(id)), "raw, foreign and ended rows stay");
        let once: HashSet<u64> = ended.iter().copied().collect();
        prop_assert_eq!(once.len(), ended.len());
        prop_assert!(once.len() <= 2, "the quota holds");
    }
}
