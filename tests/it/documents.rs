//! Documents of a granted folder, as files come, change and go: what is synced, what fails and why, what is left alone.

use crate::support::{Host, all_grants, bundled_wasm, layer, options, request};
use cap_std::fs::Dir;
use memstrata_kernel::{CallRequest, Kernel, LayerOptions, Principal};
use memstrata_runtime::Grants;
use memstrata_store::Namespace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A space that follows a folder. The host works on nothing by itself: each look is a call of the test.
struct Desk {
    host: Host,
    papers: PathBuf,
    _outer: TempDir,
}

fn host(data: &Arc<TempDir>, papers: Option<&Path>) -> Host {
    let folders = papers.map(|papers| Dir::open_ambient_dir(papers, cap_std::ambient_authority()).unwrap());
    let grants =
        Grants { folders: folders.into_iter().map(|folder| ("papers".to_owned(), folder)).collect(), ..all_grants() };
    let documents = LayerOptions { grants, ..layer(bundled_wasm("documents")) };
    let mut options = options(data.path(), BTreeMap::from([("documents".to_owned(), documents)]));
    options.background = false;
    Host { kernel: Kernel::start(options).unwrap(), _folder: Arc::clone(data) }
}

impl Desk {
    fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        let papers = outer.path().join("papers");
        std::fs::create_dir(&papers).unwrap();
        let host = host(&Arc::new(tempfile::tempdir().unwrap()), Some(&papers));
        host.ok("documents.watch_folder", json!({"folder": "papers"}));
        Self { host, papers, _outer: outer }
    }

    /// Writes a file that nobody touches any more.
    fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.papers.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        settle(&path);
    }

    /// Looks until nothing is left over; the sums of what was done, and how many looks it took.
    fn sync(&self) -> (Value, usize) {
        let mut sum = json!({"indexed": 0, "failed": 0, "stale": 0});
        for looks in 1..200 {
            let told = self.host.ok("documents.sync_documents", json!({}));
            for name in ["indexed", "failed", "stale"] {
                sum[name] = json!(sum[name].as_u64().unwrap() + told[name].as_u64().unwrap());
            }
            if told["more"] == false {
                return (sum, looks);
            }
        }
        panic!("it never ends");
    }

    fn document(&self, path: &str) -> Value {
        let found = self.host.ok("documents.get_document_by_path", json!({"file_path": path, "folder": "papers"}));
        found["document"].clone()
    }

    fn finds(&self, words: &str) -> bool {
        let found = self.host.ok("documents.search_documents", json!({"query": words}));
        found["results"]
            .as_array()
            .unwrap()
            .iter()
            .any(|hit| words.split(' ').all(|word| hit["snippet"].as_str().unwrap().contains(&format!("**{word}**"))))
    }
}

/// As if it had been written a minute ago.
fn settle(path: &Path) {
    let before = SystemTime::now() - Duration::from_secs(60);
    std::fs::File::open(path).unwrap().set_modified(before).unwrap();
}

#[test]
fn files_are_indexed_as_they_come_change_and_go() {
    let desk = Desk::new();
    desk.file("tea.md", "# Tea\n\nThe kettle sings at dawn.");
    desk.file("deep/down/rail.txt", "The night train waits in Basel.");
    desk.file(".hidden", "secret");
    let (told, _) = desk.sync();
    assert_eq!(told, json!({"indexed": 2, "failed": 0, "stale": 0}));
    assert_eq!(desk.document("tea.md")["status"], "synced");
    assert!(desk.finds("kettle sings") && desk.finds("night train") && !desk.finds("secret"));
    let digest = desk.document("tea.md")["content_hash"].clone();
    assert_eq!(desk.sync().0, json!({"indexed": 0, "failed": 0, "stale": 0}), "nothing changed");

    std::fs::write(desk.papers.join("tea.md"), "# Tea\n\nThe kettle is broken.").unwrap();
    assert_eq!(desk.sync().0["indexed"], 0, "somebody may still be writing it");
    settle(&desk.papers.join("tea.md"));
    // A change that leaves size and time alone would not be seen; this one has another size.
    assert_eq!(desk.sync().0["indexed"], 1);
    assert!(desk.finds("kettle broken") && !desk.finds("kettle sings"));
    assert_ne!(desk.document("tea.md")["content_hash"], digest);

    std::fs::remove_dir_all(desk.papers.join("deep")).unwrap();
    std::fs::remove_file(desk.papers.join("tea.md")).unwrap();
    assert_eq!(desk.sync().0["stale"], 2);
    for path in ["tea.md", "deep/down/rail.txt"] {
        assert_eq!(desk.document(path)["status"], "stale", "{path}");
    }
    desk.file("tea.md", "# Tea\n\nThe kettle sings again.");
    assert_eq!(desk.sync().0["indexed"], 1, "what comes back is synced again");
    assert_eq!(desk.document("tea.md")["status"], "synced");
}

#[test]
fn a_file_that_cannot_be_read_fails_with_a_reason_and_stops_nothing() {
    let desk = Desk::new();
    desk.file("a.bin", [0_u8, 159, 146, 150, 0, 1, 2]);
    desk.file("b.pdf", "%PDF-1.4\n%%EOF\n");
    desk.file("c.md", "# Fine\n\nThis one is fine.");
    let (told, _) = desk.sync();
    assert_eq!((&told["indexed"], &told["failed"]), (&json!(1), &json!(2)));
    for path in ["a.bin", "b.pdf"] {
        let failed = desk.document(path);
        assert_eq!(failed["status"], "failed", "{path}");
        assert!(failed["error"].as_str().is_some_and(|error| !error.is_empty()), "{failed}");
    }
    assert_eq!(desk.sync().0["failed"], 0, "it is left alone for a while");
    assert_eq!(desk.host.ok("documents.sync_documents", json!({"retry": true}))["failed"], 2);
    let missing = json!({"file_path": "gone.md", "folder": "papers"});
    assert_eq!(desk.host.ok("documents.index_document", missing)["status"], "failed");
    assert!(desk.document("gone.md")["error"].as_str().unwrap().contains("there is no `gone.md`"));
    desk.file("b.pdf", pdf("A page about otters."));
    assert_eq!(desk.sync().0["indexed"], 1, "a changed file is tried at once: {}", desk.document("b.pdf"));
    assert!(desk.finds("otters"));
}

/// A PDF of one page that says one thing.
fn pdf(says: &str) -> String {
    let content = format!("BT /F1 12 Tf 72 720 Td ({says}) Tj ET");
    format!(
        "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
         2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
         3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>\nendobj\n\
         4 0 obj\n<< /Length {} >>\nstream\n{content}\nendstream\nendobj\n\
         5 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>\nendobj\n\
         trailer\n<< /Root 1 0 R /Size 6 >>\nstartxref\n0\n%%EOF\n",
        content.len()
    )
}

#[test]
fn a_withdrawn_grant_makes_no_document_stale() {
    let desk = Desk::new();
    desk.file("tea.md", "# Tea\n\nThe kettle sings at dawn.");
    desk.sync();
    let Desk { host: granted, papers, _outer } = desk;
    let data = Arc::clone(&granted._folder);
    drop(granted);
    let desk = Desk { host: host(&data, None), papers, _outer };
    let told = desk.host.ok("documents.sync_documents", json!({}));
    assert_eq!(told["stale"], 0);
    assert!(told["errors"].to_string().contains("papers"), "{told}");
    assert_eq!(desk.document("tea.md")["status"], "synced");
    assert!(desk.finds("kettle sings"));
}

#[test]
fn a_caller_confined_to_a_namespace_finds_its_own_documents_without_naming_it() {
    let desk = Desk::new();
    desk.file("tea.md", "# Tea\n\nThe kettle sings at dawn.");
    desk.sync();
    let call = |operation: &str, arguments: Value| {
        let alice =
            Principal { name: "alice".into(), scope: Namespace::parse("user:alice").unwrap(), ..Principal::local() };
        desk.host.run(CallRequest { principal: alice, ..request(operation, arguments) }).unwrap().value
    };
    let given = |content: &str| json!({"file_path": "tea.md", "content": content});
    let first = call("documents.index_document", given("one"));
    assert_eq!(call("documents.index_document", given("one"))["unchanged"], true);
    assert_eq!(call("documents.index_document", given("two"))["id"], first["id"]);
    call("documents.watch_folder", json!({"folder": "papers"}));
    assert_eq!(call("documents.sync_documents", json!({}))["indexed"], 1);
    // Hers ends; that of the whole space is another one, and goes on.
    assert_eq!(call("documents.unwatch_folder", json!({"folder": "papers"}))["stopped"], 1);
    assert_eq!(desk.host.ok("documents.sync_documents", json!({}))["folders"].as_array().unwrap().len(), 1);
}

#[test]
fn many_files_are_taken_over_several_calls() {
    let desk = Desk::new();
    for number in 0..700 {
        desk.file(&format!("d{}/n{number}.txt", number % 7), format!("Paper {number} is about subject{number}."));
    }
    let (told, looks) = desk.sync();
    assert_eq!((&told["indexed"], &told["failed"]), (&json!(700), &json!(0)));
    assert!(looks > 1, "one call has its bounds");
    assert!(desk.finds("subject699"));
    for number in 0..6 {
        std::fs::remove_dir_all(desk.papers.join(format!("d{number}"))).unwrap();
    }
    assert_eq!(desk.sync().0["stale"], 600);
    assert_eq!(desk.document("d6/n699.txt")["status"], "synced");
}

#[test]
fn a_large_file_is_indexed_within_a_call_or_fails_with_a_reason() {
    let desk = Desk::new();
    desk.file("before.md", "# Before\n\nA small one.");
    let part = "## A part\n\nSome words about the harbour, the tide and the pilot who reads both of them.\n\n";
    desk.file("large.md", part.repeat(100_000));
    desk.file("one-line.txt", "harbour tide pilot ".repeat(200_000));
    desk.file("zebra.md", "# Zebra\n\nThe last one.");
    let (told, _) = desk.sync();
    assert_eq!(told["indexed"].as_u64().unwrap() + told["failed"].as_u64().unwrap(), 4, "{told}");
    // What has more chunks than a document may have is cut, and says so.
    let large = desk.document("large.md");
    assert!(large["error"].as_str().is_some_and(|error| error.contains("chunks")), "{large}");
    let line = desk.document("one-line.txt");
    assert!(line["status"] == "synced" && line["chunk_count"].as_u64().unwrap() > 1_000, "{line}");
    for path in ["before.md", "zebra.md"] {
        assert_eq!(desk.document(path)["status"], "synced", "the others are there");
    }
}
