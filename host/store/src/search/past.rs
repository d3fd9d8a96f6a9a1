//! A search of what was known at an instant: a scan of the rows as they were then, bounded, and said when it was cut.

use super::run::{Scored, Sought};
use super::{CHANNELS, CONTEXT, GRAPH, SearchRequest};
use crate::collection::{Collection, at};
use crate::entries::Filter;
use crate::error::Result;
use crate::postings::TextIndex;
use crate::session::Session;
use crate::writer::load_vector;
use rusqlite::types::ValueRef;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rows of a collection looked through, newest first.
const SCANNED: u32 = 5_000;

/// A row as it was known.
struct Known {
    id: i64,
    version: i64,
    time: f64,
    text: String,
}

impl Session {
    /// Each channel's rows in one collection as of `known_at`: words exactly, meaning for rows that have not changed
    /// since, for vectors of older versions are not kept.
    pub(super) fn past(
        &mut self,
        request: &SearchRequest,
        sought: &Sought,
        collection: &Arc<Collection>,
        notes: &mut Vec<String>,
    ) -> Result<[Scored; CHANNELS.len()]> {
        unsearched(request, sought, collection, notes);
        let known = self.known(request, collection, notes)?;
        let mut channels: [Scored; CHANNELS.len()] = Default::default();
        let [text, vector, _, newest, _] = &mut channels;
        let [on_text, on_vector, _, on_time, _] = request.weights.map(|weight| weight > 0.0);
        if on_text && !sought.words.is_empty() {
            let mut index = TextIndex::default();
            for row in &known {
                index.insert(row.id.unsigned_abs(), 0, 0, &row.text);
            }
            let found = index.search(&sought.words, known.len(), 0, &Filter::default());
            text.extend(found.into_iter().map(|found| (found.id as i64, f64::from(found.score))));
        }
        if let (true, Some(query), Some(_)) = (on_vector, &sought.vector, collection.embedded) {
            let least = request.min_similarity.unwrap_or(f64::NEG_INFINITY);
            let unchanged = self.unchanged(collection, &known)?;
            let changed = known.len() - unchanged.len();
            let connection = self.begin()?;
            for id in unchanged {
                // One without a vector has not changed: it is not embedded, or not yet.
                let Some(stored) = load_vector(connection, &collection.table, id)? else {
                    continue;
                };
                let cosine = query.iter().zip(&stored).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                if cosine >= least {
                    vector.push((id, cosine));
                }
            }
            vector.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            if changed > 0 {
                let name = collection.name();
                notes.push(format!("vector: {changed} rows of `{name}` have changed since then; those by text only"));
            }
        }
        // Nothing is looked for: the newest, as in the present.
        let alone = request.text.is_empty() && request.seeds.is_empty() && request.vector.is_none();
        if on_time && alone {
            newest.extend(known.iter().map(|row| (row.id, row.time)));
        } else if on_time {
            let times: HashMap<i64, f64> = known.iter().map(|row| (row.id, row.time)).collect();
            newest.extend(text.iter().chain(vector.iter()).filter_map(|(id, _)| Some((*id, *times.get(id)?))));
            newest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            newest.dedup_by_key(|(id, _)| *id);
        }
        Ok(channels)
    }

    /// The newest eligible rows as they were.
    fn known(
        &mut self,
        request: &SearchRequest,
        collection: &Arc<Collection>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Known>> {
        let mut query = self.eligible_query(request, collection)?;
        query.order_by(collection.time_column(), true)?;
        let (when, _) = collection.column(collection.time_column())?;
        let mut places = vec![at::ID, at::VERSION, when];
        let first_text = places.len();
        places.extend(&collection.searched);
        let (known, more) = self.first(&query, SCANNED, &places, |row| {
            let mut text = String::new();
            for nth in first_text..places.len() {
                if let ValueRef::Text(words) = row.get_ref(nth)? {
                    text.push_str(&String::from_utf8_lossy(words));
                    text.push('\n');
                }
            }
            let time: Option<f64> = row.get(2)?;
            Ok(Known { id: row.get(0)?, version: row.get(1)?, time: time.unwrap_or_default(), text })
        })?;
        if more.is_some() {
            let name = collection.name();
            notes.push(format!("known_at: only the newest {SCANNED} rows of `{name}` were looked through"));
        }
        Ok(known)
    }

    /// The ids of the rows that are still as they were; the others have another version by now, or are deleted.
    fn unchanged(&mut self, collection: &Arc<Collection>, known: &[Known]) -> Result<HashSet<i64>> {
        let versions: HashMap<i64, i64> = known.iter().map(|row| (row.id, row.version)).collect();
        let ids = json!(known.iter().map(|row| row.id).collect::<Vec<_>>()).to_string();
        let sql = format!(
            "SELECT id, version FROM \"{}\" WHERE deleted_at IS NULL AND id IN (SELECT value FROM json_each(?))",
            collection.table
        );
        let mut statement = self.begin()?.prepare_cached(&sql)?;
        let mut rows = statement.query([ids])?;
        let mut unchanged = HashSet::new();
        while let Some(row) = rows.next()? {
            let (id, version): (i64, i64) = (row.get(0)?, row.get(1)?);
            if versions.get(&id) == Some(&version) {
                unchanged.insert(id);
            }
        }
        Ok(unchanged)
    }
}

/// Says which channels were asked for that only the present has; once, however many collections there are.
fn unsearched(request: &SearchRequest, sought: &Sought, collection: &Collection, notes: &mut Vec<String>) {
    let weight = |channel: usize| request.weights.get(channel).is_some_and(|weight| *weight > 0.0);
    let context = collection.spec.sequence.is_some() && (!sought.words.is_empty() || sought.vector.is_some());
    for (channel, asked) in [(CONTEXT, context), (GRAPH, !request.seeds.is_empty())] {
        let name = CHANNELS.get(channel).copied().unwrap_or_default();
        let note = format!("{name}: not searched in the past");
        if asked && weight(channel) && !notes.contains(&note) {
            notes.push(note);
        }
    }
}
