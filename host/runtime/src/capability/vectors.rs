//! Step 6 of 7: `vectors`. Batches stay in the host; a guest gets cosines, pairs, clusters.

use super::Answer;
use crate::bindings::memstrata::plugin::vectors::{Host, HostBatch, Neighbour, Pair};
use crate::error::HostError;
use crate::state::CallState;
use memstrata_store::SearchRequest;
use wasmtime::component::Resource;

mod math;

pub use math::average_link;

/// Entries that are clustered at once, at most: the work grows with their square.
pub const MOST_CLUSTERED: usize = 1000;

/// Vectors of unit length; none where a text or row has none.
pub struct BatchHandle(Vec<Option<Vec<f32>>>);

impl CallState {
    fn batch(&mut self, entries: usize) -> Answer<()> {
        self.granted("vectors")?;
        if entries > self.limits.batch {
            return Err(HostError::fault(
                "limit.batch",
                format!("a batch holds {} entries at most, this one has {entries}; split it", self.limits.batch),
            ));
        }
        Ok(())
    }

    fn hold(&mut self, vectors: Vec<Option<Vec<f32>>>) -> Answer<Resource<BatchHandle>> {
        let bytes = vectors.iter().map(|vector| 32 + vector.as_ref().map_or(0, |vector| vector.len() * 4)).sum();
        let batch = self.table.push(BatchHandle(vectors))?;
        self.keep(&batch, bytes)?;
        Ok(batch)
    }
}

/// Texts embedded between two looks at the deadline.
const CHUNK: usize = 32;

fn out_of_range() -> HostError {
    HostError::fault("invalid.argument", "the batch has no such entry")
}

impl Host for CallState {}

impl HostBatch for CallState {
    fn embed(&mut self, texts: Vec<String>) -> Answer<Resource<BatchHandle>> {
        self.batch(texts.len())?;
        let Some(embedder) = self.models.embedder.clone() else {
            return Err(HostError::fault("unavailable.embedder", "no embedder is configured"));
        };
        if !embedder.local() {
            // Nothing is held while a remote model works.
            self.granted("vectors")?.release();
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        // One on the network minds the time itself, and would rather have all at once.
        let at_once = if embedder.local() { CHUNK } else { texts.len().max(1) };
        let mut vectors = Vec::with_capacity(texts.len());
        for chunk in texts.chunks(at_once) {
            self.deadline.check()?;
            vectors.extend(embedder.embed(chunk, self.deadline.remaining())?);
        }
        self.hold(vectors)
    }

    fn of_rows(&mut self, collection: String, ids: Vec<u64>) -> Answer<Resource<BatchHandle>> {
        self.batch(ids.len())?;
        let collection = self.readable("vectors", &collection)?;
        let vectors = self.granted("vectors")?.vectors(&collection, &ids)?;
        self.hold(vectors)
    }

    fn length(&mut self, batch: Resource<BatchHandle>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&batch)?.0.len() as u32)
    }

    fn present(&mut self, batch: Resource<BatchHandle>) -> wasmtime::Result<Vec<bool>> {
        Ok(self.table.get(&batch)?.0.iter().map(Option::is_some).collect())
    }

    fn nearest(&mut self, batch: Resource<BatchHandle>, collection: String, k: u32) -> Answer<Vec<Vec<Neighbour>>> {
        let collection = self.readable("vectors", &collection)?;
        let vectors = self.table.get(&batch)?.0.clone();
        let mut all = Vec::with_capacity(vectors.len());
        for vector in vectors {
            let mut request = SearchRequest::new("");
            request.collections.push(collection.clone());
            for channel in ["text", "context", "time", "graph"] {
                request.weight(channel, 0.0)?;
            }
            request.limit(k);
            let found = match vector {
                Some(vector) => {
                    request.vector = Some(vector);
                    self.granted("vectors")?.search(&request)?.hits
                }
                None => Vec::new(),
            };
            let cosine = |hit: &memstrata_store::Hit| hit.scores.get(1).copied().unwrap_or_default() as f32;
            all.push(found.iter().map(|hit| Neighbour { id: hit.id, similarity: cosine(hit) }).collect());
        }
        Ok(all)
    }

    fn similarity(&mut self, batch: Resource<BatchHandle>, a: u32, b: u32) -> Answer<f32> {
        let vectors = &self.table.get(&batch)?.0;
        let entry = |nth: u32| vectors.get(nth as usize).ok_or_else(out_of_range);
        Ok(math::cosine(entry(a)?.as_deref(), entry(b)?.as_deref()))
    }

    fn similarities(&mut self, batch: Resource<BatchHandle>, other: Resource<BatchHandle>) -> Answer<Vec<f32>> {
        let (own, other) = (&self.table.get(&batch)?.0, &self.table.get(&other)?.0);
        let size = own.len().saturating_mul(other.len());
        if size > self.limits.host_call_bytes / 4 {
            return Err(HostError::fault(
                "limit.batch",
                format!("{size} cosines are too many at once; use smaller batches"),
            ));
        }
        let mut all = Vec::with_capacity(size);
        for a in own {
            self.deadline.check()?;
            all.extend(other.iter().map(|b| math::cosine(a.as_deref(), b.as_deref())));
        }
        Ok(all)
    }

    fn near_pairs(&mut self, batch: Resource<BatchHandle>, threshold: f32, limit: u32) -> Answer<Vec<Pair>> {
        let deadline = self.deadline.clone();
        let vectors = &self.table.get(&batch)?.0;
        let mut pairs = Vec::new();
        for (a, first) in (0_u32..).zip(vectors) {
            deadline.check()?;
            for (b, second) in (0_u32..).zip(vectors).skip(a as usize + 1) {
                let similarity = math::cosine(first.as_deref(), second.as_deref());
                if first.is_some() && second.is_some() && similarity >= threshold {
                    pairs.push(Pair { a, b, similarity });
                }
            }
        }
        pairs.sort_by(|x, y| y.similarity.total_cmp(&x.similarity).then((x.a, x.b).cmp(&(y.a, y.b))));
        pairs.truncate(limit.min(self.limits.hits.saturating_mul(10)) as usize);
        Ok(pairs)
    }

    fn cluster(&mut self, batch: Resource<BatchHandle>, threshold: f32) -> Answer<Vec<u32>> {
        let vectors = &self.table.get(&batch)?.0;
        if vectors.len() > MOST_CLUSTERED {
            return Err(HostError::fault(
                "limit.batch",
                format!("{MOST_CLUSTERED} entries are clustered at once, at most"),
            ));
        }
        math::average_link(vectors, threshold, || Ok(self.deadline.check()?))
    }

    fn divergence(&mut self, batch: Resource<BatchHandle>, window: u32) -> Answer<Vec<f32>> {
        if window == 0 {
            return Err(HostError::fault("invalid.argument", "the window must be at least 1"));
        }
        math::divergence(&self.table.get(&batch)?.0, window as usize, || Ok(self.deadline.check()?))
    }

    fn drop(&mut self, batch: Resource<BatchHandle>) -> wasmtime::Result<()> {
        self.held.let_go(batch.rep());
        self.table.delete(batch)?;
        Ok(())
    }
}
