//! Patches without ids: the number of each row in its job stands for its id, so that patches over two spaces can be compared.

use memstrata_runtime::Patch;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// Numbers of rows, by id.
pub(super) struct Labels {
    pub(super) rows: HashMap<u64, usize>,
    /// Fields whose values are ids.
    pub(super) refs: BTreeSet<String>,
}

impl Labels {
    /// The steps of a patch, and last its measures. Lists of ids are sets: they are sorted.
    pub(super) fn of(&self, patch: &Patch) -> Vec<Value> {
        let steps = patch.steps.iter().map(|step| match serde_json::to_value(step).unwrap_or_default() {
            Value::Object(fields) => fields
                .into_iter()
                .map(|(field, value)| {
                    let value = self.part(&field, value);
                    (field, value)
                })
                .collect(),
            other => other,
        });
        steps.chain([json!(patch.measures)]).collect()
    }

    /// The same in no order: new rows are named by what they say, not by when they were created.
    pub(super) fn unordered(&self, patch: &Patch) -> Vec<Value> {
        let mut steps = self.of(patch);
        let created: Vec<String> =
            steps.iter().filter(|step| step.get("verb") == Some(&json!("create"))).map(Value::to_string).collect();
        for step in &mut steps {
            for name in ["row", "by", "into"] {
                let Some(Value::String(text)) = step.get_mut(name) else { continue };
                let nth = text.strip_prefix("new:").and_then(|nth| nth.parse::<usize>().ok());
                if let Some(row) = nth.and_then(|nth| created.get(nth)) {
                    text.clone_from(row);
                }
            }
        }
        steps.sort_by_key(Value::to_string);
        steps
    }

    fn part(&self, field: &str, value: Value) -> Value {
        match value {
            Value::Array(ids) if matches!(field, "evidence" | "rows" | "to") => {
                let mut ids: Vec<Value> = ids.into_iter().map(|id| self.id(id)).collect();
                ids.sort_by_key(Value::to_string);
                json!(ids)
            }
            Value::Number(_) if field == "row" || self.refs.contains(field) => self.id(value),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(field, value)| {
                    let value = self.part(&field, value);
                    (field, value)
                })
                .collect(),
            other => self.text(other),
        }
    }

    fn id(&self, id: Value) -> Value {
        match id.as_u64().and_then(|id| self.rows.get(&id)) {
            Some(label) => json!(format!("row {label}")),
            None => id,
        }
    }

    /// A text that names rows, `m:42`, wherever it does.
    fn text(&self, value: Value) -> Value {
        match value {
            Value::String(text) => {
                let mut parts = text.split("m:");
                let mut named = parts.next().unwrap_or_default().to_owned();
                for part in parts {
                    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
                    let (digits, rest) = part.split_at(end);
                    match digits.parse().ok().and_then(|id: u64| self.rows.get(&id)) {
                        Some(label) => named.push_str(&format!("row {label}{rest}")),
                        None => named.push_str(&format!("m:{part}")),
                    }
                }
                json!(named)
            }
            Value::Array(items) => items.into_iter().map(|item| self.text(item)).collect(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_runtime::{Change, RowName, Step};

    #[test]
    fn a_row_is_named_by_its_number_wherever_a_patch_names_it() {
        let labels = Labels { rows: HashMap::from([(41, 0), (42, 1)]), refs: BTreeSet::from(["supersedes".into()]) };
        let step =
            |change, evidence: &[u64]| Step { change, evidence: evidence.to_vec(), reason: "m:41, m:7 and m:".into() };
        let row = json!({"n": 42, "supersedes": 42, "content": "of m:42"});
        let create = Change::Create { collection: "a.b".into(), row: row.as_object().cloned().unwrap_or_default() };
        let patch = Patch {
            steps: vec![step(create, &[42, 41]), step(Change::Supersede { row: 41, by: RowName::Row(42) }, &[])],
            ..Patch::default()
        };
        let told = labels.of(&patch);
        assert_eq!(told[0]["evidence"], json!(["row 0", "row 1"]));
        assert_eq!(told[0]["row"], json!({"n": 42, "supersedes": "row 1", "content": "of row 1"}));
        assert_eq!(told[0]["reason"], "row 0, m:7 and m:");
        assert_eq!((&told[1]["row"], &told[1]["by"]), (&json!("row 0"), &json!("row 1")));
        assert_eq!(told.len(), 3);
    }

    #[test]
    fn steps_in_another_order_are_the_same_and_others_are_not() {
        let labels = Labels { rows: HashMap::from([(41, 0), (42, 1)]), refs: BTreeSet::new() };
        let step = |change| Step { change, evidence: vec![41], reason: String::new() };
        let create = |text: &str| {
            let row = json!({ "content": text }).as_object().cloned().unwrap_or_default();
            step(Change::Create { collection: "a.b".into(), row })
        };
        let ends = |nth| step(Change::Supersede { row: 42, by: RowName::New(nth) });
        let told = |steps: Vec<Step>| labels.unordered(&Patch { steps, ..Patch::default() });
        let one = told(vec![create("x"), create("y"), ends(0)]);
        assert_eq!(one, told(vec![create("y"), create("x"), ends(1)]));
        assert_ne!(one, told(vec![create("y"), create("x"), ends(0)]), "another row stands for it");
    }
}
