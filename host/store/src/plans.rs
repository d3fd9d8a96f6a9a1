//! Tests: SQLite serves what queries ask by the indexes that are declared for it, not by scans.

use crate::condition::Condition;
use crate::query::{Query, Source};
use crate::session::{Deadline, ReadLimits, SessionOptions};
use crate::space::{Space, SpaceOptions};
use crate::{Collection, Namespace};
use rusqlite::Connection;
use std::sync::Arc;
use std::time::Duration;

/// A space with two collections, one of them a sequence.
pub(crate) fn space() -> (tempfile::TempDir, Arc<Space>) {
    let folder = tempfile::tempdir().unwrap();
    let options = SpaceOptions { dimension: 4, ..SpaceOptions::default() };
    let space = Arc::new(Space::open(&folder.path().join("plans.db"), "plans", &options).unwrap());
    let specs = r#"{
        "notes": {
            "fields": {
                "slug": {"type": "text"}, "kind": {"type": "text"}, "stars": {"type": "integer"},
                "happened": {"type": "time", "required": true, "default": 0}, "body": {"type": "text", "search": true}
            },
            "indexes": [["kind", "stars"], ["happened"]], "unique": {"by_slug": ["slug", "kind"]}
        },
        "turns": {
            "fields": {"session": {"type": "text"}, "position": {"type": "integer"}, "text": {"type": "text", "search": true}},
            "sequence": {"key": "session", "order": "position"}
        }
    }"#;
    space.ensure_collections("lab", &serde_json::from_str(specs).unwrap()).unwrap();
    (folder, space)
}

/// What SQLite would do, its parameters unknown.
pub(crate) fn plan(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let lines = statement.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<rusqlite::Result<Vec<_>>>();
    lines.unwrap().join("; ")
}

fn session_options() -> SessionOptions {
    SessionOptions {
        layer: "lab".into(),
        component: String::new(),
        scope: Namespace::default(),
        now: 1,
        deadline: Deadline::within(Duration::from_secs(60)),
        limits: ReadLimits::default(),
        binding: String::new(),
        read_only: false,
        as_of: None,
    }
}

/// The plans of a page and a count, from the table alone and with staged rows over it.
fn plans(space: &Arc<Space>, collection: &Arc<Collection>, shape: impl Fn(&mut Query)) -> [String; 3] {
    let mut query = Query::new(Arc::clone(collection));
    shape(&mut query);
    let mut session = space.session(session_options());
    let row = serde_json::Map::from_iter([("kind".to_owned(), "x".into())]);
    session.insert(&space.collection("lab.notes").unwrap(), row).unwrap();
    session.count(&Query::new(Arc::clone(collection))).unwrap();
    let connection = session.connection().unwrap();
    let overlaid = Source { as_of: None, overlaid: true };
    let (page, _) = query.page_sql(Source::default(), "r.id", 10, b"", "").unwrap();
    let (count, _) = query.count_sql(Source::default()).unwrap();
    let (staged, _) = query.count_sql(overlaid).unwrap();
    [page, count, staged].map(|sql| plan(connection, &sql))
}

fn by(condition: &str) -> impl Fn(&mut Query) {
    let condition = Condition::parse(condition).unwrap();
    move |query| query.filter(condition.clone()).unwrap()
}

#[test]
fn each_declared_index_unique_key_and_namespace_is_searched() {
    let (_folder, space) = space();
    let notes = space.collection("lab.notes").unwrap();
    let (kind, key) = (&["kind", "stars"][..], &["slug", "kind"][..]);
    // A page in the order of the index; by id alone, SQLite may as well read by id until the page is full.
    for (condition, order, index) in [
        (r#"["kind", "=", "x"]"#, kind, "index_kind__stars (kind=?"),
        (r#"["kind", "in", ["x", "y"]]"#, kind, "index_kind__stars (kind=?"),
        (r#"["kind", "prefix", "x"]"#, kind, "index_kind__stars (kind>? AND kind<?"),
        (r#"{"all": [["kind", "=", "x"], ["stars", ">", 1]]}"#, kind, "index_kind__stars (kind=? AND stars>?"),
        (r#"["happened", "<", 9]"#, &["happened"], "index_happened (happened<?"),
        (r#"{"all": [["slug", "=", "s"], ["kind", "=", "x"]]}"#, key, "unique_by_slug (slug=? AND kind=?"),
        (r#"["created_at", ">", 9]"#, &["created_at"], "by_created (created_at>?"),
        (r#"["updated_at", ">", 9]"#, &["updated_at"], "by_updated (updated_at>?"),
        (r#"["id", "=", 9]"#, &["id"], "INTEGER PRIMARY KEY (rowid=?"),
    ] {
        let [page, count, staged] = plans(&space, &notes, |query| {
            by(condition)(query);
            order.iter().for_each(|field| query.order_by(field, false).unwrap());
        });
        for plan in [&page, &count, &staged] {
            assert!(plan.contains(index), "{condition}: {plan}");
        }
        // Over staged rows `r` is the union; the table is then named.
        assert!(!page.contains("SCAN r") && !count.contains("SCAN r"), "{condition}: {page}; {count}");
        assert!(!staged.contains("SCAN main."), "{condition}: {staged}");
    }
    let prefix = |query: &mut Query| query.namespace(Namespace::parse("user:a").unwrap());
    for plan in plans(&space, &notes, prefix) {
        assert!(plan.contains("by_namespace (namespace=?") && plan.contains("by_namespace (namespace>?"), "{plan}");
    }
}

#[test]
fn an_index_serves_an_order_without_sorting() {
    let (_folder, space) = space();
    let notes = space.collection("lab.notes").unwrap();
    for (field, index) in [("happened", "index_happened"), ("created_at", "by_created"), ("updated_at", "by_updated")] {
        for descending in [false, true] {
            let [page, ..] = plans(&space, &notes, |query| query.order_by(field, descending).unwrap());
            assert!(page.contains(index) && !page.contains("TEMP B-TREE"), "{field}: {page}");
        }
    }
    let [page, ..] = plans(&space, &notes, |query| {
        by(r#"["kind", "=", "x"]"#)(query);
        query.order_by("stars", true).unwrap();
    });
    assert!(page.contains("index_kind__stars (kind=?") && !page.contains("TEMP B-TREE"), "{page}");
}

#[test]
fn deleted_rows_are_asked_for_beside_the_live_ones_without_a_scan() {
    let (_folder, space) = space();
    let notes = space.collection("lab.notes").unwrap();
    for (condition, order) in [(r#"["kind", "=", "x"]"#, "stars"), (r#"["updated_at", ">", 9]"#, "updated_at")] {
        let [page, count, _] = plans(&space, &notes, |query| {
            by(condition)(query);
            query.order_by(order, false).unwrap();
            query.with_deleted();
        });
        for plan in [page, count] {
            assert!(plan.contains("lab__notes__deleted") && !plan.contains("SCAN main."), "{condition}: {plan}");
        }
    }
}

#[test]
fn a_later_page_goes_on_in_the_index() {
    let (_folder, space) = space();
    let notes = space.collection("lab.notes").unwrap();
    for descending in [false, true] {
        let mut query = Query::new(Arc::clone(&notes));
        query.order_by("happened", descending).unwrap();
        let last = query.cursor_after(b"", "", &[5, 7].map(rusqlite::types::Value::Integer));
        query.after(&last);
        let (page, _) = query.page_sql(Source::default(), "r.id", 10, b"", "").unwrap();
        let plan = space.with_reader(|connection| Ok(plan(connection, &page))).unwrap();
        assert!(
            plan.contains("index_happened (happened") && !plan.contains("TEMP") && !plan.contains("MULTI"),
            "{plan}"
        );
    }
}

#[test]
fn the_past_is_searched_by_sequence_and_by_id() {
    let (_folder, space) = space();
    let notes = space.collection("lab.notes").unwrap();
    let (sql, _) = Query::new(notes).count_sql(Source { as_of: Some(1), overlaid: false }).unwrap();
    let past = space.with_reader(|connection| Ok(plan(connection, &sql))).unwrap();
    assert!(past.contains("history_seq (_to_seq>?"), "{past}");
    for (sql, index) in [
        (
            "SELECT id FROM journal_rows WHERE collection = ? AND reindex AND seq > ? AND seq <= ?",
            "journal_rows_reindex",
        ),
        ("SELECT seq FROM journal WHERE at <= ? ORDER BY at DESC, seq DESC LIMIT 1", "journal_at"),
        ("SELECT id FROM lab__notes__history WHERE id = ? AND _seq <= ? AND _to_seq > ?", "PRIMARY KEY (id=?"),
    ] {
        let plan = space.with_reader(|connection| Ok(plan(connection, sql))).unwrap();
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{sql}: {plan}");
    }
}

#[test]
fn a_count_reads_the_index_alone() {
    let (_folder, space) = space();
    let notes = space.collection("lab.notes").unwrap();
    let mut query = Query::new(Arc::clone(&notes));
    by(r#"["happened", "<", 9]"#)(&mut query);
    let (count, _) = query.count_sql(Source::default()).unwrap();
    let (groups, _) = Query::new(Arc::clone(&notes)).group_sql(Source::default(), "kind").unwrap();
    for (sql, index) in [(count, "index_happened"), (groups, "index_kind__stars")] {
        let steps = space.with_reader(|connection| {
            assert!(plan(connection, &sql).contains(index), "{sql}");
            let mut statement = connection.prepare(&format!("EXPLAIN {sql}"))?;
            let steps = statement.raw_query().mapped(|row| Ok((row.get::<_, String>(1)?, row.get::<_, i64>(2)?)));
            Ok(steps.collect::<rusqlite::Result<Vec<_>>>()?)
        });
        // The table is cursor 0; a row is sought only when a column of it is asked for.
        let reads = steps.unwrap().into_iter().filter(|(step, cursor)| step == "Column" && *cursor == 0).count();
        assert_eq!(reads, 0, "{sql} reads rows");
    }
}

#[test]
fn a_file_of_the_first_format_gets_its_indexes_anew() {
    let (folder, space) = space();
    drop(space);
    let path = folder.path().join("plans.db");
    let index = |connection: &Connection| -> String {
        let sql = "SELECT sql FROM sqlite_schema WHERE name = 'lab__notes__index_happened'";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let old = Connection::open(&path).unwrap();
    let made = "DROP INDEX lab__notes__index_happened; CREATE INDEX lab__notes__index_happened ON lab__notes(happened);
                UPDATE meta SET value = 1 WHERE key = 'format'";
    old.execute_batch(made).unwrap();
    assert!(!index(&old).contains("WHERE"));
    drop(old);
    let options = SpaceOptions { dimension: 4, ..SpaceOptions::default() };
    drop(Space::open(&path, "plans", &options).unwrap());
    let new = Connection::open(&path).unwrap();
    assert!(index(&new).contains("WHERE deleted_at IS NULL"), "{}", index(&new));
    let format: i64 = new.query_row("SELECT value FROM meta WHERE key = 'format'", [], |row| row.get(0)).unwrap();
    assert_eq!(format, crate::database::FORMAT);
}

#[test]
fn a_file_of_the_second_format_gets_full_text_without_contexts() {
    let (folder, space) = space();
    drop(space);
    let path = folder.path().join("plans.db");
    let columns = |connection: &Connection| -> String {
        let sql = "SELECT group_concat(name) FROM pragma_table_info('lab__turns__text')";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let words = |connection: &Connection| -> i64 {
        let sql = "SELECT count(*) FROM lab__turns__text WHERE lab__turns__text MATCH 'forgotten'";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let old = Connection::open(&path).unwrap();
    let made = "DROP TABLE lab__turns__text; DROP VIEW lab__turns__live;
                CREATE VIEW lab__turns__live AS SELECT id, text, _context FROM lab__turns
                  LEFT JOIN lab__turns__context USING(id) WHERE deleted_at IS NULL;
                CREATE VIRTUAL TABLE lab__turns__text USING fts5(text, _context, content='lab__turns__live', content_rowid='id');
                INSERT INTO lab__turns__text(rowid, text, _context) VALUES(7, 'words', 'forgotten');
                UPDATE meta SET value = 2 WHERE key = 'format'";
    old.execute_batch(made).unwrap();
    assert_eq!((columns(&old).contains("_context"), words(&old)), (true, 1));
    drop(old);
    let options = SpaceOptions { dimension: 4, ..SpaceOptions::default() };
    let space = Space::open(&path, "plans", &options).unwrap();
    assert!(space.verify().unwrap().faults.is_empty());
    drop(space);
    let new = Connection::open(&path).unwrap();
    assert_eq!((columns(&new).contains("_context"), words(&new)), (false, 0));
}
