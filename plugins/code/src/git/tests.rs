//! A small repository, packed with deltas by place and by id, and what damage to it does.

use super::object::Kind;
use super::repository::{Head, Repository};
use super::*;
use std::collections::BTreeMap;

/// Files in memory.
#[derive(Clone)]
struct Memory(BTreeMap<String, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &str, offset: u64, length: u32) -> Result<Vec<u8>, Fault> {
        let bytes = self.0.get(path).ok_or_else(|| Fault::new("not-found.file", path))?;
        let from = usize::try_from(offset).unwrap().min(bytes.len());
        Ok(bytes[from..(from + length as usize).min(bytes.len())].to_vec())
    }

    fn names(&self, path: &str) -> Result<Vec<String>, Fault> {
        let prefix = format!("{path}/");
        let names: Vec<String> = self
            .0
            .keys()
            .filter_map(|name| name.strip_prefix(&prefix))
            .map(|rest| rest.split('/').next().unwrap().to_owned())
            .collect();
        if names.is_empty() { Err(Fault::new("not-found.file", path)) } else { Ok(names) }
    }
}

const LOOSE: &str = "0bebd83e7b1e7d8c35675702fc61cb849d214ed5";
const TAGGED: &str = "7b567b9831d402a6b36060b10fa42ce7279d1141";

fn memory(files: &[(&str, &[u8])]) -> Memory {
    Memory(files.iter().map(|(name, bytes)| (format!(".git/{name}"), bytes.to_vec())).collect())
}

/// All in one pack, deltas by id; the branch is loose.
fn by_id() -> Memory {
    memory(&[
        ("HEAD", b"ref: refs/heads/main\n"),
        ("refs/heads/main", format!("{LOOSE}\n").as_bytes()),
        ("objects/pack/pack-1.pack", include_bytes!("fixture/ref.pack")),
        ("objects/pack/pack-1.idx", include_bytes!("fixture/ref.idx")),
    ])
}

/// Up to the tag, deltas by place; the branch is packed.
fn by_place() -> Memory {
    memory(&[
        ("HEAD", b"ref: refs/heads/main\n"),
        ("packed-refs", format!("# pack-refs with: peeled\n{TAGGED} refs/heads/main\n").as_bytes()),
        ("objects/pack/pack-1.pack", include_bytes!("fixture/ofs.pack")),
        ("objects/pack/pack-1.idx", include_bytes!("fixture/ofs.idx")),
        ("objects/0b/ebd83e7b1e7d8c35675702fc61cb849d214ed5", include_bytes!("fixture/loose-commit")),
    ])
}

fn subjects(files: &Memory, path: &str) -> Vec<String> {
    let repository = Repository::open(files, "").unwrap();
    let head = repository.head().unwrap().commit.unwrap();
    let found = repository.changes(head, path, (100, 100), || false).unwrap();
    assert_eq!(found.next, None);
    found.changes.iter().map(|change| format!("{} {}", change.what, change.commit.subject)).collect()
}

#[test]
fn history_of_a_file() {
    let big = [
        "modified Change 5 of big",
        "modified Change 4 of big",
        "modified Change 3 of big",
        "modified Change 2 of big",
        "modified Change 1 of big",
        "added First words",
    ];
    for files in [by_id(), by_place()] {
        assert_eq!(subjects(&files, "src/big.txt"), big);
        assert!(subjects(&files, "src/none.rs").is_empty() && subjects(&files, "src").is_empty());
    }
    assert_eq!(subjects(&by_place(), "src/a.rs"), ["modified Second of a", "added First words"]);
    assert_eq!(subjects(&by_id(), "src/a.rs"), ["modified Loose one", "modified Second of a", "added First words"]);
}

#[test]
fn a_walk_goes_on_where_it_stood() {
    let files = by_place();
    let repository = Repository::open(&files, "").unwrap();
    let mut next = repository.head().unwrap().commit;
    let mut seen = Vec::new();
    while let Some(from) = next {
        let found = repository.changes(from, "src/big.txt", (1, 2), || false).unwrap();
        seen.extend(found.changes.into_iter().map(|change| change.commit.subject));
        next = found.next;
    }
    assert_eq!(seen.len(), 6);
}

#[test]
fn deltas_make_what_git_made() {
    // Blobs that are deltas on deltas in both packs: the id says whether they are right.
    for files in [by_id(), by_place()] {
        let repository = Repository::open(&files, "").unwrap();
        for id in [
            "072f84c6a3c32637ac02289deadb1a49dec638aa",
            "e9f1816de795d8e46914856d53c0f1de4291ce89",
            "02452cf89c85f3ba06d579ac565ba08b00612c0a",
        ] {
            assert_eq!(repository.object(Id::parse(id).unwrap()).unwrap().kind, Kind::Blob);
        }
    }
}

#[test]
fn heads_and_loose_objects() {
    let files = by_place();
    let repository = Repository::open(&files, "").unwrap();
    assert_eq!(repository.head().unwrap(), Head { branch: Some("main".into()), commit: Id::parse(TAGGED) });
    let commit = repository.commit(Id::parse(LOOSE).unwrap()).unwrap();
    assert_eq!(
        (commit.subject.as_str(), commit.author.as_str(), commit.parents[0].hex().as_str()),
        ("Loose one", "Ada", TAGGED)
    );
    let mut files = by_place();
    files.0.insert(".git/HEAD".into(), format!("{TAGGED}\n").into_bytes());
    assert_eq!(Repository::open(&files, "").unwrap().head().unwrap(), Head { branch: None, commit: Id::parse(TAGGED) });
    files.0.insert(".git/HEAD".into(), b"ref: refs/heads/new".to_vec());
    assert_eq!(Repository::open(&files, "").unwrap().head().unwrap().commit, None);
    files.0.insert(".git/HEAD".into(), b"ref: refs/../../x".to_vec());
    assert_eq!(Repository::open(&files, "").unwrap().head().unwrap_err().code, "invalid.git");
}

#[test]
fn repositories_elsewhere_and_of_other_forms_are_told() {
    let code = |files: &Memory| Repository::open(files, "").err().unwrap().code;
    assert_eq!(code(&Memory(BTreeMap::new())), "not-found.git");
    assert_eq!(code(&Memory([(".git".to_owned(), b"gitdir: /elsewhere".to_vec())].into())), "denied.git");
    assert_eq!(code(&memory(&[("config", b"[extensions]\n\tobjectFormat = sha256\n")])), "invalid.git");
}

#[test]
fn damage_is_told_and_is_never_history() {
    // Each byte of the pack in turn: what comes out is right, or an error.
    let whole = by_id();
    let name = ".git/objects/pack/pack-1.pack";
    let right = subjects(&whole, "src/a.rs");
    let mut told = 0;
    for at in (0..whole.0[name].len()).step_by(7) {
        let mut files = whole.clone();
        files.0.get_mut(name).unwrap()[at] ^= 0x15;
        let repository = Repository::open(&files, "").unwrap();
        match repository.changes(Id::parse(LOOSE).unwrap(), "src/a.rs", (100, 100), || false) {
            Ok(found) => assert_eq!(found.changes.len(), right.len()),
            Err(fault) => {
                assert!(fault.code == "invalid.git" || fault.code == "not-found.object", "{fault:?}");
                told += 1;
            }
        }
    }
    assert!(told > 50);
    let mut files = whole.clone();
    files.0.get_mut(".git/objects/pack/pack-1.idx").unwrap().truncate(1_100);
    assert_eq!(
        Repository::open(&files, "").unwrap().object(Id::parse(LOOSE).unwrap()).unwrap_err().code,
        "invalid.git"
    );
}

#[test]
fn a_stream_that_swells_is_stopped() {
    // A loose object that says it has five bytes, and holds a million.
    let mut content = b"blob 5\0".to_vec();
    content.extend(vec![b'x'; 1_000_000]);
    let mut files = by_id();
    let path = ".git/objects/ff/ffffffffffffffffffffffffffffffffffffff".to_owned();
    files.0.insert(path.clone(), miniz_oxide::deflate::compress_to_vec_zlib(&content, 9));
    let repository = Repository::open(&files, "").unwrap();
    let fault = repository.object(Id([0xff; 20])).unwrap_err();
    assert!(fault.message.contains("has more"), "{}", fault.message);
    let huge = miniz_oxide::deflate::compress_to_vec_zlib(b"blob 99999999999\0x", 9);
    files.0.insert(path, huge);
    assert!(Repository::open(&files, "").unwrap().object(Id([0xff; 20])).unwrap_err().message.contains("larger"));
}

#[test]
fn the_index_of_each_version() {
    let two = index::parse(include_bytes!("fixture/index2")).unwrap();
    let four = index::parse(include_bytes!("fixture/index4")).unwrap();
    assert_eq!(two, four);
    let said: Vec<(&str, u32, bool)> =
        two.iter().map(|entry| (entry.path.as_str(), entry.bytes, entry.is_file())).collect();
    assert_eq!(said, [("src/a.rs", 26, true), ("src/big.txt", 1_127, true)]);
    assert_eq!(two[1].id.hex(), "5c5715b753daae1d644bce6e880f567ee7d06466");
    assert_eq!(two[0].modified, 1_795_664_788_545);
    for at in 0..include_bytes!("fixture/index2").len() {
        let mut bytes = include_bytes!("fixture/index2").to_vec();
        bytes[at] ^= 1;
        assert_eq!(index::parse(&bytes).unwrap_err().code, "invalid.git");
        assert!(index::parse(&bytes[..at]).is_err());
    }
}

#[test]
fn ids_are_what_git_says() {
    assert_eq!(
        hash("blob", b"fn a() {}\nfn b() {}\nloose\n").hex(),
        index::parse(include_bytes!("fixture/index2")).unwrap()[0].id.hex()
    );
    assert_eq!(hash("blob", b"").hex(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    assert_eq!(Id::parse("e69de29bb2d1d6434b8b29ae775ad8c2e48c539"), None);
}
