//! What is wrong with the machine is told at start, with what to do.

use crate::running::{Server, fails, memstrata, ok, run};
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

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    // Memories go where the configuration says, and nowhere else.
    let folder = tempfile::tempdir().unwrap();
    let provider = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = provider.local_addr().unwrap().port();
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let config = format!(
        "[embedder]\nkind = \"ollama\"\nbase_url = \"http://127.0.0.1:{port}\"\nmodel = \"m\"\ndimension = 2\nretries = 0\n"
    );
    std::fs::write(folder.path().join("memstrata.toml"), config).unwrap();
    let asked = std::thread::spawn(move || provider.accept().is_ok());
    let mut command = memstrata(folder.path());
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, format!("http://{}", proxy.local_addr().unwrap()));
    }
    let output = command.args(["call", "remember", "{\"content\": \"private\"}"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(proxy.accept().is_err(), "nobody came to the proxy");
    assert!(asked.join().unwrap(), "the provider itself was asked");
}
