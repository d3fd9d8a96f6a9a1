//! Groups events by session and place, finds patterns by heuristics, and asks a model where they are unsure.
#![cfg(target_family = "wasm")]

use memstrata_consolidation_rules::dual_process::{Settings, propose};
use memstrata_consolidation_rules::{guest, measure, question};
use memstrata_sdk::{Fault, Job, Patch, Strategy, llm, log, settings};

/// Tokens of an answer (requirements 1.10).
const ANSWER: u32 = 2_000;

struct DualProcess;

memstrata_sdk::strategy!(DualProcess);

impl Strategy for DualProcess {
    fn manifest() -> String {
        include_str!("manifest.json").to_owned()
    }

    fn propose(job: &Job) -> Result<Patch, Fault> {
        let settings: Settings = settings::get()?;
        let events = guest::unit_events(job)?;
        let schema = question::schema().to_string();
        let thinking = settings.thinking_tokens;
        // Without a model, or with one that does not answer, System 1 stands alone, and the numbers say so; the log says why,
        // once a unit, unless that is how the operator wants it.
        let mut told = false;
        let mut ask = |question: &str| {
            let prompt = llm::Prompt::new(question);
            prompt.max_tokens(ANSWER);
            prompt.thinking_tokens(thinking);
            let answer = prompt.schema(&schema).and_then(|()| prompt.run()).map_err(Fault::from);
            if let Err(fault) = &answer
                && !matches!(fault.code.as_str(), "denied.llm" | "not-configured.llm")
                && !std::mem::replace(&mut told, true)
            {
                log::warn(&format!("System 2 did not answer: {}: {}", fault.code, fault.message));
            }
            answer.ok()
        };
        let outcome = guest::with_known(&settings.collection, &job.namespace, |known| {
            propose(&events, known, &settings, guest::now(job), &mut ask)
        })?;
        let quality = measure::quality(&events, &outcome.report);
        let report = &outcome.report;
        let mut measures = quality.measures().to_vec();
        measures.extend([
            ("prompts", report.prompts as f64),
            ("prompts-failed", report.prompts_failed as f64),
            ("prompts-broken", report.prompts_broken as f64),
            ("claims", report.claims as f64),
            ("claims-kept", report.claims_kept as f64),
        ]);
        guest::patch(&outcome.proposals, &measures)
    }
}
