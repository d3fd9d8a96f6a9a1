//! The built-in model against its reference values, damaged files and hostile texts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::sync::LazyLock;
use std::time::Duration;

use memstrata_models::{Embedder, FormatError, StaticEmbedding};
use proptest::prelude::*;
use serde::Deserialize;

static MODEL: LazyLock<StaticEmbedding> = LazyLock::new(|| StaticEmbedding::builtin().unwrap());
static FILE: &[u8] = include_bytes!("../data/static-256.sem1");

#[derive(Deserialize)]
struct Reference {
    sentences: Vec<Sentence>,
    cosine: Vec<(usize, usize, f32)>,
}

#[derive(Deserialize)]
struct Sentence {
    text: String,
    tokens: Vec<String>,
    first8: Vec<f32>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference.json")).unwrap()
}

fn embed(text: &str) -> Option<Vec<f32>> {
    MODEL.embed(&[text], Duration::ZERO).unwrap().remove(0)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[test]
fn tokens_and_first_numbers_are_those_of_the_reference() {
    for sentence in reference().sentences {
        assert_eq!(MODEL.tokens(&sentence.text), sentence.tokens, "{}", sentence.text);
        let vector = embed(&sentence.text).unwrap();
        assert_eq!(vector.len(), 256);
        assert!((dot(&vector, &vector) - 1.0).abs() < 1e-5);
        for (got, expected) in vector.iter().zip(&sentence.first8) {
            assert!((got - expected).abs() < 1e-4, "{}: {got} {expected}", sentence.text);
        }
    }
}

#[test]
fn every_cosine_is_that_of_the_reference() {
    let reference = reference();
    let texts: Vec<&str> = reference.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    let vectors = MODEL.embed(&texts, Duration::ZERO).unwrap();
    assert_eq!(reference.cosine.len(), texts.len() * (texts.len() - 1) / 2);
    for (a, b, expected) in reference.cosine {
        let got = dot(vectors[a].as_ref().unwrap(), vectors[b].as_ref().unwrap());
        assert!((got - expected).abs() < 1e-3, "{a} {b}: {got} {expected}");
    }
}

#[test]
fn texts_without_a_known_token_have_no_vector() {
    for text in ["", " \n\t", "\0\u{200b}", "喜欢", &"x".repeat(101)] {
        assert_eq!(embed(text), None, "{text:?}");
    }
    assert_eq!(MODEL.embed(&[], Duration::ZERO).unwrap(), Vec::<Option<Vec<f32>>>::new());
}

#[test]
fn unknown_words_do_not_move_a_vector() {
    assert_eq!(MODEL.tokens("cat 喜"), ["cat", "[UNK]"]);
    assert_eq!(embed("cat 喜"), embed("cat"));
}

#[test]
fn words_of_a_hundred_characters_are_spelt_and_longer_ones_are_not() {
    assert_ne!(MODEL.tokens(&"é".repeat(100)), ["[UNK]"]);
    assert_eq!(MODEL.tokens(&"é".repeat(101)), ["[UNK]"]);
}

#[test]
fn the_id_names_the_file() {
    assert_eq!(MODEL.model().to_string(), "static-256@3ab814816a19");
    let same = StaticEmbedding::from_bytes("static-256", FILE.to_vec()).unwrap();
    assert_eq!(same.model(), MODEL.model());
    assert!(same.local() && same.dimension() == 256);
}

#[test]
fn a_truncated_or_lengthened_file_is_refused() {
    for length in [0, 3, 4, 23, 24, 1000, 219_694, 219_696, 400_000, FILE.len() - 1] {
        assert!(StaticEmbedding::from_bytes("cut", FILE[..length].to_vec()).is_err(), "{length}");
    }
    let mut longer = FILE.to_vec();
    longer.push(0);
    let error = StaticEmbedding::from_bytes("long", longer).unwrap_err();
    assert_eq!(error, FormatError::Length { need: FILE.len(), got: FILE.len() + 1 });
}

/// A model of three words with two numbers each.
fn small() -> Vec<u8> {
    let words = b"[UNK]\na\n##b";
    let mut bytes = b"SEM1".to_vec();
    for field in [1_u32, 3, 2, words.len() as u32, 0] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(words);
    bytes.extend([0; 1]);
    for scale in [1.0_f32, 0.5, 2.0] {
        bytes.extend(scale.to_le_bytes());
    }
    bytes.extend([0, 0, 6, 0, 0, 0xfe]);
    bytes
}

#[test]
fn a_small_model_is_read_number_by_number() {
    let model = StaticEmbedding::from_bytes("small", small()).unwrap();
    assert_eq!(model.tokens("AB a abb b"), ["a", "##b", "a", "a", "##b", "##b", "[UNK]"]);
    // "ab" = 0.5 * (6, 0) + 2 * (0, -2) = (3, -4)
    assert_eq!(model.embed(&["ab", "b"], Duration::ZERO).unwrap(), [Some(vec![0.6, -0.8]), None]);
}

#[test]
fn every_damaged_field_is_named() {
    let damage = |at: usize, value: &[u8]| {
        let mut bytes = small();
        bytes[at..at + value.len()].copy_from_slice(value);
        StaticEmbedding::from_bytes("damaged", bytes).unwrap_err()
    };
    assert_eq!(damage(0, b"X"), FormatError::Magic);
    assert_eq!(damage(4, &[2]), FormatError::Version(2));
    assert_eq!(damage(8, &[0]), FormatError::Header { field: "rows", value: 0 });
    assert_eq!(damage(12, &[0xff; 4]), FormatError::Header { field: "dim", value: u32::MAX });
    assert!(matches!(damage(16, &[200]), FormatError::Length { .. }));
    assert_eq!(damage(20, &[1]), FormatError::Header { field: "reserved", value: 1 });
    assert!(matches!(damage(24, b"x"), FormatError::Vocabulary { row: 3, .. }));
    assert!(matches!(damage(29, b"x"), FormatError::Vocabulary { row: 2, .. }));
    assert!(matches!(damage(30, &[0xff]), FormatError::Vocabulary { row: 1, .. }));
    assert!(matches!(damage(30, b"\n"), FormatError::Vocabulary { row: 1, .. }));
    assert!(matches!(damage(35, &[1]), FormatError::Vocabulary { row: 3, .. }));
    assert_eq!(damage(40, &f32::NAN.to_le_bytes()), FormatError::Scale { row: 1 });
    assert_eq!(damage(44, &f32::INFINITY.to_le_bytes()), FormatError::Scale { row: 2 });
}

proptest! {
    #[test]
    fn any_text_embeds_the_same_twice_to_a_unit_vector_or_none(text in any::<String>()) {
        let vector = embed(&text);
        prop_assert_eq!(&vector, &embed(&text));
        if let Some(vector) = vector {
            prop_assert!((dot(&vector, &vector) - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn words_of_any_script_embed(text in "[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Z}\\p{C}]{0,200}") {
        prop_assert_eq!(embed(&text), embed(&text));
    }

    #[test]
    fn damaged_small_files_never_panic(at in 0_usize..54, value in any::<u8>(), cut in 0_usize..54) {
        let mut bytes = small();
        if let Some(byte) = bytes.get_mut(at) {
            *byte = value;
        }
        if let Ok(model) = StaticEmbedding::from_bytes("damaged", bytes.clone()) {
            let _ = model.embed(&["ab a b ##b [UNK] x"], Duration::ZERO);
        }
        bytes.truncate(cut);
        let _ = StaticEmbedding::from_bytes("cut", bytes);
    }
}
