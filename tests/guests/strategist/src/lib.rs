//! A strategy that does as its setting `do` says: one sound behaviour, and every one the host must refuse.
#![cfg(target_family = "wasm")]

use memstrata_sdk::{Fault, Job, Patch, Query, Strategy, Value, budget, get_many, hints, json, llm, random, settings};
use std::collections::HashMap;

struct Strategist;

memstrata_sdk::strategy!(Strategist);

impl Strategy for Strategist {
    fn manifest() -> String {
        include_str!("manifest.json").to_owned()
    }

    fn propose(job: &Job) -> Result<Patch, Fault> {
        let patch = Patch::default();
        let told: Value = settings::get()?;
        let what = told.get("do").and_then(Value::as_str).unwrap_or("summarise").to_owned();
        let memories = || -> Result<Vec<u64>, Fault> { Query::of("semantic.memories").limit(1000).ids() };
        let first = job.ids.first().copied().unwrap_or_default();
        let memory = |content: &str| json!({"content": content, "memory_type": "fact"});
        let why = "a test";
        match what.as_str() {
            "summarise" => summarise(job, &patch)?,
            "nothing" => {}
            "invent" => _ = patch.create("semantic.memories", &memory("invented"), &[u64::from(u32::MAX)], why)?,
            "no_evidence" => _ = patch.create("semantic.memories", &memory("unfounded"), &[], why)?,
            "retire_events" => patch.retire(&job.ids, &job.ids, why)?,
            "update_event" => patch.update(first, &json!({"content": "nothing happened"}), &job.ids, why)?,
            "retire_all" => patch.retire(&memories()?, &job.ids, why)?,
            "bury" => bury(job, &patch)?,
            "bury_on_cue" => {
                summarise(job, &patch)?;
                let events = get_many(&job.collection, &job.ids)?;
                let said = |event: &Value| {
                    event.get("content").and_then(Value::as_str).is_some_and(|text| text.contains("cue"))
                };
                if events.iter().flatten().any(said) {
                    bury(job, &patch)?;
                }
            }
            "mark_content" => patch.mark(&job.ids, &json!({"content": "x"}))?,
            "unknown_field" => {
                let row = json!({"content": "x", "color": "red"});
                _ = patch.create("semantic.memories", &row, &job.ids, why)?;
            }
            "foreign" => _ = patch.create("semantic.updates", &json!({"memory": 1, "action": "add"}), &job.ids, why)?,
            "overclaim" => {
                let row = json!({"content": "sure", "confidence": 1.0});
                _ = patch.create("semantic.memories", &row, &memories()?, why)?;
            }
            "circle" => {
                if let [a, b, ..] = memories()?.as_slice() {
                    patch.supersede(*a, &format!("m:{b}"), &job.ids, why)?;
                    patch.supersede(*b, &format!("m:{a}"), &job.ids, why)?;
                }
            }
            "loop" => loop {
                std::hint::black_box(0);
            },
            "trap" => {
                summarise(job, &patch)?;
                panic!("half-way");
            }
            "huge" => {
                let row = memory(&"x".repeat(8 << 20));
                _ = patch.create("semantic.memories", &row, &job.ids, why)?;
            }
            "many" => {
                for _ in 0..100_000 {
                    patch.mark(&job.ids, &json!({"consolidation_status": "consolidated"}))?;
                }
            }
            "reason" => patch.retire(&memories()?[..1], &job.ids, &"why ".repeat(200))?,
            "measures" => {
                for nth in 0..51 {
                    patch.measure(&format!("m{nth}"), 1.0)?;
                }
            }
            "measure_names" => {
                for nth in 0..40 {
                    patch.measure(&nth.to_string().repeat(1 << 20), 1.0)?;
                }
            }
            "no_measure" => patch.measure("none", f64::NAN)?,
            "uncreated" => patch.supersede(memories()?[0], "new:0", &job.ids, why)?,
            "heavy" => {
                for _ in 0..100 {
                    _ = patch.create("semantic.memories", &memory(&"x".repeat(1 << 20)), &job.ids, why)?;
                }
            }
            "touch" => hints::touch(&job.ids)?,
            "read_flood" => {
                for _ in 0..100 {
                    memories()?;
                }
            }
            "overhear" => {
                let row = told.get("row").and_then(Value::as_u64).unwrap_or_default();
                _ = patch.create("semantic.memories", &memory("overheard"), &[row], why)?;
            }
            "retire_half" => {
                let all = memories()?;
                let (first, rest) = all.split_at(all.len() / 2);
                patch.retire(if job.unit.starts_with('a') { first } else { rest }, &job.ids, why)?;
            }
            "ask" => {
                let events = get_many(&job.collection, &job.ids)?;
                let answer =
                    llm::Prompt::new(&format!("what do you think of {}?", json!(events))).run().map_err(Fault::from)?;
                _ = patch.create("semantic.memories", &memory(&answer), &job.ids, why)?;
                patch.mark(
                    &job.ids,
                    &json!({"consolidation_status": "consolidated", "consolidated_at": events.len()}),
                )?;
            }
            "unseeded" => _ = patch.create("semantic.memories", &memory(&random::next().to_string()), &job.ids, why)?,
            // How far it counts hangs on how fast it runs: the one thing of a call that is not the same twice.
            "hurried" => {
                let (begin, mut turns) = (budget::remaining_ms(), 0_u64);
                while budget::remaining_ms() + 5 > begin {
                    turns += 1;
                }
                _ = patch.create("semantic.memories", &memory(&turns.to_string()), &job.ids, why)?;
            }
            // The order of a map with random state: random from the call's seed, like all else.
            "hashed" => {
                let all: HashMap<u32, ()> = (0..20).map(|nth| (nth, ())).collect();
                let order: Vec<String> = all.keys().map(ToString::to_string).collect();
                _ = patch.create("semantic.memories", &memory(&order.join(" ")), &job.ids, why)?;
            }
            "by_id" => {
                let least = job.ids.iter().min().copied().unwrap_or_default();
                _ = patch.create("semantic.memories", &memory("of the least id"), &[least], why)?;
            }
            other => return Err(Fault::invalid(format!("do what? `{other}`"))),
        }
        patch.measure("rows", job.ids.len() as f64)?;
        Ok(patch)
    }
}

/// Ends the oldest memory: sound by every rule, and a loss.
fn bury(job: &Job, patch: &Patch) -> Result<(), Fault> {
    let oldest = Query::of("semantic.memories").filter(json!(["valid_to", "=", null]))?.limit(1).ids()?;
    patch.retire(&oldest, &job.ids, "nobody will miss it")
}

/// One memory that says how many events there were, all of them marked.
fn summarise(job: &Job, patch: &Patch) -> Result<(), Fault> {
    let events = get_many(&job.collection, &job.ids)?;
    let said: Vec<&str> =
        events.iter().flatten().filter_map(|event| event.get("content").and_then(Value::as_str)).collect();
    let row = json!({"content": format!("{} events: {}", said.len(), said.join("; ")), "memory_type": "pattern"});
    patch.create("semantic.memories", &row, &job.ids, "they belong together")?;
    patch.mark(&job.ids, &json!({"consolidation_status": "consolidated", "consolidated_at": job.as_of}))
}
