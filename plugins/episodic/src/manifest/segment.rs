//! Operations that find where something new begins.

use super::operation::Operation;
use super::relate::next_start;
use super::schema::{answers, filled, integer, integer_or, moment, namespace, number, object, open, or, share, text};
use memstrata_sdk::{Value, json};

/// The group.
pub(super) fn operations() -> Vec<Operation> {
    vec![segment_by_surprise(), score_surprise(), segment_events()]
}

fn threshold() -> Value {
    json!({"type": "number", "minimum": 0, "default": 2.5, "description": "A boundary's S is above it."})
}

fn segment_by_surprise() -> Operation {
    Operation::read("segment_by_surprise", "Cuts a text, or a session's events, where the topic turns.")
        .says("Use it to split a transcript or log before storing or consolidating it. Give `text` (units are words, spacing 50) or session_id (units are events, spacing 3). \
               S = 0.6 (-ln p) + 0.4 KL(after, before). As S grows with the vocabulary, a boundary must also stand `prominence` deviations above the mean (0: threshold only). Strongest first, at least `min_spacing` apart.")
        .takes(&[], [
            namespace(),
            ("text", json!({"type": "string", "maxLength": 100_000, "description": "The text."})),
            ("session_id", text("A session instead of a text.")),
            ("start", moment("Session: from")), ("end", moment("Session: before")),
            ("limit", integer_or(500, 2, 1_000, "Session: events to read.")),
            ("threshold", threshold()),
            ("min_spacing", integer(1, "Units between boundaries; 50 words or 3 events.")),
            ("max_coherence", or(share("A boundary whose sides are this alike is dropped."), 0.95)),
            ("prominence", json!({"type": "number", "minimum": 0, "description": "1 for text, 0.5 for events."})),
        ])
        .answers(object(&["unit", "units", "boundaries", "segments"], [
            ("unit", text("word or event")), ("units", integer(0, "How many")),
            ("boundaries", answers(open(&["at", "surprise", "normalized", "coherence", "confidence"], [
                ("at", integer(1, "First unit of the new segment, from 0")), ("surprise", number("S")),
                ("normalized", number("0 to 1")), ("coherence", number("0 to 1")),
                ("confidence", number("0.7 normalized + 0.3 coherence")),
            ]))),
            ("segments", answers(open(&["start", "end", "preview"], [
                ("start", integer(0, "First unit")), ("end", integer(0, "Unit after the last")),
                ("start_char", integer(0, "Text: first character")), ("end_char", integer(0, "Text: character after the last")),
                ("start_event", integer(1, "Session: first event")), ("end_event", integer(1, "Session: last event")),
                ("preview", text("How it begins")),
            ]))),
            next_start(),
        ]))
        .example("A text", json!({"text": "We fixed the login. Then we planned the party.", "min_spacing": 3}))
        .fails("Neither text nor session", "invalid.argument", json!({}))
}

fn score_surprise() -> Operation {
    Operation::write("score_surprise", "Stores how surprising each event of a session is, given what came before.")
        .says("Use it after a session, then high_surprise lists the turning points. Writes surprise_score (S of segment_by_surprise over the five events before and after), \
               surprise_normalized and surprise_coherence; the events' identity stays. Unchanged scores are not written again.")
        .takes(&["session_id"], [
            namespace(), ("session_id", filled("The session.")), ("start", moment("From")), ("end", moment("Before")),
            ("limit", integer_or(500, 2, 1_000, "Events to read.")), ("threshold", threshold()),
        ])
        .answers(object(&["events", "updated", "surprising"], [
            ("events", integer(0, "Events read")), ("updated", integer(0, "Events whose score changed")),
            ("surprising", answers(open(&["id", "surprise_score"], [("id", integer(1, "Event"))]))), next_start(),
        ]))
        .example_after("A session of two", "batch_record_events", json!({"session_id": "s1", "events": [
            {"content": "Ran the login tests", "timestamp": 1787306400000_i64},
            {"content": "A pipe burst in the office", "timestamp": 1787306460000_i64}]}), json!({"session_id": "s1"}))
}

fn segment_events() -> Operation {
    Operation::read("segment_events", "Cuts a session into episodes by meaning, entities and pauses.")
        .says("Use it to see the episodes of a session before consolidating. Signal = 0.60 embedding-KL + 0.25 entity change + 0.15 pause, each scaled to 0..1, smoothed forth and back (EMA 0.3); \
               cut at peaks above mean + gamma sigma; refined by modularity of the vectors' cosines; segments keep min_tokens to max_tokens words (a single event is never split).")
        .takes(&["session_id"], [
            namespace(), ("session_id", filled("The session.")), ("start", moment("From")), ("end", moment("Before")),
            ("limit", integer_or(200, 2, 400, "Events to read.")),
            ("gamma", json!({"type": "number", "minimum": 0, "maximum": 5, "default": 1.0, "description": "Higher: fewer cuts."})),
            ("window", integer_or(5, 1, 50, "Events on each side.")),
            ("min_tokens", integer_or(8, 0, 10_000, "Least words of a segment.")),
            ("max_tokens", integer_or(128, 1, 100_000, "Most words of a segment of several events.")),
        ])
        .answers(object(&["segments", "events", "modularity"], [
            ("segments", answers(open(&["event_ids", "count", "tokens", "start", "end", "signal", "preview"], [
                ("event_ids", answers(integer(1, "Event"))), ("tokens", integer(0, "Words")),
                ("start", integer(0, "ms UTC")), ("end", integer(0, "ms UTC")),
                ("signal", number("Change at its start, 0 to 1")), ("preview", text("How it begins")),
            ]))),
            ("events", integer(0, "Events read")), ("with_vector", integer(0, "Events that have a vector")),
            ("modularity", number("Quality of the cut")), next_start(),
        ]))
        .example("A session without events", json!({"session_id": "nobody"}))
        .example_after("A short session", "batch_record_events", json!({"session_id": "s1", "events": [
            {"content": "Ran the login tests", "timestamp": 1787306400000_i64},
            {"content": "Fixed the login timeout", "timestamp": 1787306460000_i64}]}), json!({"session_id": "s1"}))
}
