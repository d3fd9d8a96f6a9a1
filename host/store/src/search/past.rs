//! A search of what was known at an instant: a scan of the rows as they were then, bounded, and said when it was cut.

use super::fuse::Ranked;
use super::run::{Scored, Sought};
use super::{CHANNELS, SearchRequest};
use crate::collection::{Collection, at};
use crate::entries::Filter;
use crate::error::Result;
use crate::postings::TextIndex;
use crate::session::Session;
use crate::writer::load_vector;
use rusqlite::OptionalExtension;
use rusqlite::types::ValueRef;
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of a collection looked through, newest first.
const SCANNED: usize = 5_000;

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
            let mut changed = 0;
            for row in &known {
                match self.unchanged_vector(collection, row)? {
                    Some(stored) => {
                        let cosine = query.iter().zip(&stored).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                        if cosine >= least {
                            vector.push((row.id, cosine));
                        }
                    }
                    None => changed += 1,
                }
            }
            vector.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            if changed > 0 {
                let name = collection.name();
                notes.push(format!("vector: {changed} rows of `{name}` have changed since then; those by text only"));
            }
        }
        if on_time {
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
        query.limit(self.options().limits.page_rows);
        let (when, _) = collection.column(collection.time_column())?;
        let mut places = vec![at::ID, at::VERSION, when];
        let first_text = places.len();
        places.extend(&collection.searched);
        let mut known = Vec::new();
        loop {
            let (rows, next) = self.page(&query, &places, |row| {
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
            known.extend(rows);
            match next {
                Some(_) if known.len() >= SCANNED => {
                    let name = collection.name();
                    notes.push(format!(
                        "known_at: only the newest {} rows of `{name}` were looked through",
                        known.len()
                    ));
                    return Ok(known);
                }
                Some(next) => query.after(&next),
                None => return Ok(known),
            }
        }
    }

    /// The stored vector of a row, if the row is still as it was.
    fn unchanged_vector(&mut self, collection: &Arc<Collection>, row: &Known) -> Result<Option<Vec<f32>>> {
        let connection = self.begin()?;
        let sql = format!("SELECT version FROM \"{}\" WHERE id = ? AND deleted_at IS NULL", collection.table);
        let version: Option<i64> = connection.prepare_cached(&sql)?.query_row([row.id], |row| row.get(0)).optional()?;
        if version != Some(row.version) {
            return Ok(None);
        }
        load_vector(connection, &collection.table, row.id)
    }
}

/// One collection's lists, added to those of all.
pub(super) fn gather(lists: &mut [Ranked; CHANNELS.len()], found: [Scored; CHANNELS.len()], of: &Arc<Collection>) {
    for (all, own) in lists.iter_mut().zip(found) {
        all.extend(own.into_iter().map(|(id, score)| (id, Arc::clone(of), score)));
    }
}
