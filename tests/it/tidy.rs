//! The laws of the house, read from its files: heads, floors, names, `unsafe`, sizes, and no hostile guest unused.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The floors, and what each may import of this workspace.
const FLOORS: [(&str, &[&str]); 6] = [
    ("store", &[]),
    ("models", &[]),
    ("runtime", &["store", "models"]),
    ("kernel", &["runtime", "store", "models"]),
    ("gateway", &["kernel", "runtime", "store", "models"]),
    ("app", &["gateway", "kernel", "runtime", "store", "models", "bundle"]),
];

/// Dependencies only one floor may have.
const OWNED: [(&str, &str); 5] = [
    ("wasmtime", "runtime"),
    ("wasmtime-wasi", "runtime"),
    ("rusqlite", "store"),
    ("sqlite-vec", "store"),
    ("rmcp", "gateway"),
];

/// The files that may say `unsafe`, and why.
const UNSAFE: [(&str, &str); 3] = [
    ("host/runtime/src/cache.rs", "compiled code is loaded"),
    ("host/store/src/database.rs", "sqlite-vec is registered"),
    ("host/store/src/vector/simd.rs", "SIMD"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files below some folders, by path from the root, with their text.
fn files(folders: &[&str], extension: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if path.is_dir() && !hidden && !["target", "node_modules"].iter().any(|name| path.ends_with(name)) {
                walk(&path, found);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    let (root, mut found) = (root(), Vec::new());
    folders.iter().for_each(|folder| walk(&root.join(folder), &mut found));
    found.sort();
    let of_kind = found.into_iter().filter(|path| path.extension().is_some_and(|it| it == extension));
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    of_kind.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

#[test]
fn every_file_says_in_its_first_line_what_it_is() {
    for (path, text) in files(&["host", "plugins", "tests", "benches", "examples"], "rs") {
        let first = text.lines().next().unwrap_or_default();
        assert!(first.strip_prefix("//! ").is_some_and(|sentence| sentence.len() > 10), "{path}: {first}");
    }
}

#[test]
fn floors_import_downward_only() {
    let manifests = files(&["host"], "toml");
    for (floor, below) in FLOORS {
        let (_, text) = manifests.iter().find(|(path, _)| *path == format!("host/{floor}/Cargo.toml")).unwrap();
        let dependencies = text.split("[dependencies]").nth(1).unwrap_or_default().split("\n[").next().unwrap();
        for name in dependencies.lines().filter_map(|line| line.split(['.', ' ', '=']).next()) {
            if let Some(other) = name.strip_prefix("memstrata-") {
                assert!(below.contains(&other), "host/{floor} must not import {other}");
            }
            if let Some((_, owner)) = OWNED.iter().find(|(owned, _)| *owned == name) {
                assert_eq!(*owner, floor, "host/{floor} must not use {name}");
            }
        }
    }
    let told = manifests.iter().filter(|(path, _)| path.ends_with("Cargo.toml")).count();
    assert_eq!(told, FLOORS.len(), "a floor of which this test does not know");
}

#[test]
fn plugins_import_neither_the_host_nor_each_other() {
    for (path, text) in files(&["plugins"], "toml") {
        let own = path.split('/').nth(1).unwrap();
        for line in text.lines().filter(|line| line.starts_with("memstrata-")) {
            let name = line.split(['.', ' ', '=']).next().unwrap();
            let allowed: &[&str] = match own {
                "bundle" => &["memstrata-guest-build"],
                // Rules that several strategies share, and that import the SDK alone.
                "dual-process" | "temporal" | "semantic-cluster" | "deduplicate" | "decay" | "consolidation-layer" => {
                    &["memstrata-sdk", "memstrata-consolidation-rules"]
                }
                _ => &["memstrata-sdk"],
            };
            assert!(allowed.contains(&name), "{path}: {name}");
        }
    }
}

/// Layers whose names are ordinary words of a host.
const ORDINARY: [&str; 11] = [
    "consolidation",
    "graph",
    "entries",
    "sessions",
    "meta",
    "documents",
    "planning",
    "safety",
    "notes",
    "code",
    "conversations",
];

#[test]
fn the_host_names_no_layer() {
    let configuration = std::fs::read_to_string(root().join("host/app/src/config/default.toml")).unwrap();
    let sections = configuration.lines().filter_map(|line| line.strip_prefix("[layers.")?.strip_suffix(']'));
    let layers: Vec<&str> = sections.collect();
    assert!(layers.len() >= 3, "the sections of layers are not read any more");
    // Some are called by words of everybody, which the host uses too: of the layers that are called so it names nothing either.
    let (shared, layers): (Vec<&str>, Vec<&str>) = layers.into_iter().partition(|name| ORDINARY.contains(name));
    let section = configuration.split("\n[consolidation]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let mut keys: Vec<&str> = section.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
    let tables = configuration.lines().filter_map(|line| line.strip_prefix("[[consolidation.")?.strip_suffix("]]"));
    keys.extend(tables);
    assert!(keys.contains(&"active"), "the keys of [consolidation] are not read any more");
    let names_shared = |line: &str| {
        let quoted = shared.iter().flat_map(|name| [format!("\"{name}."), format!("event:{name}.")]);
        quoted
            .filter_map(|start| Some(line.split_once(&start)?.1.to_owned()))
            .find(|rest| words(rest).next().is_some_and(|word| !keys.contains(&word)))
    };
    let sources = [files(&["host"], "rs"), files(&["host"], "toml"), files(&["host"], "sql")].concat();
    for (path, text) in sources {
        if ["default.toml", "names.toml", "smoke.toml"].iter().any(|name| path == format!("host/app/src/config/{name}"))
            || path.split('/').any(|part| part == "tests" || part == "tests.rs")
        {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (number, line) in code.lines().enumerate() {
            let lower = line.to_ascii_lowercase();
            let named = words(&lower).find(|word| layers.contains(word)).map(str::to_owned);
            let named = named.or_else(|| names_shared(&lower));
            assert_eq!(named, None, "{path}:{}: {line}", number + 1);
        }
    }
}

#[test]
fn unsafe_code_is_in_few_files() {
    let mut found = BTreeSet::new();
    for (path, text) in files(&["host", "plugins", "tests", "benches"], "rs") {
        // Neither in a comment nor in a text: one who reads Rust must name it.
        let code = text.lines().map(|line| line.split("//").next().unwrap());
        let code = code.flat_map(|line| line.split('"').step_by(2));
        // Built up, so that this file does not name it.
        let keyword = ["un", "safe"].concat();
        if path != "tests/it/tidy.rs" && code.flat_map(words).any(|word| word == keyword) {
            found.insert(path);
        }
    }
    let named: BTreeSet<String> = UNSAFE.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(found, named);
}

#[test]
fn no_file_is_too_long() {
    for (path, text) in files(&["host", "plugins"], "rs") {
        let lines = text.lines().count();
        assert!(lines <= 500, "{path} has {lines} lines: split it by noun");
    }
    let architecture = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap_or_default();
    assert!(architecture.lines().count() <= 200, "ARCHITECTURE.md is read in one sitting");
}

#[test]
fn every_test_named_for_a_limit_exists() {
    let page = std::fs::read_to_string(root().join("docs/limits.md")).unwrap();
    let mut tests = BTreeSet::new();
    for (_, text) in files(&["host", "tests"], "rs") {
        let mut marked = false;
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("fn ").filter(|_| marked) {
                tests.insert(name.split('(').next().unwrap().to_owned());
            }
            marked = line == "#[test]" || marked && line.starts_with("#[");
        }
    }
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        // The last cell names tests, and nothing else.
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap();
        for name in cell.split(',').map(|name| name.trim().trim_matches('`')) {
            assert!(tests.contains(name), "no test `{name}`: {row}");
            named += 1;
        }
    }
    assert!(named > 100, "the rows of docs/limits.md are not read any more");
}

#[test]
fn every_misbehaviour_has_a_test() {
    let manifest: serde_json::Value =
        serde_json::from_str(include_str!("../guests/hostile/src/manifest.json")).unwrap();
    let guest = include_str!("../guests/hostile/src/guest/mod.rs");
    let tests: String = files(&["tests/it"], "rs").into_iter().map(|(_, text)| text).collect();
    let operations = manifest["operations"].as_object().unwrap();
    for name in operations.keys() {
        assert!(tests.contains(&format!("\"hostile.{name}\"")), "no test calls hostile.{name}");
        assert!(guest.contains(&format!("\"{name}\"")), "the guest has no {name}");
    }
    let arms = guest.lines().filter(|line| line.contains("=>") && line.trim_start().starts_with('"'));
    let offered: usize = arms.map(|line| line.matches('"').count() / 2).sum();
    assert_eq!(offered, operations.len(), "the guest does what its manifest does not say");
}
