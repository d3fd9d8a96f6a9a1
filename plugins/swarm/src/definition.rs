//! Reads the definition of a piece of work: tasks with names, prompts, minutes and dependencies.

use crate::network::Network;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Most tasks of a definition.
pub const MOST: usize = 200;

/// A task as the definition has it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Part {
    /// Its name within the definition; its number (`1` for the first) if it has none.
    pub name: String,
    /// What is to be done.
    pub prompt: String,
    /// Who should do it.
    pub agent_type: Option<String>,
    /// 1 highest .. 10.
    pub priority: Option<u64>,
    /// Minutes it should take.
    pub estimated_minutes: Option<f64>,
    /// Names of the tasks it waits for.
    pub dependencies: Vec<String>,
}

/// The whole.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Definition {
    /// What all of it is for; the only task where there are no others.
    pub prompt: String,
    /// The tasks.
    pub tasks: Vec<Part>,
}

/// Tasks with their names, and edges between their numbers (before, after), from 1.
pub type Parts = (Vec<Part>, Vec<(u64, u64)>);

impl Definition {
    /// The tasks with names filled in, and the edges between their numbers (before, after), from 1.
    ///
    /// # Errors
    /// A code and a sentence: two tasks of one name, a dependency that is not there, a circle.
    pub fn parts(mut self) -> Result<Parts, (&'static str, String)> {
        if self.tasks.is_empty() && !self.prompt.is_empty() {
            self.tasks.push(Part { prompt: self.prompt, ..Part::default() });
        }
        let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
        for (number, part) in (1..).zip(&mut self.tasks) {
            if part.name.is_empty() {
                part.name = number.to_string();
            }
            if part.prompt.is_empty() {
                part.prompt.clone_from(&part.name);
            }
            if numbers.insert(part.name.clone(), number).is_some() {
                return Err((
                    "invalid.argument",
                    format!("two tasks are named `{}`: give each a name of its own", part.name),
                ));
            }
        }
        let mut edges = Vec::new();
        for (number, part) in (1..).zip(&self.tasks) {
            for before in &part.dependencies {
                let Some(before_number) = numbers.get(before) else {
                    let sentence = format!("`{}` depends on `{before}`, which is no task of the definition", part.name);
                    return Err(("invalid.argument", sentence));
                };
                if *before_number == number {
                    return Err(("conflict.cycle", format!("`{}` depends on itself", part.name)));
                }
                edges.push((*before_number, number));
            }
        }
        let nodes: Vec<(u64, f64)> = (1..).zip(&self.tasks).map(|(number, _)| (number, 1.0)).collect();
        if let Some(circle) = Network::new(&nodes, &edges).circle() {
            let names: Vec<&str> = circle.iter().filter_map(|n| name_of(&self.tasks, *n)).collect();
            return Err(("conflict.cycle", format!("these tasks wait for each other: {}", names.join(" -> "))));
        }
        Ok((self.tasks, edges))
    }
}

/// The name of the task with this number.
#[must_use]
pub fn name_of(parts: &[Part], number: u64) -> Option<&str> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    parts.get(index).map(|part| part.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::{Value, json};

    fn read(value: Value) -> Result<Parts, (&'static str, String)> {
        serde_json::from_value::<Definition>(value).unwrap().parts()
    }

    #[test]
    fn names_become_edges() {
        let (parts, edges) =
            read(json!({"tasks": [{"name": "a"}, {"name": "b", "dependencies": ["a"]}, {"prompt": "c", "dependencies": ["b"]}]})).unwrap();
        assert_eq!(edges, [(1, 2), (2, 3)]);
        assert_eq!(parts[2].name, "3");
        assert_eq!(parts[0].prompt, "a");
        assert_eq!(read(json!({"prompt": "all"})).unwrap().0.len(), 1);
        assert_eq!(read(json!({})).unwrap().0.len(), 0);
    }

    #[test]
    fn what_cannot_run_is_refused() {
        for (value, code) in [
            (json!({"tasks": [{"name": "a"}, {"name": "a"}]}), "invalid.argument"),
            (json!({"tasks": [{"name": "a", "dependencies": ["z"]}]}), "invalid.argument"),
            (json!({"tasks": [{"name": "a", "dependencies": ["a"]}]}), "conflict.cycle"),
            (
                json!({"tasks": [{"name": "a", "dependencies": ["b"]}, {"name": "b", "dependencies": ["a"]}]}),
                "conflict.cycle",
            ),
        ] {
            assert_eq!(read(value.clone()).map_err(|e| e.0), Err(code), "{value}");
        }
    }
}
