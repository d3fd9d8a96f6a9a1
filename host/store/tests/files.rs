//! Files: backup and restore, verification and rebuilding, damage, formats, and changes of the collections.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{
    Lab, code, embed, faults, lab, notes_spec, object, open, options, parse, session_options, specs, turns_spec,
};
use memstrata_store::{Namespace, Query, SearchRequest, Space, SpaceOptions, Spaces};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Some of everything.
fn fill(lab: &Lab) -> Vec<u64> {
    let mut ids: Vec<_> = (0..30)
        .map(|n| {
            lab.note(json!({"title": format!("t{n}"), "body": format!("word{} common", n % 5), "slug": n.to_string()}))
        })
        .collect();
    ids.extend((0..10).map(|n| lab.say("s", n, &format!("turn{n} common"))));
    lab.write(|call| {
        call.update(&lab.notes, ids[0], None, &object(json!({"body": "changed", "sources": [ids[1]]}))).unwrap();
        call.delete(&lab.notes, ids[2], None).unwrap();
        call.delete(&lab.turns, ids[34], None).unwrap();
        call.emit("made", "1").unwrap();
    });
    lab.write(|call| call.erase(&lab.notes, ids[3]).unwrap());
    ids
}

fn state(space: &Arc<Space>) -> Value {
    let mut call = space.session(session_options());
    let mut all = json!({});
    for collection in space.collections() {
        let mut query = Query::new(Arc::clone(&collection));
        query.with_deleted();
        query.limit(1000);
        let rows: Vec<_> = call.rows(&query).unwrap().rows.iter().map(|row| parse(row)).collect();
        let mut request = SearchRequest::new("word1 common turn3");
        request.vector = embed("word1 common turn3");
        request.collections.push(collection);
        let hits = call.search(&request).unwrap().hits;
        let hits: Vec<_> = hits.iter().map(|hit| json!([hit.id, hit.ranks, format!("{:.6}", hit.score)])).collect();
        all[request.collections[0].name()] = json!([rows, hits]);
    }
    all
}

#[test]
fn a_backup_made_while_writers_go_on_restores_to_a_sound_space() {
    let lab = lab();
    fill(&lab);
    let done = AtomicBool::new(false);
    let backup = lab.path("b.backup");
    let made = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                lab.note(json!({"title": "meanwhile", "body": "more words"}));
            }
        });
        let made = lab.space.backup(&backup, |_, _| ()).unwrap();
        done.store(true, Ordering::Relaxed);
        made
    });
    let spaces = Spaces::new(lab.folder.path().to_owned(), options());
    spaces.restore(&backup, "again").unwrap();
    let again = spaces.open("again", |_| Ok(())).unwrap();
    assert_eq!((again.latest().unwrap(), faults(&again)), (made.seq, vec![]));
    assert!(!lab.path("b.backup-wal").exists() && made.bytes > 0);
    assert_eq!(code(lab.space.backup(&backup, |_, _| ())), "invalid.argument");
}

#[test]
fn a_restored_space_has_the_same_rows_and_hits_and_new_ids() {
    let lab = lab();
    let ids = fill(&lab);
    lab.space.backup(&lab.path("b.backup"), |_, _| ()).unwrap();
    let before = state(&lab.space);
    let lost = lab.note(json!({"title": "lost"}));
    let spaces = Spaces::new(lab.folder.path().to_owned(), options());
    assert_eq!(code(spaces.restore(&lab.path("b.backup"), "lab")), "invalid.argument");
    spaces.restore(&lab.path("b.backup"), "again").unwrap();
    let again = spaces.open("again", |_| Ok(())).unwrap();
    assert_eq!(state(&again), before);
    let mut call = again.session(session_options());
    let new = call.insert(&again.collection("lab.notes").unwrap(), object(json!({"title": "new"}))).unwrap();
    common::commit(call).unwrap();
    assert!(new > lost && !ids.contains(&new));
    assert_eq!(again.row_history(ids[0]).unwrap().1.len(), 2);
    assert_eq!(faults(&again), [""; 0]);
    for (name, bytes) in [("none", None), ("text", Some(b"not a database at all".to_vec())), ("empty", Some(vec![]))] {
        let path = lab.path(name);
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).unwrap();
        }
        assert_eq!(code(spaces.restore(&path, "other")), "invalid.argument", "{name}");
        assert!(!spaces.path("other").exists());
    }
}

#[test]
fn verification_names_each_tampering_and_rebuilding_mends_what_is_derived() {
    for (sql, named, mended) in [
        ("UPDATE lab__notes SET body = 'forged' WHERE id = ?1", "full text", true),
        ("DELETE FROM lab__notes WHERE id = ?1", "gone", false),
        ("DELETE FROM journal WHERE seq = 3 AND ?1", "commits are missing", false),
        (
            "DELETE FROM journal_rows WHERE seq = (SELECT _seq FROM lab__notes WHERE id = ?1)",
            "no commit in the journal",
            false,
        ),
        ("DELETE FROM lab__notes__history WHERE ?1", "old versions", false),
        ("DELETE FROM ids WHERE id = ?1", "id table", false),
        ("DELETE FROM lab__notes__vec WHERE id = ?1", "without a vector", true),
        (
            "INSERT INTO lab__notes__vec(id, embedding) SELECT 99999, embedding FROM lab__notes__vec WHERE id = ?1",
            "without a live text",
            true,
        ),
        ("UPDATE lab__turns__context SET _context = 'forged' WHERE ?1", "context disagrees", true),
        ("INSERT INTO lab__notes__text(lab__notes__text, rank) SELECT 'delete-all', 0 WHERE ?1", "full text", true),
    ] {
        let lab = lab();
        let ids = fill(&lab);
        assert_eq!(faults(&lab.space), [""; 0]);
        lab.raw().execute(sql, [ids[5] as i64]).unwrap();
        let found = lab.space.verify().unwrap();
        assert!(found.faults.iter().any(|fault| fault.contains(named)), "{sql}: {:?}", found.faults);
        lab.space.rebuild().unwrap();
        let texts = lab.space.pending_texts(100).unwrap();
        lab.space.fill(texts.into_iter().map(|text| (text.clone(), embed(&text.text))).collect()).unwrap();
        assert_eq!(faults(&lab.space).is_empty(), mended, "{sql}: {:?}", faults(&lab.space));
    }
}

#[test]
fn a_rebuilt_space_finds_what_it_found_before() {
    let lab = lab();
    fill(&lab);
    let before = state(&lab.space);
    lab.space.rebuild().unwrap();
    assert_eq!(state(&lab.space), before);
    let verified = lab.space.verify().unwrap();
    assert_eq!((verified.rows, verified.embed_pending, verified.commits), (39, 0, lab.space.latest().unwrap()));
}

#[test]
fn files_that_cannot_be_served_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let refused = |name: &str| {
        let error = open(&path(name), &options()).err().unwrap();
        (error.code(), error.message())
    };
    std::fs::write(path("noise.db"), "noise".repeat(5000)).unwrap();
    let (code, said) = refused("noise.db");
    assert!(code == "unavailable.store" && said.contains("noise.db") && said.contains("restore"), "{said}");
    std::fs::create_dir(path("folder.db")).unwrap();
    let (code, said) = refused("folder.db");
    assert!(code == "unavailable.store" && said.contains("folder.db") && said.contains("is a folder"), "{said}");
    let (code, said) = refused("missing/x.db");
    assert!(code == "unavailable.store" && said.contains("folder exists"), "{said}");
    // Another program's database is not made into a space.
    rusqlite::Connection::open(path("other.db")).unwrap().execute_batch("CREATE TABLE books(title)").unwrap();
    let (code, said) = refused("other.db");
    assert!(code == "unavailable.store" && said.contains("not a memstrata space"), "{said}");
    // A newer format.
    let lab = lab();
    lab.raw().execute("UPDATE meta SET value = 99 WHERE key = 'format'", []).unwrap();
    let error = open(lab.space.path(), &options()).err().unwrap();
    let said = error.to_string();
    assert!(error.code() == "incompatible.store" && said.contains("99") && said.contains("newer"), "{said}");
    // A page that was overwritten.
    let lab = common::lab();
    fill(&lab);
    let Lab { folder, space, .. } = lab;
    let file = space.path().to_owned();
    drop(space);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 4096 / 2 * 4096;
    bytes[middle..middle + 12288].fill(0x5a);
    std::fs::write(&file, bytes).unwrap();
    match open(&file, &options()) {
        Ok(space) => match space.verify() {
            Ok(verified) => assert!(!verified.faults.is_empty()),
            Err(error) => assert!(error.message().contains("damaged"), "{}", error.message()),
        },
        Err(error) => assert!(error.message().contains("damaged"), "{}", error.message()),
    }
    drop(folder);
}

#[test]
fn additive_changes_of_a_collection_apply_themselves() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "body": "old words"}));
    let other = lab.second();
    let mut spec = notes_spec();
    spec["fields"]["mood"] = json!({"type": "text", "default": "it's fine"});
    spec["fields"]["weight"] = json!({"type": "number", "required": true, "default": 0.1});
    spec["fields"]["flags"] = json!({"type": "list", "default": ["a", 1]});
    spec["fields"]["open"] = json!({"type": "boolean", "default": true});
    spec["fields"]["note"] = json!({"type": "text"});
    spec["indexes"] = json!([["kind", "stars"], ["happened"], ["mood"]]);
    lab.space.ensure_collections("lab", &specs(&[("notes", spec.clone()), ("turns", turns_spec())])).unwrap();
    let notes = lab.space.collection("lab.notes").unwrap();
    let get = |space: &Arc<Space>| {
        let notes = space.collection("lab.notes").unwrap();
        parse(&space.session(session_options()).get(&notes, id).unwrap().unwrap())
    };
    let row = get(&lab.space);
    assert_eq!(
        json!([row["mood"], row["weight"], row["flags"], row["open"], row["note"]]),
        json!(["it's fine", 0.1, ["a", 1], true, null])
    );
    let mut query = common::query(&notes, &json!({"all": [["mood", "=", "it's fine"], ["open", "=", true]]}));
    query.known_at(common::now());
    assert_eq!(lab.session().count(&query).unwrap(), 1);
    // A process that knows only the older declaration keeps what it does not know.
    lab.write(|call| _ = call.update(&notes, id, None, &object(json!({"mood": "great", "note": "keep me"}))).unwrap());
    let old_notes = other.collection("lab.notes").unwrap();
    let mut call = other.session(session_options());
    call.update(&old_notes, id, None, &object(json!({"stars": 4}))).unwrap();
    let new = call.insert(&old_notes, object(json!({"title": "u"}))).unwrap();
    common::commit(call).unwrap();
    let row = get(&lab.space);
    assert_eq!((&row["mood"], &row["note"], &row["stars"]), (&json!("great"), &json!("keep me"), &json!(4)));
    assert_eq!(lab.get(new).unwrap()["weight"], 0.1);
    let versions = lab.session().history(&notes, id).unwrap();
    assert_eq!(versions.iter().map(|one| one.row["mood"].clone()).collect::<Vec<_>>(), ["it's fine", "great", "great"]);
    other.refresh().unwrap();
    assert_eq!(get(&other)["mood"], "great");
    assert_eq!(faults(&lab.space), [""; 0]);
}

#[test]
fn any_other_change_is_refused_with_every_reason_and_changes_nothing() {
    let lab = lab();
    lab.note(json!({"title": "t"}));
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 9] = [
        ("`stars` is gone", |spec| _ = spec["fields"].as_object_mut().unwrap().shift_remove("stars")),
        ("`stars` has another type", |spec| spec["fields"]["stars"]["type"] = json!("text")),
        ("`slug` changed `search`", |spec| spec["fields"]["slug"]["search"] = json!(true)),
        ("`slug` became required", |spec| spec["fields"]["slug"]["required"] = json!(true)),
        ("`new` must be optional", |spec| spec["fields"]["new"] = json!({"type": "text", "required": true})),
        ("`new` must be optional", |spec| spec["fields"]["new"] = json!({"type": "text", "search": true})),
        ("unique keys changed", |spec| spec["unique"] = json!({})),
        ("`sequence` changed", |spec| spec["sequence"] = json!({"key": "slug", "order": "stars"})),
        ("no field `nope`", |spec| spec["indexes"] = json!([["nope"]])),
    ];
    for (reason, change) in changes {
        let mut spec = notes_spec();
        change(&mut spec);
        let other = json!({"fields": {"a": {"type": "text"}}});
        let error = lab.space.ensure_collections("lab", &specs(&[("other", other), ("notes", spec)])).unwrap_err();
        assert!(error.code() == "invalid.argument" && error.to_string().contains(reason), "{reason}: {error}");
        assert_eq!(code(lab.space.collection("lab.other")), "not-found");
    }
    for bad in [
        json!({"fields": {}}),
        json!({"fields": {"id": {"type": "text"}}}),
        json!({"fields": {"Big": {"type": "text"}}}),
        json!({"fields": {"a__b": {"type": "text"}}}),
        json!({"fields": {"a": {"type": "integer", "search": true}}}),
        json!({"fields": {"a": {"type": "integer", "default": "x"}}}),
        json!({"fields": {"a": {"type": "text", "embed": true}, "b": {"type": "text", "embed": true}}}),
        json!({"fields": {"a": {"type": "text"}}, "sequence": {"key": "a", "order": "a"}}),
    ] {
        assert_eq!(code(lab.space.ensure_collections("lab", &specs(&[("bad", bad)]))), "invalid.argument");
    }
    assert_eq!(lab.get(1).unwrap()["title"], "t");
}

#[test]
fn spaces_are_opened_once_kept_up_to_a_limit_and_closed_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let spaces = Spaces::new(folder.path().to_owned(), SpaceOptions { open_spaces: 2, ..options() });
    let prepare = |space: &Arc<Space>| space.ensure_collections("lab", &specs(&[("notes", notes_spec())]));
    let a = spaces.open("a", prepare).unwrap();
    assert!(Arc::ptr_eq(&a, &spaces.open("a", |_| panic!("prepared twice")).unwrap()));
    assert!(spaces.open("bad", |_| Err(memstrata_store::StoreError::Invalid("no".into()))).is_err());
    for name in ["b", "c", "d"] {
        spaces.open(name, prepare).unwrap();
    }
    let open: Vec<_> = spaces.opened().iter().map(|space| space.name().to_owned()).collect();
    // The one in use stays.
    assert!(open.contains(&"a".to_owned()) && open.contains(&"d".to_owned()) && open.len() == 2, "{open:?}");
    let mut call = a.session(memstrata_store::SessionOptions { scope: Namespace::default(), ..session_options() });
    call.insert(&a.collection("lab.notes").unwrap(), object(json!({"title": "t"}))).unwrap();
    common::commit(call).unwrap();
    spaces.close();
    assert_eq!(code(spaces.open("a", prepare).map(drop)), "unavailable.store");
    drop(a);
    // Closed, the file alone is the space.
    assert!(!folder.path().join("a.db-wal").exists());
    let again = open_file(&spaces, "a");
    assert_eq!(again.session(session_options()).count(&Query::new(again.collection("lab.notes").unwrap())).unwrap(), 1);
}

fn open_file(spaces: &Spaces, name: &str) -> Arc<Space> {
    open(&spaces.path(name), &options()).unwrap()
}

#[test]
fn a_log_that_no_commit_moved_is_moved_when_it_is_long() {
    let lab = lab();
    // A reader of long standing keeps the log from the file.
    let reader = lab.raw();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM journal", [], |row| row.get::<_, i64>(0)).unwrap();
    let extra = "x".repeat(50_000);
    for _ in 0..60 {
        lab.write(|call| {
            for _ in 0..12 {
                call.insert(&lab.turns, object(json!({"session": extra, "position": 1}))).unwrap();
            }
        });
    }
    let size = || std::fs::metadata(lab.space.path()).unwrap().len();
    let before = size();
    assert!(lab.space.tend_log().unwrap() > 64 << 20, "the log is not long enough for this test");
    assert_eq!(size(), before, "its reader is still there");
    drop(reader);
    lab.space.tend_log().unwrap();
    assert!(size() > before + (30 << 20), "{} after {before}", size());
}

#[test]
fn ids_end_before_json_does() {
    let lab = lab();
    lab.raw().execute("UPDATE meta SET value = ? WHERE key = 'next_id'", [9_007_199_254_740_991_i64 - 100]).unwrap();
    let other = lab.second();
    assert_eq!(code(other.session(session_options()).new_ids(1)), "limit.ids");
}

#[test]
fn a_kept_answer_is_forgotten_after_a_day() {
    let lab = lab();
    let kept = memstrata_store::Idempotent { key: "k".into(), arguments: "h".into(), result: "{}".into() };
    let meta = memstrata_store::CommitMeta { idempotent: Some(kept), ..common::meta() };
    common::commit_as(lab.session(), meta).unwrap();
    lab.space.expire_idempotency().unwrap();
    assert!(lab.space.answered("tester", "k").unwrap().is_some(), "not before");
    lab.raw().execute("UPDATE idempotency SET at = at - 25 * 3600000", []).unwrap();
    lab.space.expire_idempotency().unwrap();
    assert_eq!(lab.space.answered("tester", "k").unwrap(), None);
}
