//! Folders the operator granted: what lies in them is read, and nothing else on the machine.

use super::{host, serves};
use crate::support::{Host, all_grants, guest, layer};
use cap_std::fs::Dir;
use memstrata_kernel::{KernelOptions, LayerOptions};
use memstrata_runtime::Grants;
use serde_json::{Value, json};
use std::path::Path;

/// A host whose guest may read a folder under the name `docs`.
fn granted(folder: &Path) -> Host {
    granted_with(folder, |_| {})
}

fn granted_with(folder: &Path, change: impl FnOnce(&mut KernelOptions)) -> Host {
    let opened = Dir::open_ambient_dir(folder, cap_std::ambient_authority()).unwrap();
    let grants = Grants { folders: [("docs".to_owned(), opened)].into_iter().collect(), ..all_grants() };
    host([("hostile", LayerOptions { grants, ..layer(guest("hostile")) })], change)
}

fn asks(host: &Host, how: &str, path: &str, more: Value) -> Result<Value, String> {
    let mut arguments = json!({ "how": how, "folder": "docs", "path": path, "length": 100 });
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = host.call("hostile.folder", arguments).map_err(|error| error.code)?;
    Ok(answer.value["answer"].clone())
}

/// A folder with files, a folder in it, links and a pipe; beside it a secret.
fn filled() -> (tempfile::TempDir, Host) {
    let outer = tempfile::tempdir().unwrap();
    std::fs::write(outer.path().join("secret.txt"), "nobody's business").unwrap();
    let folder = outer.path().join("granted");
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    std::fs::write(folder.join("a.txt"), "hello there").unwrap();
    std::fs::write(folder.join("sub/b.txt"), "deep").unwrap();
    for (link, to) in [("inside", "sub/b.txt"), ("outside", "../secret.txt"), ("up", ".."), ("nowhere", "gone.txt")] {
        std::os::unix::fs::symlink(to, folder.join(link)).unwrap();
    }
    std::os::unix::fs::symlink(outer.path().join("secret.txt"), folder.join("absolute")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    let host = granted(&folder);
    (outer, host)
}

#[test]
fn files_of_a_granted_folder_are_listed_and_read_in_pieces() {
    let (_outer, host) = filled();
    assert_eq!(asks(&host, "folders", "", json!({})).unwrap(), json!(["docs"]));
    let listed = asks(&host, "entries", "", json!({})).unwrap();
    let told: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("a.txt", "file"),
            ("absolute", "link"),
            ("inside", "link"),
            ("nowhere", "link"),
            ("outside", "link"),
            ("pipe", "other"),
            ("sub", "folder"),
            ("up", "link")
        ]
    );
    let next = asks(&host, "entries", "", json!({ "after": "inside", "length": 2 })).unwrap();
    assert_eq!((&next[0]["name"], &next[1]["name"]), (&json!("nowhere"), &json!("outside")));
    assert_eq!(asks(&host, "entries", "sub", json!({})).unwrap()[0]["name"], "b.txt");
    let about = asks(&host, "about", "a.txt", json!({})).unwrap();
    assert_eq!((&about["kind"], &about["bytes"]), (&json!("file"), &json!(11)));
    assert!(about["modified"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(asks(&host, "read", "a.txt", json!({ "offset": 6, "length": 3 })).unwrap(), "the");
    assert_eq!(asks(&host, "read", "a.txt", json!({ "offset": 11 })).unwrap(), "", "the end");
    assert_eq!(asks(&host, "read", "sub/../a.txt", json!({})).unwrap(), "hello there", "within the folder");
    assert_eq!(asks(&host, "read", "inside", json!({})).unwrap(), "deep", "a link that stays inside");
    assert_eq!(asks(&host, "whole", "a.txt", json!({ "length": 5 })).unwrap_err(), "invalid.file");
}

#[test]
fn nothing_outside_of_a_granted_folder_is_reached() {
    let (outer, host) = filled();
    let secret = outer.path().join("secret.txt");
    let secret = secret.to_str().unwrap();
    for path in ["../secret.txt", "sub/../../secret.txt", "outside", "absolute", "up/secret.txt", secret, "/etc/passwd"]
    {
        for how in ["read", "about"] {
            let refused = asks(&host, how, path, json!({})).unwrap_err();
            assert_eq!(refused, "denied.files", "{how} {path}");
        }
    }
    for path in ["..", "up", "/"] {
        assert_eq!(asks(&host, "entries", path, json!({})).unwrap_err(), "denied.files", "{path}");
    }
    for (how, path, code) in [
        ("read", "gone.txt", "not-found.file"),
        ("read", "nowhere", "not-found.file"),
        ("read", "sub", "invalid.file"),
        // Nobody writes to the pipe: opening it as usual would wait for ever.
        ("read", "pipe", "invalid.file"),
        ("entries", "a.txt", "invalid.file"),
        ("read", "a\0b", "invalid.argument"),
    ] {
        assert_eq!(asks(&host, how, path, json!({})).unwrap_err(), code, "{how} {path:?}");
    }
    let long = "a/".repeat(3_000);
    assert_eq!(asks(&host, "about", &long, json!({})).unwrap_err(), "invalid.argument");
    assert_eq!(asks(&host, "read", "a.txt", json!({ "folder": "other" })).unwrap_err(), "not-found.folder");
    serves(&host);
}

#[test]
fn what_is_told_of_a_folder_at_once_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("long"), "x".repeat(200_000)).unwrap();
    let host = granted_with(folder.path(), |options| options.limits.host_call_bytes = 100_000);
    let read = asks(&host, "size", "long", json!({ "length": 150_000 })).unwrap();
    assert_eq!(read, 100_000, "the limit of a host call");
    for number in 0..100_000 {
        std::fs::File::create(folder.path().join(format!("n{number:06}"))).unwrap();
        if number == 1_200 {
            let listed = asks(&host, "entries", "", json!({ "length": 5_000 })).unwrap();
            assert_eq!(listed.as_array().unwrap().len(), 1_000, "a page");
        }
    }
    assert_eq!(asks(&host, "entries", "", json!({})).unwrap_err(), "invalid.file", "more names than are sorted");
    serves(&host);
}

#[test]
fn without_the_grant_there_are_no_folders() {
    let host = host([("hostile", layer(guest("hostile")))], |_| {});
    assert_eq!(asks(&host, "folders", "", json!({})).unwrap(), json!([]));
    assert_eq!(asks(&host, "read", "a.txt", json!({})).unwrap_err(), "not-found.folder");
    let folder = tempfile::tempdir().unwrap();
    let opened = Dir::open_ambient_dir(folder.path(), cap_std::ambient_authority()).unwrap();
    let mut grants = Grants { folders: [("docs".to_owned(), opened)].into_iter().collect(), ..Grants::default() };
    assert!(grants.faults()[0].contains("add that to `interfaces`"), "a folder nobody could read");
    grants.interfaces.insert("files".into());
    assert_eq!(grants.faults(), [""; 0]);
}
