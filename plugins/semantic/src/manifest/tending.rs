//! The operation that tends the layer: optimize.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    vec![(
        "optimize",
        operation(
            "destructive",
            "Re-scores memories and prunes the useless.",
            "usefulness = 0.4 accesses per day + 0.3 recency of access (90 days) + 0.3 type weight (decision 1.0, pattern 0.9, fact 0.7, context 0.5), moved by feedback up to 0.3. Prunes what scores below 0.2 and was not accessed for 90 days: a soft delete, undone by `restore_memories`. Writes only scores that moved by `min_change`. `dry_run` only reports. Stops in time: `done` false means call again with `next_cursor`.",
            (
                s::input(
                    &json!({
                        "dry_run": s::flag("Report, change nothing.", false),
                        "prune": s::flag("Delete what falls under the prune rule.", true),
                        "namespace": s::namespace(),
                        "max_rows": s::integer("Rows to look at in this call.", 1, 100_000, 20_000),
                        "min_change": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.02},
                        "cursor": s::text("`next_cursor` of the call before.", 4096),
                    }),
                    &[],
                ),
                s::output(
                    &json!({
                        "dry_run": {"type": "boolean"}, "examined": {"type": "integer"},
                        "rescored": {"type": "integer"}, "pruned": {"type": "integer"},
                        "pruned_ids": {"type": "array", "items": {"type": "integer"}},
                        "avg_usefulness_before": {"type": ["number", "null"]},
                        "avg_usefulness_after": {"type": ["number", "null"]},
                        "done": {"type": "boolean"}, "next_cursor": {"type": ["string", "null"]},
                    }),
                    &["dry_run", "examined", "rescored", "pruned", "pruned_ids", "done", "next_cursor"],
                ),
            ),
            &json!([{"arguments": {"dry_run": true},
                     "setup": [{"operation": "remember", "arguments": {"content": "Tea is at four."}}]}]),
        ),
    )]
}
