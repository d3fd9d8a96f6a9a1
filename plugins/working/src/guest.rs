//! The component: names of operations to functions, and what several of them share.

mod attending;
mod changing;
mod handing;
mod holding;
mod inhibiting;
mod keeping;
mod loading;
mod memory;
mod routing;
mod salience;
mod saliency;
mod session;
mod vectors;

use memstrata_sdk::{Answer, Fault, Layer, Value};

/// What is held, and what was handed over.
const ITEMS: &str = "items";
/// Where items were routed.
const DECISIONS: &str = "decisions";
/// What attention is on.
const FOCUS: &str = "focus";
/// Recorded salience.
const SALIENCE: &str = "salience";
/// What is held back.
const INHIBITIONS: &str = "inhibitions";
/// Longer content is clipped in lists.
const CLIP: usize = 400;

struct Working;

memstrata_sdk::layer!(Working);

impl Layer for Working {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "get_working_memory" => holding::get(arguments),
            "get_item" => holding::item(arguments),
            "search" => holding::search(arguments),
            "add" | "update_working_memory" => changing::add(arguments),
            "update_item" => changing::update(arguments),
            "rehearse" => changing::rehearse(arguments),
            "let_go" => changing::let_go(arguments),
            "chunk_items" => changing::chunk(arguments),
            "check_cognitive_load" => loading::load(arguments),
            "tidy" => loading::tidy(),
            "consolidate_working_memory" => keeping::consolidate(arguments),
            "clear_working_memory" => keeping::clear(arguments),
            "list_consolidated" => keeping::list(arguments),
            "confirm_consolidated" => keeping::confirm(arguments),
            "route_item" => routing::preview(arguments),
            "record_routing_feedback" => routing::feedback(arguments),
            "routing_stats" => routing::stats(),
            "compute_memory_saliency" => saliency::one(arguments),
            "get_saliency_batch" => saliency::batch(arguments),
            "auto_focus_top_memories" => saliency::auto_focus(arguments),
            "score_salience" => salience::score(arguments),
            "most_salient" => salience::most(arguments),
            "set_focus" => attending::set(arguments),
            "shift_focus" => attending::shift(arguments),
            "return_focus" => attending::back(arguments),
            "get_focus" => attending::get(arguments),
            "decay_focus" => attending::decay(arguments),
            "end_focus" => attending::end(arguments),
            "focus_history" => attending::history(arguments),
            "get_attention_metrics" => attending::metrics(arguments),
            "inhibit" => inhibiting::inhibit(arguments),
            "release_inhibition" => inhibiting::release(arguments),
            "get_inhibition" => inhibiting::get(arguments),
            "list_inhibited" => inhibiting::list(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}
