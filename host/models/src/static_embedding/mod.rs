//! The built-in embedding model: the unit-length mean of static WordPiece rows; no network, no runtime.
//!
//! A text goes through three steps, one file each: [`normalize`] cuts it into words as uncased BERT does,
//! [`wordpiece`] cuts a word into vocabulary rows, and the rows' vectors, read in place from the model file
//! ([`format`]), are summed and scaled. The method is that of model2vec (Minish, MIT).

mod format;
mod normalize;
mod vocabulary;
mod wordpiece;

use std::fmt;
use std::time::Duration;

use self::format::Tables;
use self::vocabulary::Vocabulary;
use crate::embedder::{sha256_hex, unit_length};
use crate::{Embedder, ModelError, ModelId};

pub use self::format::FormatError;

/// The model file, packed by the build: a seventh smaller, and a program's size counts more than ten milliseconds.
static BUILTIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/static-256.sem1.zst"));

/// Bytes of the model file.
const BUILTIN_LENGTH: usize = include!(concat!(env!("OUT_DIR"), "/static-256.length"));

/// Written down, not computed: hashing 8 MB would cost more than all the rest of a start. A test compares.
const BUILTIN_SHA256: &str = "3ab814816a193adef4f21c07776518ae74c993ebcdfefe81f2e94934086d0e14";

/// A static token-embedding model in memory. Cheap to share behind an `Arc`; embedding needs no lock.
///
/// ```
/// use std::time::Duration;
/// use memstrata_models::{Embedder, StaticEmbedding};
///
/// let model = StaticEmbedding::builtin()?;
/// let vectors = model.embed(&["The cat sat on the mat.", ""], Duration::ZERO)?;
/// assert_eq!(vectors[0].as_ref().map(Vec::len), Some(model.dimension()));
/// assert_eq!(vectors[1], None); // no known token
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StaticEmbedding {
    id: ModelId,
    tables: Tables,
    vocabulary: Vocabulary,
}

impl StaticEmbedding {
    /// The model inside the binary, `static-256`: 29,525 rows of 256 numbers, unpacked in about ten milliseconds.
    ///
    /// # Errors
    /// [`FormatError`] if the binary was built with a damaged model file.
    pub fn builtin() -> Result<Self, FormatError> {
        Self::load(ModelId::new("static-256", BUILTIN_SHA256), unpacked()?)
    }

    /// A model of the same format, `SEM1`, from the bytes of its file. Its identity is their SHA-256.
    ///
    /// # Errors
    /// [`FormatError`] says where the bytes depart from the format.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, FormatError> {
        let identity = sha256_hex(&bytes);
        Self::load(ModelId::new(name, identity), bytes)
    }

    fn load(id: ModelId, bytes: Vec<u8>) -> Result<Self, FormatError> {
        let tables = Tables::parse(bytes)?;
        let vocabulary = Vocabulary::build(tables.words(), tables.rows())?;
        Ok(Self { id, tables, vocabulary })
    }

    /// The tokens this model sees in a text, `[UNK]` for each word it cannot spell. For tests and explanations.
    pub fn tokens(&self, text: &str) -> Vec<&str> {
        let words = self.tables.words();
        let word = |row| str::from_utf8(self.vocabulary.word(words, row)?).ok();
        self.rows_of(text).into_iter().filter_map(word).collect()
    }

    /// The vector of one text; `None` if no token is known.
    fn embed_one(&self, text: &str) -> Option<Vec<f32>> {
        let mut sum = vec![0.0_f32; self.tables.dimension()];
        for row in self.rows_of(text) {
            if row == self.vocabulary.unknown() {
                continue;
            }
            let (scale, numbers) = self.tables.row(row)?;
            for (total, number) in sum.iter_mut().zip(numbers) {
                *total += scale * f32::from(number.cast_signed());
            }
        }
        // the mean and the sum have the same direction
        unit_length(sum)
    }

    fn rows_of(&self, text: &str) -> Vec<u32> {
        let words = self.tables.words();
        // English runs near five bytes a token
        let mut rows = Vec::with_capacity(text.len() / 4 + 1);
        normalize::for_each_word(text, |word| wordpiece::split(word, &self.vocabulary, words, &mut rows));
        rows
    }
}

impl Embedder for StaticEmbedding {
    fn model(&self) -> &ModelId {
        &self.id
    }

    fn dimension(&self) -> usize {
        self.tables.dimension()
    }

    fn local(&self) -> bool {
        true
    }

    fn embed(&self, texts: &[&str], _budget: Duration) -> Result<Vec<Option<Vec<f32>>>, ModelError> {
        Ok(texts.iter().map(|text| self.embed_one(text)).collect())
    }
}

impl fmt::Debug for StaticEmbedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StaticEmbedding({}, {} x {})", self.id, self.tables.rows(), self.tables.dimension())
    }
}

fn unpacked() -> Result<Vec<u8>, FormatError> {
    zstd::bulk::decompress(BUILTIN, BUILTIN_LENGTH).map_err(|_| FormatError::Packed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_hash_is_that_of_the_file() {
        assert_eq!(sha256_hex(&unpacked().unwrap()), BUILTIN_SHA256);
    }
}
