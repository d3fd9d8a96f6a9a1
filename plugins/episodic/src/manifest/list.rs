//! Operations that list and search events.

use super::operation::Operation;
use super::schema::{
    Property, answers, any_object, choice, counts, detail, event, events_page, filled, flag, id, integer, integer_or,
    list, moment, namespace, number, object, open, or, paged, range, share, text,
};
use crate::timeframe::{BUCKETS, TIMEFRAMES};
use crate::vocabulary::{CODE_EVENT_TYPES, EVENT_TYPES, OUTCOMES, STATUSES};
use memstrata_sdk::{Value, json};

/// The group.
pub(super) fn operations() -> Vec<Operation> {
    let mut group = vec![get_event(), recall_events()];
    group.extend(lists());
    group.extend([get_timeline(), search_events(), code_events(), high_surprise()]);
    group.extend(summaries());
    group
}

fn type_of_event() -> Property {
    ("event_type", choice(&EVENT_TYPES, "Only this kind."))
}

fn outcome() -> Property {
    ("outcome", choice(&OUTCOMES, "Only with this outcome."))
}

fn with_paging(more: impl IntoIterator<Item = Property>, limit: i64) -> Vec<Property> {
    std::iter::once(namespace()).chain(more).chain(paged(limit)).collect()
}

/// One event that most examples start from.
fn one_event() -> Value {
    json!({"content": "Ran the login tests", "event_type": "test_run", "outcome": "failure", "session_id": "s1",
        "test_name": "login", "test_passed": false, "file_path": "tests/login.rs", "tags": ["auth"],
        "timestamp": "2026-08-21T10:00:00Z"})
}

fn get_event() -> Operation {
    Operation::read("get_event", "One event with all its fields.")
        .says("Use it to drill down from an id that a list, search or summary gave. Ask for relations, metrics or history only if you need them.")
        .takes(&["event_id"], [
            ("event_id", id("The event.")),
            ("include", list(choice(&["relations", "metrics", "history"], "Part"), 3, "What else to answer.")),
        ])
        .answers(object(&["event"], [
            ("event", event()),
            ("relations", answers(any_object("A relation"))),
            ("metrics", json!({"type": "object", "additionalProperties": {"type": "number"}})),
            ("history", answers(any_object("A version"))),
        ]))
        .example_after("By its id", "record_event", one_event(), json!({"event_id": 1}))
        .fails("An id that is not there", "not-found", json!({"event_id": 1}))
}

fn recall_events() -> Operation {
    Operation::read("recall_events", "What happened in a timeframe, or what fits a question.")
        .says("The first choice to look back. With `query`: the best matches by text and meaning, without further pages. Without: newest first, page by page. \
               Timeframes are in UTC and weeks start on Monday. `metrics` adds each event's metrics.")
        .takes(&[], with_paging([
            ("timeframe", choice(&TIMEFRAMES, "Only within it.")),
            ("query", text("What to look for.")),
            type_of_event(), outcome(),
            ("min_confidence", share("Only at least this sure.")),
            ("metrics", or(flag("Add metrics of each event."), false)),
        ], 10))
        .answers(events_page([]))
        .example_after("Look back at all tests", "record_event", one_event(), json!({"event_type": "test_run"}))
        .example_after("Ask", "record_event", one_event(), json!({"query": "login tests", "limit": 3}))
}

fn lists() -> Vec<Operation> {
    let after = |operation: Operation, arguments: Value| {
        operation.answers(events_page([])).example_after("After one event", "record_event", one_event(), arguments)
    };
    vec![
        after(
            Operation::read("recall_events_by_session", "The events of one session in order of time.")
                .says("Use it to replay what was done in a session, or to hand a session over.")
                .takes(&["session_id"], with_paging([
                    ("session_id", filled("The session.")), type_of_event(), outcome(),
                    ("consolidation_status", choice(&STATUSES, "Only with this status.")),
                ].into_iter().chain(range()), 50)),
            json!({"session_id": "s1"}),
        ),
        after(
            Operation::read("events_by_type", "Events of one type, newest first.")
                .says("Use it for all errors, all decisions, all deployments and so on; narrow by outcome, session or time.")
                .takes(&["event_type"], with_paging([
                    ("event_type", choice(&EVENT_TYPES, "The type.")), outcome(), ("session_id", text("Only this session.")),
                ].into_iter().chain(range()), 20)),
            json!({"event_type": "test_run"}),
        ),
        after(
            Operation::read("recent_events", "The newest events.")
                .says("Use it at the start of a session to see where things stand.")
                .takes(&[], with_paging([type_of_event(), outcome(), ("session_id", text("Only this session.")),
                    ("consolidation_status", choice(&STATUSES, "Only with this status."))], 10)),
            json!({"limit": 5}),
        ),
        after(
            Operation::read("oldest_events", "The oldest events.")
                .says("Use it to see how something began, or what waits longest: with consolidation_status `unconsolidated` it is the queue of consolidation.")
                .takes(&[], with_paging([type_of_event(), outcome(), ("session_id", text("Only this session.")),
                    ("consolidation_status", choice(&STATUSES, "Only with this status."))], 10)),
            json!({"consolidation_status": "unconsolidated"}),
        ),
        after(
            Operation::read("events_between", "Events from one time to another.")
                .says("Use it for a range of dates; either end may be left open. `end` itself is outside.")
                .takes(&[], with_paging(range().into_iter().chain([
                    type_of_event(), outcome(), ("session_id", text("Only this session.")), ("source", text("Only from this source.")),
                    ("order", or(choice(&["oldest", "newest"], "Which first."), "oldest")),
                ]), 50)),
            json!({"start": "2026-08-21", "end": "2026-08-22"}),
        ),
        after(
            Operation::read("events_by_tags", "Events with any or all of some tags, newest first.")
                .says("Use it when tags were set on purpose: `decision`, `insight`, `error`, `procedure:<name>` are set by the shortcuts.")
                .takes(&["tags"], with_paging([
                    ("tags", json!({"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "maxItems": 20,
                        "description": "The tags."})),
                    ("match", or(choice(&["any", "all"], "How many must be there."), "any")),
                ].into_iter().chain(range()), 20)),
            json!({"tags": ["auth"]}),
        ),
        Operation::read("get_timeframe", "Events of today, yesterday, this or last week, or this month.")
            .says("Use it for a named window; days are UTC and weeks start on Monday. Newest first.")
            .takes(&["timeframe"], with_paging([("timeframe", choice(&TIMEFRAMES, "The window.")), type_of_event(), outcome()], 50))
            .answers(events_page([("start", integer(0, "ms UTC")), ("end", integer(0, "ms UTC"))]))
            .example_after("What happened today", "record_event", json!({"content": "Began the day"}), json!({"timeframe": "today"})),
    ]
}

fn get_timeline() -> Operation {
    Operation::read("get_timeline", "The last days: newest events, and if wanted counts by hour, day, week or month.")
        .says("Use it for an overview of recent work. From midnight UTC, `days` days ago, to the end of today; `bucket` adds counts of all events in that window, not only of this page.")
        .takes(&[], with_paging([
            ("days", integer_or(7, 0, 3_650, "Days back.")),
            ("bucket", choice(&BUCKETS, "Count by it.")),
            type_of_event(),
        ], 20))
        .answers(events_page([("start", integer(0, "ms UTC")), ("end", integer(0, "ms UTC")),
            ("buckets", counts("Events in each bucket that has any"))]))
        .example_after("A week by day", "record_event", json!({"content": "Began the day"}), json!({"bucket": "day"}))
}

fn search_events() -> Operation {
    Operation::read("search_events", "Searches events and answers a summary of some 100 tokens.")
        .says("Use it to learn what there is before reading it: counts, confidence, dates, types and the ids of the best three; then get_event. \
               Text, meaning, neighbours in the session are fused. `detail` other than ids adds the events. Only the best `limit` are looked at.")
        .takes(&["query"], [
            namespace(),
            ("query", filled("What to look for.")),
            ("limit", integer_or(100, 1, 200, "Most hits.")),
            ("confidence_threshold", or(share("From here on confidence counts as high."), 0.7)),
            ("outcome_filter", choice(&OUTCOMES, "Only with this outcome.")),
            ("event_type", choice(&EVENT_TYPES, "Only this kind.")),
            ("mode", or(choice(&["hybrid", "text", "vector"], "Which channels."), "hybrid")),
            ("min_similarity", share("Least cosine of a vector hit.")),
            ("detail", detail("ids")),
        ].into_iter().chain(range()))
        .answers(object(&["total_found", "top_3_ids", "event_types", "empty"], [
            ("total_found", integer(0, "Hits")),
            ("high_confidence_count", integer(0, "Hits at or above the threshold")),
            ("avg_confidence", number("Mean")),
            ("min_confidence", number("Least")),
            ("max_confidence", number("Most")),
            ("date_range", object(&["start", "end"], [("start", text("RFC 3339")), ("end", text("RFC 3339"))])),
            ("top_3_ids", answers(integer(1, "Event"))),
            ("event_types", counts("Hits by type")),
            ("empty", flag("Nothing was found")),
            ("events", answers(event())),
            ("notes", answers(text("What the search could not do"))),
        ]))
        .example_after("A summary", "record_event", one_event(), json!({"query": "login tests"}))
        .example("Nothing there", json!({"query": "anything"}))
}

fn code_events() -> Operation {
    Operation::read("code_events", "Events about a file, folder, symbol, test, error type, commit or kind of code work.")
        .says("Use it for the history of a piece of code: who touched this file, when this test failed, where this error came up. Give at least one filter; they add up. \
               A file_path ending in / means everything below. Newest first.")
        .takes(&[], with_paging([
            ("file_path", filled("A file, or a folder with a trailing /.")),
            ("symbol_name", filled("A function, class, ..")),
            ("symbol_type", filled("function, class, ..")),
            ("test_name", filled("A test.")),
            ("test_passed", flag("Only passed or only failed runs.")),
            ("error_type", filled("Such as TimeoutError.")),
            ("code_event_type", choice(&CODE_EVENT_TYPES, "Kind of code work.")),
            ("language", filled("Programming language.")),
            ("git_commit", filled("Commit hash.")),
        ].into_iter().chain(range()), 20))
        .answers(events_page([]))
        .example_after("Runs of a test that failed", "record_event", one_event(), json!({"test_name": "login", "test_passed": false}))
        .example_after("All below a folder", "record_event", one_event(), json!({"file_path": "tests/"}))
        .fails("No filter", "invalid.argument", json!({}))
}

fn high_surprise() -> Operation {
    Operation::read("high_surprise", "Events that stood out, most surprising first.")
        .says("Use it for what was out of the ordinary: the turning points worth keeping. Scores come from score_surprise, or were given when recording.")
        .takes(&[], with_paging([
            ("threshold", json!({"type": "number", "minimum": 0, "default": 2.5, "description": "Least surprise_score."})),
            ("session_id", text("Only this session.")), type_of_event(),
        ].into_iter().chain(range()), 10))
        .answers(events_page([]))
        .example_after("What stood out", "record_event",
            json!({"content": "The database was empty this morning", "surprise_score": 4.2}), json!({}))
}

fn summaries() -> Vec<Operation> {
    vec![
        Operation::read("get_event_timeline", "How many events in each hour, day, week or month; no events themselves.")
            .says("Use it to see rhythm and busy times for few tokens. Without dates: from the first event to the last. Only buckets with events are listed, the newest 200.")
            .takes(&[], [
                namespace(),
                ("start_date", moment("From")), ("end_date", moment("Before")), type_of_event(),
                ("bucket_by", or(choice(&BUCKETS, "Width of a bucket."), "day")),
            ])
            .answers(object(&["total_events", "bucket_type", "bucket_count", "buckets", "empty"], [
                ("total_events", integer(0, "All events")),
                ("date_range", object(&["start", "end"], [("start", text("RFC 3339")), ("end", text("RFC 3339"))])),
                ("bucket_type", text("hour, day, week or month")),
                ("bucket_count", integer(0, "Buckets with events")),
                ("buckets", counts("Events by bucket, oldest first; a week goes by its Monday")),
                ("older_buckets_left_out", integer(0, "Buckets not listed")),
                ("avg_events_per_bucket", number("Mean over buckets with events")),
                ("busiest_bucket", open(&["bucket", "count"], [("bucket", text("Label")), ("count", integer(0, "Events"))])),
                ("empty", flag("No events")),
            ]))
            .example_after("By hour", "record_event", one_event(), json!({"bucket_by": "hour"})),
        Operation::read("get_event_causality", "What surrounds an event: counts before and after, and likely causes and effects.")
            .says("Use it to ask why something happened. Counts and outcomes are of all events within the window; causes and effects come from the causal rules over the nearest ones of the same session. See causal_links for storing them.")
            .takes(&["event_id"], [
                ("event_id", id("The event.")),
                ("window_minutes", integer_or(30, 1, 10_080, "Minutes on each side.")),
                ("same_session", or(flag("Only events of its session."), false)),
            ])
            .answers(object(&["events_before", "events_after", "total_nearby", "nearby_event_types"], [
                ("events_before", integer(0, "Count")), ("events_after", integer(0, "Count, at the same time included")),
                ("total_nearby", integer(0, "Both")),
                ("nearby_event_types", counts("By type")),
                ("before_outcomes", counts("By outcome")), ("after_outcomes", counts("By outcome")),
                ("likely_causes", answers(open(&["id", "rule", "strength"], [("id", integer(1, "Event"))]))),
                ("likely_effects", answers(open(&["id", "rule", "strength"], [("id", integer(1, "Event"))]))),
            ]))
            .example_after("With nothing near it", "record_event", one_event(), json!({"event_id": 1}))
            .fails("An id that is not there", "not-found", json!({"event_id": 1})),
        Operation::read("event_metrics", "Metrics of an event, or one metric over all events with its range.")
            .says("Use it with event_id for all numbers of one event, or with name for a series (newest first) with count, mean, least and most.")
            .takes(&[], [
                ("event_id", id("The event.")), ("name", filled("The metric.")),
                ("limit", integer_or(50, 1, 200, "Values a page.")), ("cursor", text("`next_cursor` of the page before.")),
            ])
            .answers(object(&["metrics", "count"], [
                ("metrics", answers(open(&["event_id", "name", "value"], [
                    ("event_id", integer(1, "Event")), ("name", text("Metric")), ("value", number("Value"))]))),
                ("count", integer(0, "Values on this page")),
                ("total", integer(0, "All values")), ("avg", number("Mean")), ("min", number("Least")), ("max", number("Most")),
                ("next_cursor", text("For the next page")),
            ]))
            .example_after("A series", "record_execution_feedback", json!({"task_id": "t", "quality_metrics": {"coverage": 0.9}}),
                json!({"name": "coverage"}))
            .fails("Neither event nor name", "invalid.argument", json!({})),
        Operation::read("event_stats", "How much the layer holds: counts by type, outcome and status, sessions, dates.")
            .says("Use it to judge coverage and what waits for consolidation. With 5,000 events or more in a namespace, and no dates, the answer is the one kept at `computed_at`, renewed every ten minutes while there are changes; `fresh` counts now.")
            .takes(&[], std::iter::once(namespace()).chain(range()).chain([("fresh", or(flag("Count now."), false))]))
            .answers(object(&["total_events", "by_type", "by_outcome", "by_status", "empty"], [
                ("total_events", integer(0, "Events")), ("by_type", counts("By type")), ("by_outcome", counts("By outcome")),
                ("by_status", counts("By consolidation status")), ("sessions", integer(0, "Sessions")),
                ("largest_sessions", counts("Events of the ten largest")),
                ("avg_confidence", number("Mean")), ("scored_for_surprise", integer(0, "Events with a surprise score")),
                ("date_range", object(&["start", "end"], [("start", text("RFC 3339")), ("end", text("RFC 3339"))])),
                ("relations", integer(0, "All relations")), ("metrics", integer(0, "All metrics")),
                ("sources", integer(0, "All sources")), ("places", integer(0, "All places")), ("empty", flag("No events")),
                ("computed_at", integer(0, "ms UTC; absent: counted now")),
            ]))
            .example("An empty space", json!({}))
            .example_after("Counted now", "record_event", one_event(), json!({"fresh": true})),
        Operation::write("keep_stats", "Counts what event_stats answers of large namespaces, where something changed.")
            .says("The host calls it every ten minutes. Call it after a large import.")
            .takes(&[], [])
            .answers(object(&["kept", "dropped"], [
                ("kept", integer(0, "Namespaces counted, the whole space among them")), ("dropped", integer(0, "Figures of namespaces that have few events now")),
            ]))
            .example_after("Few events are counted at each call", "record_event", one_event(), json!({})),
        Operation::write("index_lists", "Makes tags and files of older events quick to ask for, a thousand events a call.")
            .says("The host calls it each minute. What is recorded by this layer is indexed at once; this is for events from before and for imported rows. When all are done it looks through a thousand rows a call, and erases those whose event was erased. A caller confined to a namespace changes nothing and is told that it is not done.")
            .takes(&[], [])
            .answers(object(&["events", "mentions", "erased", "done"], [
                ("events", integer(0, "Events read")), ("mentions", integer(0, "Rows written")), ("erased", integer(0, "Rows erased, whose event was erased")), ("done", flag("All events are indexed")),
            ]))
            .example_after("After one event", "record_event", one_event(), json!({})),
    ]
}
