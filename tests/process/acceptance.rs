//! What requirements/acceptance.md asks of the layers and is tested nowhere else, at the HTTP door of a running host.

use crate::running::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn call(server: &Server, operation: &str, arguments: &Value) -> Value {
    let (status, answer) = server.post(&format!("/tools/{operation}"), arguments).unwrap();
    assert_eq!(status, 200, "{operation} {arguments}: {answer}");
    answer
}

fn server() -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    (folder, server)
}

/// Point 4: the eighth thing in mind makes room or is refused; what is rehearsed fades later.
#[test]
fn working_memory_overflows_fades_and_is_rehearsed() {
    let (_folder, server) = server();
    let hold = |session: &str, number: usize, make_room: bool| {
        let arguments =
            json!({"content": format!("thing {number}"), "session_id": session, "auto_consolidate": make_room});
        server.post("/tools/working_memory.update_working_memory", &arguments).unwrap()
    };
    for number in 1..=7 {
        assert_eq!(hold("strict", number, false).0, 200, "thing {number}");
    }
    let (status, refused) = hold("strict", 8, false);
    assert_eq!((status, &refused["error"]), (413, &json!("limit.capacity")), "{refused}");
    for number in 1..=8 {
        assert_eq!(hold("roomy", number, true).0, 200, "thing {number}");
    }
    let held = |session: &str| {
        let answer = call(&server, "working_memory.get_working_memory", &json!({"session_id": session}));
        let items = answer["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| (item["id"].as_u64().unwrap(), item["activation"].as_f64().unwrap()))
            .collect::<BTreeMap<_, _>>()
    };
    assert!(held("roomy").len() <= 7, "the weakest was handed over");
    let handed = call(&server, "working_memory.list_consolidated", &json!({"session_id": "roomy"}));
    assert!(handed.to_string().contains("thing 1"), "{handed}");
    let before = held("strict");
    std::thread::sleep(Duration::from_millis(1_500));
    let faded = held("strict");
    assert!(before.iter().all(|(id, activation)| faded[id] < *activation), "{before:?} {faded:?}");
    let first = *before.keys().next().unwrap();
    call(&server, "working_memory.rehearse", &json!({"item_ids": [first], "session_id": "strict"}));
    let rehearsed = held("strict");
    assert!(rehearsed[&first] > faded[&first]);
    assert!(rehearsed.iter().all(|(id, activation)| *id == first || *activation < rehearsed[&first]));
}

/// Point 6: a trigger of each kind brings its task up once, also when what set it off comes again.
#[test]
fn a_trigger_of_each_kind_activates_its_task_once() {
    let (_folder, server) = server();
    let task = |content: &str, trigger: Value| {
        let made = call(&server, "prospective.create_task", &json!({"content": content, "triggers": [trigger]}));
        made["id"].clone()
    };
    let before = call(&server, "prospective.create_task", &json!({"content": "What comes before"}))["id"].clone();
    let tasks = [
        ("time", task("At its hour", json!({"type": "time", "condition": {"due_at": "2020-01-01T00:00:00Z"}}))),
        (
            "event",
            task(
                "After a failure",
                json!({"type": "event", "condition": {"event_type": "error", "content_pattern": "kiln"}}),
            ),
        ),
        ("context", task("At the workshop", json!({"type": "context", "condition": {"location": "workshop"}}))),
        (
            "dependency",
            task("When that is done", json!({"type": "dependency", "condition": {"depends_on_task": before}})),
        ),
        ("file", task("When it changes", json!({"type": "file", "condition": {"file_pattern": "src/*.rs"}}))),
    ];
    let fired = |kind: &str| {
        let answer = call(&server, "prospective.list_fired", &json!({"type": kind, "limit": 100}));
        answer["fired"].as_array().unwrap().len()
    };
    call(&server, "prospective.complete_task", &json!({"task_id": before}));
    for _ in 0..2 {
        // Said twice: the second time nothing may happen.
        call(&server, "episodic.record_event", &json!({"content": "The kiln cracked", "event_type": "error"}));
        let seen = json!({"context": {"location": "workshop"}, "files": ["src/kiln.rs"]});
        call(&server, "prospective.evaluate_triggers", &seen);
        call(&server, "prospective.fire_due_triggers", &json!({}));
        // The event reaches its trigger by the host's own way.
        let end = Instant::now() + Duration::from_secs(30);
        while fired("event") == 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    std::thread::sleep(Duration::from_millis(500));
    for (kind, task) in tasks {
        assert_eq!(fired(kind), 1, "{kind}");
        let task = call(&server, "prospective.get_task", &json!({"task_id": task}));
        assert_eq!(task["status"], "active", "{kind}: {task}");
    }
}

/// Point 9: a hundred sessions at a time, each with its own events, none lost or mixed up.
#[test]
fn a_hundred_sessions_are_kept_apart() {
    let (folder, server) = server();
    std::thread::scope(|scope| {
        for client in 0..10 {
            let server = &server;
            scope.spawn(move || {
                for session in (client * 10)..(client * 10 + 10) {
                    let name = format!("s{session}");
                    call(
                        server,
                        "sessions.create_session",
                        &json!({"session_id": name, "app_name": "load", "user_id": format!("u{client}")}),
                    );
                    for event in 0..5 {
                        let event = json!({"event_type": "message", "content": format!("{name} says {event}")});
                        call(
                            server,
                            "sessions.append_event",
                            &json!({"session_id": name, "event": event, "state_delta": {"session:last": name}}),
                        );
                    }
                }
            });
        }
    });
    for session in 0..100 {
        let name = format!("s{session}");
        let found = call(&server, "sessions.get_session", &json!({"session_id": name}));
        assert_eq!(
            (&found["session"]["event_count"], &found["session"]["state"]["session:last"]),
            (&json!(5), &json!(name))
        );
        assert!(
            found["session"]["events"]
                .as_array()
                .unwrap()
                .iter()
                .all(|event| event.to_string().contains(&format!("{name} says")))
        );
    }
    assert_eq!(call(&server, "host.verify", &json!({}))["faults"], json!([]));
    drop(server);
    assert!(crate::running::ok(folder.path(), &["verify"]).contains("ok"));
}

/// The queue of requirements 2.2: agents that claim at the same time get each task exactly once.
#[test]
fn agents_claim_each_task_once() {
    let (_folder, server) = server();
    for number in 0..60 {
        call(&server, "swarm.task_enqueue", &json!({"prompt": format!("task {number}")}));
    }
    let claimed = std::thread::scope(|scope| {
        let agents: Vec<_> = (0..6)
            .map(|agent| {
                let server = &server;
                scope.spawn(move || {
                    let agent =
                        call(server, "swarm.agent_register", &json!({"name": format!("agent-{agent}")}))["agent_id"]
                            .clone();
                    let mut mine = Vec::new();
                    loop {
                        let (status, answer) =
                            server.post("/tools/swarm.task_claim", &json!({"agent_id": agent})).unwrap();
                        // Who loses a race often enough is told so, and asks again.
                        if status == 409 {
                            continue;
                        }
                        assert_eq!(status, 200, "{answer}");
                        let Some(id) = answer["task"]["id"].as_u64() else { break };
                        call(server, "swarm.task_complete", &json!({"task_id": id, "agent_id": agent}));
                        mine.push(id);
                    }
                    mine
                })
            })
            .collect();
        agents.into_iter().flat_map(|agent| agent.join().unwrap()).collect::<Vec<_>>()
    });
    let distinct: std::collections::BTreeSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len(), distinct.len()), (60, 60));
}
