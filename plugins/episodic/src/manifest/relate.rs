//! Operations that relate events: by hand, by time, by cause, by pattern, as a graph.

use super::operation::Operation;
use super::record::span;
use super::schema::{
    Property, answers, choice, counts, event, filled, id, integer, integer_or, moment, namespace, number, object, open,
    or, share, text,
};
use crate::pattern::PATTERNS;
use memstrata_sdk::{Value, json};

/// The group.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        create_relation(),
        related_events(),
        temporal_links(),
        causal_links(),
        event_chains(),
        find_patterns(),
        synthesis(),
    ]
}

/// Which events an algorithm reads: a session or a range of time.
pub(super) fn reach(default: i64, most: i64) -> [Property; 5] {
    [
        namespace(),
        ("session_id", text("The session; absent: all sessions in the range, each on its own.")),
        ("start", moment("From this time on; `next_start` of the answer before")),
        ("end", moment("Before this time")),
        span(default, most),
    ]
}

/// Where an algorithm stopped.
pub(super) fn next_start() -> Property {
    ("next_start", integer(0, "Give it as `start` to go on; absent when all events were read"))
}

fn edge() -> Value {
    open(
        &["from", "to", "relation_type", "strength"],
        [
            ("from", integer(1, "Earlier event")),
            ("to", integer(1, "Later event")),
            ("relation_type", text("Relation")),
            ("strength", number("0 to 1")),
            ("rule", text("Why")),
        ],
    )
}

/// What an operation that stores relations answers.
fn stored() -> Value {
    object(
        &["events", "found", "new", "by_type"],
        [
            ("events", integer(0, "Events read")),
            ("found", integer(0, "Relations found")),
            ("new", integer(0, "Of them new; the others were there already")),
            ("by_type", counts("Relations found by type")),
            ("strongest", answers(edge())),
            next_start(),
        ],
    )
}

fn a_fix() -> Value {
    json!({"session_id": "s1", "events": [
        {"content": "Login times out", "event_type": "error", "outcome": "failure", "file_path": "pool.rs", "timestamp": 1787306400000_i64},
        {"content": "Closed idle connections", "event_type": "file_change", "file_path": "pool.rs", "timestamp": 1787306430000_i64},
        {"content": "Login works", "event_type": "success", "file_path": "pool.rs", "timestamp": 1787306460000_i64}]})
}

fn create_relation() -> Operation {
    Operation::write("create_relation", "Relates one event to another.")
        .says("Use it when you know how two events hang together: caused, blocked_by, follows_up, contradicts, .. Read it as `from` <relation> `to`. \
               The same relation again takes the new strength.")
        .takes(&["from_event", "to_event", "relation_type"], [
            ("from_event", id("Event the relation starts from.")),
            ("to_event", id("Event it points to.")),
            ("relation_type", json!({"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$", "description": "Such as led_to."})),
            ("strength", or(share("0 to 1."), 1.0)),
        ])
        .answers(object(&["id", "status"], [
            ("id", integer(1, "The relation's id")), ("status", choice(&["created", "updated"], "What became of it")),
        ]))
        .example_after("An error and what came of it", "batch_record_events", a_fix(),
            json!({"from_event": 1, "to_event": 2, "relation_type": "led_to"}))
        .fails("Events that are not there", "not-found", json!({"from_event": 1, "to_event": 2, "relation_type": "led_to"}))
}

fn related_events() -> Operation {
    Operation::read("related_events", "Events related to one, strongest first.")
        .says("Use it to follow what an event led to (out) or came from (in). Relations come from create_relation, temporal_links, causal_links and temporal_kg_synthesis. Forgotten events are left out.")
        .takes(&["event_id"], [
            ("event_id", id("The event.")),
            ("direction", or(choice(&["both", "out", "in"], "Which way."), "both")),
            ("relation_type", filled("Only this relation.")),
            ("min_strength", or(share("Least strength."), 0.0)),
            ("limit", integer_or(20, 1, 200, "Relations a page.")),
            ("cursor", text("`next_cursor` of the page before.")),
            ("detail", super::schema::detail("summary")),
        ])
        .answers(object(&["related", "count"], [
            ("related", answers(open(&["relation_id", "relation_type", "direction", "strength", "event"], [
                ("relation_id", integer(1, "Relation")), ("relation_type", text("Relation")),
                ("direction", choice(&["out", "in"], "out: from this event")), ("strength", number("0 to 1")),
                ("event", event()),
            ]))),
            ("count", integer(0, "Relations on this page")),
            ("next_cursor", text("For the next page")),
        ]))
        .example_after("Of an event without relations", "batch_record_events", a_fix(), json!({"event_id": 1}))
        .fails("An id that is not there", "not-found", json!({"event_id": 1}))
}

fn temporal_links() -> Operation {
    Operation::write("temporal_links", "Stores which event of a session came after which, and how soon.")
        .says("Use it once a session is over. Each event is linked to the next: below 60 s `immediately_after` 0.9, below an hour `shortly_after` 0.7, \
               else `later_after` max(0.3, 0.9 - gap in days). Read: `to` came <relation> `from`. Repeating it adds nothing.")
        .takes(&["session_id"], [
            namespace(), ("session_id", filled("The session.")),
            ("start", moment("From; `next_start` of the answer before")), ("end", moment("Before")), span(500, 1_000),
        ])
        .answers(stored())
        .example_after("Three events, two links", "batch_record_events", a_fix(), json!({"session_id": "s1"}))
}

fn causal_links() -> Operation {
    Operation::write("causal_links", "Stores what probably led to what in a session, with strengths.")
        .says("Use it to explain outcomes. Rules within an hour: error to change or success on a shared file; failure to change; change to passed test; decision to action; \
               debugging to success. Strength 0.5 + up to 0.2 time + up to 0.2 shared files + 0.1 session; the nearest five effects of a cause, as `led_to`. Guesses: look before you trust.")
        .takes(&["session_id"], [
            namespace(), ("session_id", filled("The session.")),
            ("start", moment("From; `next_start` of the answer before")), ("end", moment("Before")), span(500, 1_000),
        ])
        .answers(stored())
        .example_after("An error and its fix", "batch_record_events", a_fix(), json!({"session_id": "s1"}))
}

fn event_chains() -> Operation {
    Operation::read("event_chains", "Runs of events with less than an hour between neighbours.")
        .says("Use it to see the stretches of work in a session or range of time: at least two events each, oldest first.")
        .takes(&[], reach(500, 2_000))
        .answers(object(&["chains", "count", "events"], [
            ("chains", answers(open(&["event_ids", "count", "start", "end"], [
                ("event_ids", answers(integer(1, "Event; the first 100"))), ("count", integer(2, "Events")),
                ("start", integer(0, "ms UTC")), ("end", integer(0, "ms UTC")), ("event_types", counts("By type")),
            ]))),
            ("count", integer(0, "Chains")), ("events", integer(0, "Events read")), next_start(),
        ]))
        .example_after("One stretch of work", "batch_record_events", a_fix(), json!({"session_id": "s1"}))
}

fn find_patterns() -> Operation {
    Operation::read("find_patterns", "Known patterns of work: tdd, error_fix, debug_session.")
        .says("Use it to learn how work is done. tdd (0.85): failed test, change, passed test. error_fix (0.75): error, change of its file, success. \
               debug_session (0.7): two or more debugging events, then success. Only inside stretches without an hour's pause.")
        .takes(&[], reach(500, 2_000).into_iter().chain([("pattern", choice(&PATTERNS, "Only this one."))]))
        .answers(object(&["patterns", "counts", "events"], [
            ("patterns", answers(open(&["pattern", "confidence", "event_ids", "start", "end"], [
                ("pattern", text("Name")), ("confidence", number("0 to 1")), ("event_ids", answers(integer(1, "Event"))),
            ]))),
            ("counts", counts("Occurrences by name")), ("events", integer(0, "Events read")), next_start(),
        ]))
        .example_after("An error fixed", "batch_record_events", a_fix(), json!({"session_id": "s1"}))
}

fn synthesis() -> Operation {
    Operation::write("temporal_kg_synthesis", "Builds the temporal knowledge graph of a session.")
        .says("Use it after a session, before asking related_events for causes. Score = 0.5 causality + 0.3 recency (exp, 1 h) + 0.2 dependency; kept from causality_threshold on, \
               as `causes` where causality is above 0.7, else `precedes`. Causality is the strength of a causal rule; without one, half the temporal link between neighbours. The best 500 are stored; repeating it adds nothing.")
        .takes(&["session_id"], [
            namespace(), ("session_id", filled("The session.")),
            ("causality_threshold", or(share("Least score."), 0.5)),
            ("start", moment("From; `next_start` of the answer before")), ("end", moment("Before")), span(500, 1_000),
        ])
        .answers(stored())
        .example_after("An error and its fix", "batch_record_events", a_fix(), json!({"session_id": "s1"}))
        .example("A session without events", json!({"session_id": "nobody"}))
}
