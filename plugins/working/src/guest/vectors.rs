//! Cosines of texts and rows, and what stands in for them where there are no vectors.

use crate::words;
use memstrata_sdk::{Fault, batch::Batch};

/// Cosines of a text with stored rows, in order; none for a row without a vector.
pub(super) fn with_rows(text: &str, collection: &str, ids: &[u64]) -> Result<Vec<Option<f64>>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let one = Batch::embed(&[text.to_owned()])?;
    let rows = Batch::of_rows(collection, ids)?;
    between(&one, &rows)
}

/// Cosines of a text with texts.
pub(super) fn with_texts(text: &str, texts: &[String]) -> Result<Vec<Option<f64>>, Fault> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let one = Batch::embed(&[text.to_owned()])?;
    let others = Batch::embed(texts)?;
    between(&one, &others)
}

fn between(one: &Batch, others: &Batch) -> Result<Vec<Option<f64>>, Fault> {
    let known = one.present().first().copied().unwrap_or_default();
    let cosines = one.similarities(others)?;
    let pairs = others.present().into_iter().zip(cosines);
    Ok(pairs.map(|(present, cosine)| (present && known && cosine.is_finite()).then_some(f64::from(cosine))).collect())
}

/// The rows of a collection nearest to a text, best first.
pub(super) fn nearest(text: &str, collection: &str, k: u32) -> Result<Vec<(u64, f64)>, Fault> {
    let one = Batch::embed(&[text.to_owned()])?;
    let found = one.nearest(collection, k)?.into_iter().next().unwrap_or_default();
    Ok(found.into_iter().map(|hit| (hit.id, f64::from(hit.similarity))).collect())
}

/// A cosine, or where there is none the share of the first text's words that the second has.
pub(super) fn or_words(cosine: Option<f64>, text: &str, other: &str) -> f64 {
    cosine.unwrap_or_else(|| words::share(&words::stems(text), &words::stems(other)))
}
