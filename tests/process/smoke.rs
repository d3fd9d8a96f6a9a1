//! The smoke tests against a running host: all pass where all is well, and each kind of fault is told.

use crate::running::{Server, fails, memstrata, ok};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A host that may read a folder, and the configuration both it and the checks are given.
fn host(folder: &Path) -> Server {
    std::fs::create_dir(folder.join("papers")).unwrap();
    std::fs::write(folder.join("memstrata.toml"), "[layers.documents]\nfolders = { papers = \"papers\" }\n").unwrap();
    Server::start(folder, &[])
}

#[test]
fn all_thirty_five_pass_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = host(folder.path());
    // Whether it is fast is not for a test to say: the machine may have other work.
    let output = memstrata(folder.path())
        .args(["--json", "smoke", "--patience", "1000", "--url", &server.url])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let outcomes: Vec<Value> = serde_json::from_str(&told).unwrap_or_else(|error| {
        panic!("{error}: {told} {}", String::from_utf8_lossy(&output.stderr));
    });
    let failed: Vec<&Value> = outcomes.iter().filter(|outcome| outcome["passed"] != true).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(output.status.success());
    let of = |group: &str| outcomes.iter().filter(|outcome| outcome["group"] == group).count();
    let counts = ["Connectivity", "Core", "Performance", "Integration", "Errors"].map(of);
    assert_eq!(counts, [5, 10, 8, 7, 5], "requirements 2.9 names them");
    assert!(!ok(folder.path(), &["space", "list"]).contains("smoke"), "their space is gone");
    assert_eq!(std::fs::read_dir(folder.path().join("papers")).unwrap().count(), 0, "their files are gone");
}

#[test]
fn what_is_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let said = fails(folder.path(), &["smoke", "--url", "http://127.0.0.1:1"]);
    assert!(said.contains("no answer from http://127.0.0.1:1") && said.contains("memstrata serve"), "{said}");
    let server = Server::start(folder.path(), &[]);
    let checks = folder.path().join("checks.toml");
    let smoke = |text: &str| {
        std::fs::write(&checks, text).unwrap();
        fails(folder.path(), &["smoke", "--url", &server.url, "--checks", checks.to_str().unwrap()])
    };
    let check = |steps: &str| format!("folder_of = \"documents\"\n[[check]]\ngroup = \"g\"\nname = \"n\"\n{steps}\n");
    for (text, part) in [
        (check("steps = []"), "it has no steps"),
        (check("steps = [{ call = \"no.such\" }]"), "step 1: "),
        (check("steps = [{ call = \"status\", expect = { \"/space\" = \"other\" } }]"), "`/space` should be \"other\""),
        (check("steps = [{ call = \"status\", fails = \"conflict\" }]"), "should have been refused"),
        (check("steps = [{ call = \"status\", within_ms = 0 }]"), "too slow"),
        (
            check("steps = [{ call = \"status\", times = 3, winners = 1, fails = \"conflict\" }]"),
            "1 of 3 should have been taken, but 3 were",
        ),
        (check("needs_folder = true\nsteps = [{ write = \"a\" }]"), "needs a folder"),
        (check("steps = [{ call = \"status\", save = { x = \"/no/such\" } }]"), "the answer has no `/no/such`"),
    ] {
        let said = smoke(&text);
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!ok(folder.path(), &["space", "list"]).contains("smoke"));
}

#[test]
fn interrupted_checks_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let checks = folder.path().join("checks.toml");
    let check = |name: &str| {
        format!("[[check]]\ngroup = \"g\"\nname = \"{name}\"\nsteps = [{{ call = \"status\", times = 300 }}]\n")
    };
    let text = format!("folder_of = \"documents\"\n{}", (0..100).map(|n| check(&n.to_string())).collect::<String>());
    std::fs::write(&checks, text).unwrap();
    let smoke = memstrata(folder.path())
        .args(["smoke", "--url", &server.url, "--checks", checks.to_str().unwrap()])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let spaces = || ok(folder.path(), &["space", "list"]);
    let until = Instant::now() + Duration::from_secs(120);
    while !spaces().contains("smoke-") {
        assert!(Instant::now() < until, "no space of the checks");
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args(["-INT", &smoke.id().to_string()]).status().unwrap().success());
    let output = smoke.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("interrupted after"), "{said}");
    assert!(!spaces().contains("smoke-"));
}
