//! Operations that record events.

use super::operation::Operation;
use super::schema::{
    Property, amount, answers, any_object, choice, filled, flag, id, integer, integer_or, list, moment, namespace,
    number, object, open, or, share, text,
};
use crate::vocabulary::{CODE_EVENT_TYPES, EVENT_TYPES, OUTCOMES, STATUSES};
use memstrata_sdk::json;

/// Most events of one batch.
pub const BATCH: usize = 1_000;

/// The group.
pub(super) fn operations() -> Vec<Operation> {
    let mut group = vec![record_event(), batch_record_events()];
    group.extend(shortcuts());
    group.extend([mark_consolidated(), forget(), record_metric()]);
    group
}

fn frame() -> [Property; 6] {
    [
        namespace(),
        ("session_id", text("Session it belongs to; neighbours of a session are linked and found together.")),
        (
            "timestamp",
            moment("When it happened; now if absent. Give it if the call may be repeated: it is part of the identity"),
        ),
        ("context", context()),
        ("tags", list(filled("Tag"), crate::event::MAX_TAGS, "Words to find it by.")),
        ("confidence", or(share("How sure it is, 0 to 1."), 1.0)),
    ]
}

fn context() -> serde_json::Value {
    object(
        &[],
        [
            ("cwd", text("Working directory")),
            ("files", list(text("Path"), crate::event::MAX_FILES, "Files at hand")),
            ("task", text("Task worked on")),
            ("phase", text("Phase of the task")),
            ("branch", text("Branch")),
        ],
    )
}

/// What recording answers.
fn recorded(more: impl IntoIterator<Item = Property>) -> serde_json::Value {
    let base = [
        ("id", integer(1, "The event's id")),
        ("status", choice(&["recorded", "duplicate"], "duplicate: it was there already and stays as it is")),
    ];
    object(&["id", "status"], base.into_iter().chain(more))
}

fn record_event() -> Operation {
    let event = [
        ("content", filled("What happened, in a sentence or more; at most 50 KB.")),
        ("event_type", or(choice(&EVENT_TYPES, "Kind of event."), "action")),
        ("outcome", choice(&OUTCOMES, "How it ended.")),
        ("duration_ms", integer(0, "How long it took.")),
        ("files_changed", integer(0, "Number of files.")),
        ("lines_added", integer(0, "Number of lines.")),
        ("lines_deleted", integer(0, "Number of lines.")),
        ("learned", text("The lesson, in a sentence.")),
        ("code_event_type", choice(&CODE_EVENT_TYPES, "Kind of work on code.")),
        ("file_path", text("The file it is about.")),
        ("symbol_name", text("Function, class, ..")),
        ("symbol_type", text("function, class, ..")),
        ("language", text("Programming language.")),
        ("diff", text("The change.")),
        ("git_commit", text("Commit hash.")),
        ("git_author", text("Commit author.")),
        ("test_name", text("The test.")),
        ("test_passed", flag("Whether it passed.")),
        ("error_type", text("Such as TimeoutError.")),
        ("stack_trace", text("Stack trace.")),
        ("performance_metrics", any_object("Measured numbers.")),
        ("code_quality_score", share("0 to 1.")),
        ("surprise_score", amount("S, if known; score_surprise computes it.")),
        ("surprise_normalized", share("0 to 1.")),
        ("surprise_coherence", share("0 to 1.")),
        ("consolidation_status", choice(&STATUSES, "For imports.")),
        ("consolidated_at", moment("For imports")),
        ("metadata", any_object("Anything else.")),
        ("source", text("Name of the source it was synchronised from.")),
        ("external_id", text("Its id there.")),
    ];
    Operation::write("record_event", "Records something that happened.")
        .says(
            "Use it after each notable step: an action, decision, error, test run, change of a file, a part of a conversation. \
             It becomes searchable by text and meaning, by time, session, file, symbol, test and error. The same event \
             (SHA-256 over all fields but id and consolidation, timestamp included) is kept once: a repeat answers the first one's id.",
        )
        .takes(&["content"], frame().into_iter().chain(event))
        .answers(recorded([]))
        .example("A fixed bug", json!({"content": "Fixed the login timeout by closing idle connections",
            "event_type": "success", "outcome": "success", "session_id": "s1", "timestamp": "2026-08-21T10:00:00Z",
            "file_path": "src/auth/pool.rs", "context": {"task": "login", "branch": "fix-login"}, "tags": ["auth"]}))
        .example("As short as it can be", json!({"content": "Asked Alice about the release date"}))
        .fails("An empty event", "invalid.argument", json!({"content": " "}))
}

fn batch_record_events() -> Operation {
    Operation::write("batch_record_events", "Records up to 1,000 events and says of each what became of it.")
        .says(
            "Use it to import or synchronise. Each item takes the fields of record_event; a bad one is answered `invalid` with its reason \
             and does not stop the others. Repeating a batch with timestamps changes nothing: known events are answered `duplicate`. \
             With `source` and `source_cursor` the source's cursor moves in the same transaction, but only if no item was invalid.",
        )
        .takes(&["events"], [
            ("events", list(any_object("Fields of record_event"), BATCH, "The events.")),
            ("namespace", or(text("For items that name none."), "")),
            ("session_id", text("For items that name none.")),
            ("source", text("A source made by upsert_source; put on items that name none.")),
            ("source_cursor", text("Where the source stands after this batch.")),
        ])
        .answers(object(&["recorded", "duplicates", "invalid", "results"], [
            ("recorded", integer(0, "New events")),
            ("duplicates", integer(0, "Known events")),
            ("invalid", integer(0, "Refused events")),
            ("cursor_moved", flag("Whether the source's cursor moved; absent without a source")),
            ("results", answers(open(&["index", "status"], [
                ("index", integer(0, "Place in the batch")),
                ("status", choice(&["recorded", "duplicate", "invalid"], "What became of it")),
                ("id", integer(1, "The event")),
                ("error", text("What to change")),
            ]))),
        ]))
        .example("One new, one wrong", json!({"session_id": "s1", "events": [
            {"content": "Ran the tests", "event_type": "test_run", "outcome": "failure", "timestamp": 1787306400000_i64},
            {"content": "Party", "event_type": "party"}]}))
        .fails("A source nobody made", "not-found", json!({"events": [], "source": "github:acme", "source_cursor": "42"}))
}

fn shortcuts() -> Vec<Operation> {
    vec![
        Operation::write("record_git_commit", "Records a commit as a change of files.")
            .says("Use it for each commit of a repository. Files become the event's files, so code_events finds it by any of them. \
                   A commit hash is recorded once in a namespace, whatever else differs.")
            .takes(&["commit_hash", "commit_message"], frame().into_iter().chain([
                ("commit_hash", filled("4 to 64 hexadecimal digits.")),
                ("commit_message", filled("The message.")),
                ("changed_files", or(list(text("Path"), crate::event::MAX_FILES, "Paths it changed."), json!([]))),
                ("author", text("Who made it.")),
                ("lines_added", integer(0, "Number of lines.")),
                ("lines_deleted", integer(0, "Number of lines.")),
                ("diff", text("The change itself, at most 50 KB.")),
            ]))
            .answers(recorded([]))
            .example("A commit", json!({"commit_hash": "5297634", "commit_message": "Close idle connections",
                "changed_files": ["src/auth/pool.rs"], "author": "Alice", "timestamp": "2026-08-21T10:00:00Z"})),
        Operation::write("record_execution", "Records that a procedure was executed and how it went.")
            .says("Use it after following a procedure, so that later its record of success can be judged. The event is tagged `procedure:<name>`.")
            .takes(&["procedure_name"], frame().into_iter().chain([
                ("procedure_name", filled("Its name.")),
                ("outcome", or(choice(&OUTCOMES, "How it went."), "success")),
                ("duration_ms", integer(0, "How long it took.")),
                ("learned", text("What to do better.")),
            ]))
            .answers(recorded([]))
            .example("A deployment", json!({"procedure_name": "deploy", "outcome": "partial", "duration_ms": 90000,
                "learned": "Warm the cache first"})),
        Operation::write("record_execution_feedback", "Records how a task really went: time, blockers, quality, lessons.")
            .says("Use it when a task ends. Quality numbers become metrics of the event (see event_metrics). The outcome is `partial` \
                   if there were blockers and `success` otherwise, unless you say it.")
            .takes(&["task_id"], frame().into_iter().chain([
                ("task_id", json!({"type": ["integer", "string"], "description": "The task."})),
                ("actual_duration", amount("Minutes it took.")),
                ("blockers", or(list(text("Blocker"), 100, "What stood in the way."), json!([]))),
                ("quality_metrics", or(json!({"type": "object", "additionalProperties": {"type": ["number", "boolean"]},
                    "description": "Name and number of each."}), json!({}))),
                ("lessons_learned", or(text("In a sentence."), "")),
                ("outcome", choice(&OUTCOMES, "How it went.")),
            ]))
            .answers(recorded([("metrics", integer(0, "Metrics stored"))]))
            .example("A task with a blocker", json!({"task_id": 7, "actual_duration": 45, "blockers": ["waiting for review"],
                "quality_metrics": {"coverage": 0.91}, "lessons_learned": "Ask for review in the morning"})),
        Operation::write("remember_decision", "Records a decision with its reason and what was not chosen.")
            .says("Use it whenever a choice is made that someone may question later. Reason and alternatives become part of the searchable text.")
            .takes(&["content"], frame().into_iter().chain([
                ("content", filled("What was decided.")),
                ("rationale", text("Why.")),
                ("alternatives", list(text("Alternative"), 50, "What was not chosen.")),
            ]))
            .answers(recorded([]))
            .example("A choice of storage", json!({"content": "Use SQLite for storage", "rationale": "one file, no service",
                "alternatives": ["PostgreSQL"]})),
        Operation::write("remember_insight", "Records something learned.")
            .says("Use it for a lesson or discovery worth finding again that is not tied to one error or decision. It is tagged `insight`.")
            .takes(&["content"], frame().into_iter().chain([("content", filled("The insight."))]))
            .answers(recorded([]))
            .example("A lesson", json!({"content": "The staging database resets every night", "tags": ["staging"]})),
        Operation::write("remember_error", "Records an error with its type, place and stack trace.")
            .says("Use it when something fails, before fixing it: causal_links and find_patterns then tie the fix to it by session and file.")
            .takes(&["content"], frame().into_iter().chain([
                ("content", filled("What went wrong.")),
                ("error_type", text("Such as TimeoutError.")),
                ("stack_trace", text("Stack trace.")),
                ("file_path", text("File it came from.")),
                ("symbol_name", text("Function it came from.")),
            ]))
            .answers(recorded([]))
            .example("A timeout", json!({"content": "Login timed out after 30 s", "error_type": "TimeoutError",
                "file_path": "src/auth/pool.rs", "session_id": "s1"})),
    ]
}

fn mark_consolidated() -> Operation {
    Operation::write("mark_consolidated", "Marks events as taken in by consolidation, or as open again.")
        .says("Use it after lasting knowledge was drawn from events, so that the next run leaves them out. Events stay as they are and \
               their identity does not change. Each id is answered on its own.")
        .takes(&["ids"], [
            ("ids", list(id("Event"), BATCH, "The events.")),
            ("status", or(choice(&STATUSES, "The new status."), "consolidated")),
        ])
        .answers(object(&["changed", "results"], [
            ("changed", integer(0, "Events that changed")),
            ("results", answers(open(&["id", "status"], [
                ("id", integer(1, "Event")),
                ("status", choice(&["changed", "unchanged", "not_found"], "What became of it")),
            ]))),
        ]))
        .example("An id that is not there is answered so", json!({"ids": [1]}))
}

fn forget() -> Operation {
    Operation::destructive("forget", "Deletes events by id; their history stays and the host can restore them.")
        .says("Use it for events recorded by mistake. Relations and metrics of the event go with it. To remove content for good use the host's erase.")
        .takes(&["ids"], [("ids", list(id("Event"), 100, "The events."))])
        .answers(object(&["forgotten", "results"], [
            ("forgotten", integer(0, "Events deleted")),
            ("results", answers(open(&["id", "status"], [
                ("id", integer(1, "Event")),
                ("status", choice(&["forgotten", "not_found"], "What became of it")),
            ]))),
        ]))
        .example("An id that is not there is answered so", json!({"ids": [1]}))
}

fn record_metric() -> Operation {
    Operation::write("record_metric", "Attaches a measured number to an event.")
        .says("Use it for coverage, latency, cost and the like. One value a name for each event: a new value replaces the old, which stays in the history.")
        .takes(&["event_id", "name", "value"], [
            ("event_id", id("The event.")),
            ("name", filled("Such as coverage.")),
            ("value", number("The number.")),
        ])
        .answers(object(&["id", "status"], [
            ("id", integer(1, "The metric's id")),
            ("status", choice(&["recorded", "replaced"], "What became of it")),
        ]))
        .example_after("Of a test run", "record_event", json!({"content": "Ran the tests", "event_type": "test_run"}),
            json!({"event_id": 1, "name": "coverage", "value": 0.9}))
        .fails("An event that is not there", "not-found", json!({"event_id": 1, "name": "coverage", "value": 0.9}))
}

/// `limit` of algorithms that read a session.
pub(super) fn span(default: i64, most: i64) -> Property {
    ("limit", integer_or(default, 2, most, "Events to read; the answer's next_start says where to go on."))
}
