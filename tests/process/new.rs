//! `plugin new`: projects that are complete, under a name of their own, and never over what is there.

use crate::running::{fails, ok, run};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files below a folder, links followed, without what a build leaves; by path with `/`, with their text.
fn files(folder: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let left = ["target", "node_modules", "__pycache__", ".venv"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !left {
                walk(&path, found);
            } else if path.is_file() && path.extension().is_none_or(|extension| extension != "wasm") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
    found.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

#[test]
fn a_project_is_the_example_of_its_language_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    for language in ["rust", "js", "python"] {
        let name = format!("zz_{language}");
        let said = ok(folder.path(), &["plugin", "new", "--kind", "strategy", "--lang", language, &name]);
        assert!(said.contains(&format!("{name}/README.md")), "{said}");
        let written = files(&folder.path().join(&name));
        let mut wanted = files(&repository().join("examples/strategies").join(language));
        let jobs = repository().join("examples/strategies/jobs.jsonl");
        wanted.insert("jobs.jsonl".into(), std::fs::read_to_string(jobs).unwrap());
        let contract = files(&repository().join("wit"));
        for (file, text) in &contract {
            assert_eq!(written.get(&format!("wit/deps/memstrata-plugin/{file}")), Some(text), "{language}: {file}");
        }
        let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&written), names(&wanted), "{language}");
        for (file, text) in &wanted {
            let (mut text, mut made) = (text.replace("session_digest", &name), written[file].clone());
            if file == "Cargo.lock" {
                // In order of names again: the same packages all the same.
                text = sorted(&text);
                assert!(made.rsplit("name = ").next().unwrap().starts_with("\"zz_rust\""), "the new name is last");
                made = sorted(&made);
            }
            assert_eq!(made, text, "{language}: {file}");
            assert!(!made.contains("session_digest"), "{language}: {file}");
        }
    }
}

fn sorted(lock: &str) -> String {
    let mut packages: Vec<&str> = lock.split("[[package]]").map(str::trim).collect();
    packages.sort_unstable();
    packages.join("\n")
}

#[test]
fn what_is_there_stays_and_bad_names_and_languages_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    std::fs::write(folder.path().join("mine/notes.txt"), "keep me").unwrap();
    let new = |language: &str, name: &str| fails(folder.path(), &["plugin", "new", "--lang", language, name]);
    assert!(new("rust", "mine").contains("`mine` exists here"));
    assert_eq!(files(&folder.path().join("mine")).len(), 1);
    for name in ["My", "my-digest", "1st", "a__b", "../up", "", "a/b", &"x".repeat(32)] {
        assert!(new("js", name).contains("no name of a component"), "{name}");
    }
    assert!(new("js", "host").contains("host's own name"));
    assert!(new("cobol", "fine").contains("rust, js, python"));
    let kind = run(folder.path(), &["plugin", "new", "--kind", "ranker", "--lang", "js", "fine"]);
    assert!(!kind.status.success() && String::from_utf8_lossy(&kind.stderr).contains("strategy"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was written");
}
