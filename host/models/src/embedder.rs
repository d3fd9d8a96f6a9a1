//! The embedding trait, and the identity by which stored vectors name the model that made them.

use std::fmt;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::ModelError;

/// Turns texts into vectors that are compared by dot product.
pub trait Embedder: Send + Sync {
    /// Which model this is. Vectors of two different ids must never be compared.
    fn model(&self) -> &ModelId;

    /// Numbers per vector; known from construction on, without asking a provider.
    fn dimension(&self) -> usize;

    /// True if embedding uses no network and so cannot fail for outside reasons.
    fn local(&self) -> bool;

    /// One answer for each text, in order: a vector of [`dimension`](Self::dimension) numbers and length 1, or `None`
    /// for a text in which the model knows nothing (its vector would be zero; store it as not embedded).
    ///
    /// `budget` bounds the whole call. A local model is done in microseconds per text and ignores it.
    ///
    /// # Errors
    /// A local model returns none. A provider returns any [`ModelError`]; nothing is embedded then.
    fn embed(&self, texts: &[&str], budget: Duration) -> Result<Vec<Option<Vec<f32>>>, ModelError>;
}

/// A model's name and what pins its content: a SHA-256 in lower-case hex.
///
/// For a model file the hash is that of the file. For a provider it covers kind, model name and dimension, not the
/// address: moving the same model to another server must not make stored vectors foreign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModelId {
    name: String,
    identity: String,
}

impl ModelId {
    /// An id from its two parts. `identity` is the full hash.
    pub fn new(name: impl Into<String>, identity: impl Into<String>) -> Self {
        Self { name: name.into(), identity: identity.into() }
    }

    /// The name, such as `static-256` or `nomic-embed-text`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The full identity. Compare this (and the name), not the shortened display.
    pub fn identity(&self) -> &str {
        &self.identity
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.identity.char_indices().nth(12).map_or(self.identity.len(), |(at, _)| at);
        write!(f, "{}@{}", self.name, self.identity.get(..short).unwrap_or_default())
    }
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Scales a vector to length 1; `None` if it is zero or not finite.
pub(crate) fn unit_length(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    // f64: squares of large f32 components would overflow
    let square: f64 = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    if !square.is_finite() || square == 0.0 {
        return None;
    }
    let inverse = 1.0 / square.sqrt();
    for x in &mut vector {
        *x = (f64::from(*x) * inverse) as f32;
    }
    Some(vector)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_with_twelve_digits() {
        assert_eq!(ModelId::new("m", "0123456789abcdef").to_string(), "m@0123456789ab");
        assert_eq!(ModelId::new("m", "ä").to_string(), "m@ä");
    }

    #[test]
    fn the_hash_is_sha256() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn scaling_survives_extreme_components() {
        assert_eq!(unit_length(vec![0.0, 0.0]), None);
        assert_eq!(unit_length(vec![f32::NAN]), None);
        // powers of two, so that both components round as 3 and 4 do
        for scale in [2.0_f32.powi(120), 2.0_f32.powi(-120)] {
            assert_eq!(unit_length(vec![3.0 * scale, 4.0 * scale]).unwrap(), vec![0.6, 0.8]);
        }
    }
}
