//! Operations on sources: where events are synchronised from.

use super::operation::Operation;
use super::schema::{
    answers, any_object, choice, filled, flag, integer, integer_or, moment, namespace, object, open, or, text,
};
use crate::vocabulary::SOURCE_TYPES;
use memstrata_sdk::json;

/// The group.
pub(super) fn operations() -> Vec<Operation> {
    vec![upsert_source(), list_sources()]
}

fn upsert_source() -> Operation {
    Operation::write("upsert_source", "Makes or changes a source of events and its cursor.")
        .says("Use it to set up incremental synchronisation. To advance, prefer batch_record_events with source_cursor: events and cursor then move in one transaction. \
               With expected_cursor the change is refused (`conflict.cursor`) if another synchroniser has moved it. Only the fields given change.")
        .takes(&["name"], [
            namespace(),
            ("name", filled("Its name, such as github:acme/api.")),
            ("source_type", choice(&SOURCE_TYPES, "Kind; needed when it is new.")),
            ("cursor", text("Where synchronisation stands.")),
            ("expected_cursor", text("The cursor as you read it; empty for none.")),
            ("last_sync_at", moment("When; now if the cursor moves")),
            ("enabled", flag("Whether to synchronise.")),
            ("config", any_object("Settings of the synchroniser; no secrets.")),
            ("last_error", text("What went wrong last; empty clears it.")),
        ])
        .answers(object(&["id", "status"], [
            ("id", integer(1, "The source's id")), ("status", choice(&["created", "updated", "unchanged"], "What became of it")),
            ("cursor", text("Where it stands")),
        ]))
        .example("A repository", json!({"name": "github:acme/api", "source_type": "github", "cursor": "42"}))
        .fails("New without a kind", "invalid.argument", json!({"name": "github:acme/api"}))
}

fn list_sources() -> Operation {
    Operation::read("list_sources", "Sources with cursor, last synchronisation and last error.")
        .says("Use it to see where to go on, or what stopped.")
        .takes(
            &[],
            [
                namespace(),
                ("source_type", choice(&SOURCE_TYPES, "Only this kind.")),
                ("enabled", flag("Only enabled or disabled ones.")),
                ("limit", or(integer_or(50, 1, 200, "Sources a page."), 50)),
                ("cursor", text("`next_cursor` of the page before.")),
            ],
        )
        .answers(object(
            &["sources", "count"],
            [
                (
                    "sources",
                    answers(open(
                        &["id", "name", "source_type"],
                        [
                            ("id", integer(1, "Source")),
                            ("name", text("Name")),
                            ("source_type", text("Kind")),
                            ("cursor", text("Where it stands")),
                        ],
                    )),
                ),
                ("count", integer(0, "Sources on this page")),
                ("next_cursor", text("For the next page")),
            ],
        ))
        .example_after("One source", "upsert_source", json!({"name": "logs", "source_type": "filesystem"}), json!({}))
}
