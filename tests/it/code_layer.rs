//! The index of code of a granted folder: who follows it finds it, and what changes is taken in.

use crate::support::{Host, all_grants, bundled_wasm, layer, options, request};
use cap_std::fs::Dir;
use memstrata_kernel::{CallRequest, Kernel, LayerOptions, Principal};
use memstrata_runtime::Grants;
use memstrata_store::Namespace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn host(source: &Path) -> Host {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let granted = Dir::open_ambient_dir(source, cap_std::ambient_authority()).unwrap();
    let grants = Grants { folders: [("repo".to_owned(), granted)].into_iter().collect(), ..all_grants() };
    let code = LayerOptions { grants, ..layer(bundled_wasm("code")) };
    let mut options = options(folder.path(), BTreeMap::from([("code".to_owned(), code)]));
    options.background = false;
    Host { kernel: Kernel::start(options).unwrap(), _folder: folder }
}

fn alice() -> Principal {
    Principal { name: "alice".into(), scope: Namespace::parse("user:alice").unwrap(), ..Principal::local() }
}

fn call(host: &Host, principal: Principal, operation: &str, arguments: Value) -> Value {
    let asked = CallRequest { principal, ..request(operation, arguments) };
    host.run(asked).unwrap_or_else(|error| panic!("{operation}: {error}")).value
}

/// Files in which a name is declared, as the caller sees it.
fn found(host: &Host, principal: Principal, name: &str) -> usize {
    let answer = call(host, principal, "code.search_code_by_name", json!({"name": name, "exact": true}));
    answer["results"].as_array().unwrap().len()
}

#[test]
fn what_changes_in_a_followed_folder_is_taken_in() {
    let source = tempfile::tempdir().unwrap();
    std::fs::create_dir(source.path().join("src")).unwrap();
    std::fs::write(source.path().join("src/kiln.rs"), "/// Fires.\npub fn fire(heat: u32) -> u32 { heat }\n").unwrap();
    std::fs::write(source.path().join("pot.py"), "def throw(clay):\n    return clay\n").unwrap();
    let host = host(source.path());
    let told = host.ok("code.index_code_repository", json!({"repo_path": "repo"}));
    assert_eq!((&told["indexed"], &told["failed"]), (&json!(2), &json!(0)), "{told}");
    assert_eq!((found(&host, Principal::local(), "fire"), found(&host, Principal::local(), "throw")), (1, 1));
    assert_eq!(host.ok("code.refresh_code_index", json!({}))["indexed"], 0, "nothing changed");
    std::fs::write(source.path().join("src/kiln.rs"), "pub fn cool(heat: u32) -> u32 { heat / 2 }\n").unwrap();
    std::fs::remove_file(source.path().join("pot.py")).unwrap();
    let told = host.ok("code.refresh_code_index", json!({}));
    assert_eq!((&told["indexed"], &told["removed"]), (&json!(1), &json!(1)), "{told}");
    let names = ["fire", "throw", "cool"].map(|name| found(&host, Principal::local(), name));
    assert_eq!(names, [0, 0, 1]);
}

#[test]
fn the_index_lies_in_the_namespace_of_who_follows_the_folder() {
    let source = tempfile::tempdir().unwrap();
    std::fs::write(source.path().join("kiln.rs"), "pub fn fire() {}\n").unwrap();
    let host = host(source.path());
    call(&host, alice(), "code.index_code_repository", json!({"repo_path": "repo"}));
    assert_eq!(found(&host, alice(), "fire"), 1);
    // The schedule runs for the whole space; what it finds of her folder is still hers.
    std::fs::write(source.path().join("kiln.rs"), "pub fn fire() {}\npub fn cool() {}\n").unwrap();
    std::fs::write(source.path().join("new.rs"), "pub fn glaze() {}\n").unwrap();
    let told = host.ok("code.refresh_code_index", json!({}));
    assert_eq!(told["indexed"], 2, "{told}");
    assert_eq!(["fire", "cool", "glaze"].map(|name| found(&host, alice(), name)), [1, 1, 1]);
    // Who follows it for the whole space has an index apart; hers stays as it is.
    let told = host.ok("code.index_code_repository", json!({"repo_path": "repo"}));
    assert_eq!(told["indexed"], 2, "{told}");
    let told = host.ok("code.refresh_code_index", json!({}));
    assert_eq!((&told["indexed"], &told["removed"], &told["failed"]), (&json!(0), &json!(0), &json!(0)), "{told}");
    assert_eq!(["fire", "cool", "glaze"].map(|name| found(&host, alice(), name)), [1, 1, 1]);
}

#[test]
fn units_that_are_given_lie_in_the_namespace_of_who_gives_them() {
    let source = tempfile::tempdir().unwrap();
    let host = host(source.path());
    let units = |name: &str| json!({"repo_path": "demo", "code_units": [{"name": name, "file_path": "kiln.py"}]});
    call(&host, alice(), "code.add_code_entities", units("hers"));
    // The same file of the whole space is another one: it does not take the place of hers, and she does not see it.
    host.ok("code.add_code_entities", units("ours"));
    assert_eq!(["hers", "ours"].map(|name| found(&host, alice(), name)), [1, 0]);
    // What each gives anew replaces what it gave before.
    call(&host, alice(), "code.add_code_entities", units("hers_anew"));
    host.ok("code.add_code_entities", units("ours_anew"));
    let names = ["hers", "ours", "hers_anew", "ours_anew"];
    assert_eq!(names.map(|name| found(&host, Principal::local(), name)), [0, 0, 1, 1]);
    assert_eq!(names.map(|name| found(&host, alice(), name)), [0, 0, 1, 0]);
    // By its path, too, each is shown its own.
    let outline = |principal: Principal| {
        let asked = json!({"repo_path": "demo", "file_path": "kiln.py"});
        call(&host, principal, "code.code_navigation", asked).to_string()
    };
    assert!(outline(Principal::local()).contains("ours_anew") && !outline(Principal::local()).contains("hers_anew"));
    assert!(outline(alice()).contains("hers_anew"));
}
