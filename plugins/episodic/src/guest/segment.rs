//! Segmentation: a text or a session by surprise, a session by meaning, entities and pauses.

use super::EVENTS;
use super::session::{Reach, Read};
use crate::refine::{Affinity, refine, size};
use crate::segment::{EMA, WINDOW, cuts, ranges, signal, smooth};
use crate::summary::rounded;
use crate::surprise::{Boundary, Options, Score, boundaries, scores};
use crate::tokens::{Vocabulary, words};
use crate::view::shorten;
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, batch::Batch, json, write};

/// Characters of a segment's preview.
const PREVIEW: usize = 80;

/// `segment_by_surprise`.
pub(super) fn by_surprise(given: Value) -> Answer {
    let reach: Reach = arguments(given)?;
    match (&reach.text, &reach.session_id) {
        (Some(text), None) => Ok(of_text(text, &options(&reach, Options::TEXT))),
        (None, Some(_)) => of_session(&reach, &options(&reach, Options::EVENTS)),
        _ => Err(Fault::invalid("give either `text` or `session_id`")),
    }
}

fn options(reach: &Reach, default: Options) -> Options {
    Options {
        threshold: reach.threshold.unwrap_or(default.threshold),
        spacing: reach.min_spacing.unwrap_or(default.spacing),
        coherence: reach.max_coherence.unwrap_or(default.coherence),
        prominence: reach.prominence.unwrap_or(default.prominence),
        ..default
    }
}

fn of_text(text: &str, options: &Options) -> Value {
    let words = words(text);
    let mut vocabulary = Vocabulary::default();
    let numbers: Vec<u32> = words.iter().map(|(_, word)| vocabulary.number(word.clone())).collect();
    let units: Vec<&[u32]> = numbers.chunks(1).collect();
    let found = boundaries(&scores(&units, vocabulary.size(), options), options);
    let starts: Vec<usize> = found.iter().map(|boundary| boundary.at).collect();
    // Callers count characters, the text counts bytes; both go forward together, so one pass is enough.
    let mut chars = 0;
    let mut byte = 0;
    let mut segments = Vec::new();
    for range in ranges(&starts, words.len()) {
        let place = |unit: usize| words.get(unit).map_or(text.len(), |(at, _)| *at);
        let end = place(range.end);
        let piece = text.get(byte..end).unwrap_or_default();
        let start_char = chars;
        chars += piece.chars().count();
        byte = end;
        segments.push(json!({"start": range.start, "end": range.end, "start_char": start_char, "end_char": chars,
            "preview": shorten(piece.trim(), PREVIEW).0}));
    }
    json!({"unit": "word", "units": words.len(), "boundaries": shown(&found), "segments": segments})
}

fn of_session(reach: &Reach, options: &Options) -> Answer {
    let read = reach.read(500)?;
    let found = boundaries(&surprise(&read, options), options);
    let starts: Vec<usize> = found.iter().map(|boundary| boundary.at).collect();
    let segments: Vec<Value> = ranges(&starts, read.events.len())
        .into_iter()
        .filter_map(|range| {
            let events = read.events.get(range.clone())?;
            let (first, last) = (events.first()?, events.last()?);
            Some(json!({"start": range.start, "end": range.end, "start_event": first.id, "end_event": last.id,
                "preview": shorten(&first.content, PREVIEW).0}))
        })
        .collect();
    let mut answer = Map::new();
    answer.insert("unit".into(), json!("event"));
    answer.insert("units".into(), json!(read.events.len()));
    answer.insert("boundaries".into(), shown(&found).into());
    answer.insert("segments".into(), segments.into());
    Ok(read.finish(answer))
}

fn shown(found: &[Boundary]) -> Vec<Value> {
    found
        .iter()
        .map(|boundary| {
            json!({"at": boundary.at, "surprise": rounded(boundary.score.surprise),
                "normalized": rounded(boundary.score.normalized), "coherence": rounded(boundary.score.coherence),
                "confidence": rounded(boundary.confidence)})
        })
        .collect()
}

fn surprise(read: &Read, options: &Options) -> Vec<Score> {
    let mut vocabulary = Vocabulary::default();
    let texts: Vec<Vec<u32>> = read.events.iter().map(|event| vocabulary.read(&event.content)).collect();
    let units: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    scores(&units, vocabulary.size(), options)
}

/// `score_surprise`.
pub(super) fn score(given: Value) -> Answer {
    let reach: Reach = arguments(given)?;
    let options = options(&reach, Options::EVENTS);
    let read = reach.read(500)?;
    let mut updated = 0;
    let mut surprising = Vec::new();
    for (row, (event, score)) in read.rows.iter().zip(read.events.iter().zip(surprise(&read, &options))) {
        let patch = json!({
            "surprise_score": rounded(score.surprise),
            "surprise_normalized": rounded(score.normalized),
            "surprise_coherence": rounded(score.coherence),
        });
        let changes = |(field, value): (&String, &Value)| row.get(field).and_then(Value::as_f64) != value.as_f64();
        if patch.as_object().into_iter().flatten().any(changes) {
            write::update(EVENTS, event.id, None, &patch)?;
            updated += 1;
        }
        if score.surprise > options.threshold {
            surprising.push((score.surprise, event.id));
        }
    }
    surprising.sort_by(|a, b| b.0.total_cmp(&a.0));
    let top = surprising.iter().take(10).map(|(score, id)| json!({"id": id, "surprise_score": rounded(*score)}));
    let mut answer = Map::new();
    answer.insert("events".into(), json!(read.events.len()));
    answer.insert("updated".into(), json!(updated));
    answer.insert("surprising".into(), top.collect::<Vec<_>>().into());
    Ok(read.finish(answer))
}

/// `segment_events`.
pub(super) fn events(given: Value) -> Answer {
    let reach: Reach = arguments(given)?;
    let read = reach.read(200)?;
    let count = read.events.len();
    let mut answer = Map::new();
    answer.insert("events".into(), json!(count));
    if count == 0 {
        answer.insert("segments".into(), json!([]));
        answer.insert("modularity".into(), json!(0.0));
        return Ok(answer.into());
    }
    let window = reach.window.unwrap_or(WINDOW).clamp(1, 50);
    let ids: Vec<u64> = read.events.iter().map(|event| event.id).collect();
    let vectors = Batch::of_rows(EVENTS, &ids)?;
    let divergence: Vec<f64> =
        vectors.divergence(u32::try_from(window).unwrap_or(5))?.into_iter().map(f64::from).collect();
    let affinity = Affinity::new(&vectors.similarities(&vectors)?, count);
    let change = smooth(&signal(&divergence, &read.events, window), EMA);
    let tokens: Vec<usize> = read.events.iter().map(|event| words(&event.content).len()).collect();
    let starts = refine(cuts(&change, reach.gamma.unwrap_or(1.0)), &affinity);
    let (least, most) = (reach.min_tokens.unwrap_or(8), reach.max_tokens.unwrap_or(128));
    let starts = size(starts, &tokens, &change, &affinity, least, most);
    let segments: Vec<Value> = ranges(&starts, count)
        .into_iter()
        .filter_map(|range| {
            let events = read.events.get(range.clone())?;
            let (first, last) = (events.first()?, events.last()?);
            Some(json!({
                "event_ids": events.iter().map(|event| event.id).collect::<Vec<_>>(),
                "count": events.len(),
                "tokens": tokens.get(range.clone()).unwrap_or_default().iter().sum::<usize>(),
                "start": first.timestamp,
                "end": last.timestamp,
                "signal": rounded(change.get(range.start).copied().unwrap_or(0.0)),
                "preview": shorten(&first.content, PREVIEW).0,
            }))
        })
        .collect();
    answer.insert("segments".into(), segments.into());
    answer.insert("with_vector".into(), json!(vectors.present().into_iter().filter(|has| *has).count()));
    answer.insert("modularity".into(), rounded(affinity.modularity(&starts)));
    Ok(read.finish(answer))
}
