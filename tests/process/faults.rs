//! What is wrong with the machine is told at start, with what to do.

use crate::running::{Server, fails, ok, run};
use std::io::{Seek as _, SeekFrom, Write as _};

#[test]
fn a_damaged_file_is_told_at_start() {
    let folder = tempfile::tempdir().unwrap();
    ok(folder.path(), &["call", "remember", "{\"content\": \"soon damaged\"}"]);
    let path = folder.path().join("data/spaces/default.db");
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&[0x55; 4096]).unwrap();
    let said = fails(folder.path(), &["serve", "--bind", "127.0.0.1:0"]);
    assert!(said.contains("damaged") && said.contains("restore"), "{said}");
}

#[test]
fn a_data_directory_that_cannot_be_used_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), "a file where the folder should be").unwrap();
    let said = fails(folder.path(), &["call", "recall", "{\"query\": \"x\"}"]);
    assert!(said.contains("data directory") && said.contains("--data"), "{said}");
}

#[test]
fn an_address_in_use_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let address = server.url.trim_start_matches("http://").to_owned();
    let other = tempfile::tempdir().unwrap();
    let said = fails(other.path(), &["serve", "--bind", &address]);
    assert!(said.contains("cannot listen"), "{said}");
    assert!(run(folder.path(), &["verify"]).status.success(), "a host that serves does not keep others out");
}
