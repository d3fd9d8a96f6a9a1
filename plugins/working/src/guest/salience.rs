//! How much a memory or a text stands out against what is known, and what stood out before.

use super::memory::{self, Memory, SEMANTIC};
use super::session::Session;
use super::{SALIENCE, vectors};
use crate::contradiction::contradiction;
use crate::row;
use crate::saliency::{self as rules, NOVEL};
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get_many, json, write};
use serde::Deserialize;

/// A text is compared with so many of the nearest known ones.
const NEAREST: u32 = 20;
/// Below this cosine two texts are about different things, and do not contradict each other.
const ALIKE: f64 = 0.3;
/// From here on a part is named as the reason.
const HIGH: f64 = 0.7;

#[derive(Deserialize)]
struct Score {
    memory_id: Option<Id>,
    content: Option<String>,
    #[serde(default)]
    context: Vec<String>,
    surprise: Option<f64>,
    contradiction: Option<f64>,
    session_id: String,
}

/// A known text, and the cosine with the one that is scored.
struct Known {
    id: u64,
    content: String,
    cosine: Option<f64>,
}

/// What is known near a text: memories, and what is held in the session.
fn known(
    session: &Session,
    text: &str,
    own: Option<u64>,
    notes: &mut Vec<String>,
) -> Result<(Vec<Known>, Vec<Known>), Fault> {
    let mut memories = Vec::new();
    match vectors::nearest(text, SEMANTIC.collection, NEAREST + 1) {
        Ok(near) => {
            let ids: Vec<u64> = near.iter().map(|(id, _)| *id).collect();
            for ((id, cosine), row) in near.into_iter().zip(get_many(SEMANTIC.collection, &ids)?) {
                let row = row.filter(|row| row::int(row, "valid_to").is_none_or(|end| end > session.now));
                if let Some(row) = row.filter(|_| own != Some(id)) {
                    memories.push(Known { id, content: row::text(&row, "content").to_owned(), cosine: Some(cosine) });
                }
            }
        }
        Err(fault) => notes.push(format!("memories: {}; compared with what is held only", fault.message)),
    }
    let held: Vec<Value> = session.held(None)?.into_iter().filter(|held| own != Some(row::id(held))).collect();
    let texts: Vec<String> = held.iter().map(|held| row::text(held, "content").to_owned()).collect();
    let cosines = vectors::with_texts(text, &texts).unwrap_or_else(|fault| {
        notes.push(format!("held items: {}; similarity is the share of words", fault.message));
        vec![None; texts.len()]
    });
    let held = held.iter().zip(texts).zip(cosines).map(|((held, content), cosine)| Known {
        id: row::id(held),
        cosine: Some(vectors::or_words(cosine, text, &content)),
        content,
    });
    Ok((memories, held.collect()))
}

fn surprise(given: &Score, memory: Option<&Memory>, text: &str, held: &[Known]) -> Option<f64> {
    let own = memory.and_then(|memory| row::number(&memory.row, "surprise_normalized"));
    given.surprise.or(own).or_else(|| {
        let cosines: Vec<f64> = if given.context.is_empty() {
            held.iter().filter_map(|known| known.cosine).collect()
        } else {
            let cosines = vectors::with_texts(text, &given.context).unwrap_or_else(|_| vec![None; given.context.len()]);
            given.context.iter().zip(cosines).map(|(other, cosine)| vectors::or_words(cosine, text, other)).collect()
        };
        rules::surprise(&cosines)
    })
}

pub(super) fn score(given: Value) -> Answer {
    let given: Score = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let memory = match (&given.content, given.memory_id) {
        (None, Some(id)) => Some(memory::one(&session, Some(id))?),
        (Some(_), None) => None,
        _ => return Err(Fault::invalid("give either `memory_id` or `content`")),
    };
    let text = match (&memory, &given.content) {
        (Some(memory), _) => memory.content().to_owned(),
        (None, content) => content.clone().unwrap_or_default(),
    };
    let mut notes = Vec::new();
    let own = memory.as_ref().map(Memory::id);
    let (memories, held) = known(&session, &text, own, &mut notes)?;
    let surprise = surprise(&given, memory.as_ref(), &text, &held);
    let all: Vec<&Known> = memories.iter().chain(&held).collect();
    let cosines: Vec<f64> = all.iter().filter_map(|known| known.cosine).collect();
    let novelty = rules::novelty(&cosines);
    let found = all
        .iter()
        .filter(|known| known.cosine.is_none_or(|cosine| cosine >= ALIKE))
        .filter_map(|known| Some((contradiction(&text, &known.content)?, known.id)))
        .fold(None, |best: Option<(crate::contradiction::Contradiction, u64)>, next| match best {
            Some(best) if best.0.score >= next.0.score => Some(best),
            _ => Some(next),
        });
    // Nothing to compare with says nothing about contradiction.
    let compared = found.as_ref().map_or((!all.is_empty()).then_some(0.0), |(found, _)| Some(found.score));
    let contradiction = given.contradiction.or(compared);
    let salience = rules::salience(novelty, surprise, contradiction);
    let conflicts_with = found.as_ref().map(|(_, id)| *id);
    let high = |value: Option<f64>| value.is_some_and(|value| value > HIGH);
    let reason = if high(contradiction) {
        Some(conflicts_with.map_or("contradicts what is known".to_owned(), |id| format!("contradicts m:{id}")))
    } else if novelty > HIGH {
        Some("unlike anything known".to_owned())
    } else if high(surprise) {
        Some("unlike what is at hand".to_owned())
    } else {
        None
    };
    let id = write::insert(
        SALIENCE,
        &json!({
            "session_id": session.id, "memory": own, "layer": memory.as_ref().map(|memory| memory.source.layer),
            "content": row::clip(&text, 2_000), "salience": salience, "novelty": novelty, "surprise": surprise,
            "contradiction": contradiction, "conflicts_with": conflicts_with, "reason": reason, "scored_at": session.now,
        }),
    )?;
    let mut answer = json!({
        "id": id, "salience": row::round(salience), "novelty": row::round(novelty), "novel": novelty >= NOVEL,
        "surprise": surprise.map(row::round), "contradiction": contradiction.map(row::round),
        "conflicts_with": conflicts_with, "reason": reason, "compared": all.len(), "notes": notes,
    });
    if let (Some(fields), Some((found, _))) = (answer.as_object_mut(), found) {
        fields.insert("kind".into(), json!(found.kind));
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct Most {
    min_salience: f64,
    limit: u32,
    session_id: String,
}

pub(super) fn most(given: Value) -> Answer {
    let given: Most = arguments(given)?;
    let rows = Query::of(SALIENCE)
        .filter(json!(["session_id", "=", given.session_id]))?
        .filter(json!(["salience", ">=", given.min_salience]))?
        .descending("salience")?
        .descending("scored_at")?
        .limit(given.limit)
        .page()?
        .rows;
    let fields = [
        "id",
        "memory",
        "layer",
        "content",
        "salience",
        "novelty",
        "surprise",
        "contradiction",
        "conflicts_with",
        "reason",
        "scored_at",
    ];
    let scores: Vec<Value> = rows
        .iter()
        .map(|row| {
            let shown = fields.iter().filter_map(|field| Some(((*field).to_owned(), row.get(*field)?.clone())));
            Value::Object(shown.filter(|(_, value)| !value.is_null()).collect())
        })
        .collect();
    Ok(json!({"count": scores.len(), "empty": scores.is_empty(), "scores": scores}))
}
