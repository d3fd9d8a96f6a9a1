//! Misbehaviour towards the world outside: clocks, files, environment, sockets, exit.

use super::{Raw, done, number};
use memstrata_sdk::{Value, budget, clock, json};
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// An hour's sleep.
pub(super) fn sleep() -> Raw {
    let (start, wall) = (Instant::now(), SystemTime::now());
    std::thread::sleep(Duration::from_secs(3600));
    // Some time does pass outside.
    let until = budget::remaining_ms().saturating_sub(30);
    while budget::remaining_ms() > until {}
    let passed = start.elapsed().as_millis() + wall.elapsed().unwrap_or_default().as_millis();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    done(json!({ "passed": passed as u64, "same": now as u64 == clock::now() }))
}

pub(super) fn files() -> Raw {
    let tries = [
        std::fs::read("/etc/passwd").is_ok(),
        std::fs::read("../../etc/passwd").is_ok(),
        std::fs::read_dir("/").is_ok(),
        std::fs::read_dir(".").is_ok(),
        std::fs::write("planted", "x").is_ok(),
        std::fs::write("/tmp/planted-by-a-guest", "x").is_ok(),
        std::fs::create_dir("planted").is_ok(),
        std::env::set_current_dir("/").is_ok(),
        std::fs::metadata("/").is_ok(),
    ];
    done(json!({ "got": tries.iter().filter(|got| **got).count() }))
}

pub(super) fn surroundings() -> Raw {
    let mut input = String::new();
    let read = std::io::stdin().read_to_string(&mut input).unwrap_or_default();
    for _ in 0..1000 {
        println!("noise of a guest");
        eprintln!("noise of a guest");
    }
    done(json!({ "variables": std::env::vars().count(), "arguments": std::env::args().count(), "read": read }))
}

/// `port` is one on which a test listens.
pub(super) fn sockets(arguments: &Value) -> Raw {
    let port = u16::try_from(number(arguments, "port")).unwrap_or_default();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let tries = [
        TcpStream::connect(address).is_ok(),
        TcpListener::bind("127.0.0.1:0").is_ok(),
        UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"x", address)).is_ok(),
        ("localhost", port).to_socket_addrs().is_ok_and(|mut found| found.next().is_some()),
    ];
    done(json!({ "got": tries.iter().filter(|got| **got).count() }))
}

pub(super) fn exit(arguments: &Value) -> Raw {
    std::process::exit(i32::try_from(number(arguments, "code")).unwrap_or(1))
}

pub(super) fn panic() -> Raw {
    panic!("a secret of the guest: /etc/passwd")
}

/// What differs from process to process everywhere else.
pub(super) fn entropy() -> Raw {
    use std::hash::{BuildHasher as _, RandomState};
    done(json!({ "hash": RandomState::new().hash_one(7_u8).to_string() }))
}
