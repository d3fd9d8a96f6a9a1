//! A bounded memo of vectors before an embedder: the same text is not embedded twice.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::{Embedder, ModelError, ModelId, Role};

type Key = [u8; 32];
type Answer = Option<Arc<[f32]>>;

/// Map slot, reference counts and allocator rounding of one entry, in bytes; measured generously.
const ENTRY_OVERHEAD: usize = 128;

/// An [`Embedder`] that remembers the answers of another, up to a number of bytes.
///
/// Keys are (model, SHA-256 of the text): one memo belongs to one embedder, so the model is fixed. Texts of which the
/// model knows nothing are remembered too; failures are not. Safe to share between threads; no lock is held while
/// the inner embedder works, so two threads that miss the same text at once both ask.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use memstrata_models::{Embedder, Remembered, StaticEmbedding};
///
/// let memo = Remembered::new(Arc::new(StaticEmbedding::builtin()?), 8 << 20);
/// let vectors = memo.embed(&["a cat", "a cat"], Duration::from_secs(1))?;
/// assert_eq!(vectors[0], vectors[1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Remembered {
    inner: Arc<dyn Embedder>,
    memo: Mutex<Memo>,
}

impl Remembered {
    /// Remembers answers of `inner` in at most about `max_bytes` of memory; 0 remembers nothing.
    pub fn new(inner: Arc<dyn Embedder>, max_bytes: usize) -> Self {
        let entry_bytes = inner.dimension() * size_of::<f32>() + size_of::<Key>() + ENTRY_OVERHEAD;
        // two generations share the bytes
        let per_generation = max_bytes / entry_bytes / 2;
        Self { inner, memo: Mutex::new(Memo { per_generation, young: HashMap::new(), old: HashMap::new() }) }
    }

    /// How many answers are remembered now.
    pub fn len(&self) -> usize {
        self.with_memo(|memo| memo.young.len() + memo.old.len())
    }

    /// True if nothing is remembered yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn with_memo<T>(&self, work: impl FnOnce(&mut Memo) -> T) -> T {
        // a memo is whole between any two statements, so a poisoned one is still good
        work(&mut self.memo.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Embedder for Remembered {
    fn model(&self) -> &ModelId {
        self.inner.model()
    }

    fn dimension(&self) -> usize {
        self.inner.dimension()
    }

    fn local(&self) -> bool {
        self.inner.local()
    }

    fn embed(&self, texts: &[&str], budget: Duration) -> Result<Vec<Option<Vec<f32>>>, ModelError> {
        let keys: Vec<Key> = texts.iter().map(|text| Sha256::digest(text.as_bytes()).into()).collect();
        let mut found: HashMap<Key, Answer> = HashMap::with_capacity(keys.len());
        let mut asked: Vec<(Key, &str)> = Vec::new();
        self.with_memo(|memo| {
            for (key, text) in keys.iter().zip(texts) {
                if found.contains_key(key) {
                    continue;
                }
                let known = memo.get(key);
                if known.is_none() {
                    asked.push((*key, text));
                }
                // a placeholder keeps a repeated unknown text from being asked twice
                found.insert(*key, known.unwrap_or(None));
            }
        });
        if !asked.is_empty() {
            let misses: Vec<&str> = asked.iter().map(|(_, text)| *text).collect();
            let answers = self.inner.embed(&misses, budget)?;
            if answers.len() != misses.len() {
                return Err(ModelError::Malformed {
                    role: Role::Embedder,
                    provider: self.inner.model().to_string(),
                    reason: format!("{} vectors for {} texts", answers.len(), misses.len()),
                });
            }
            self.with_memo(|memo| {
                for ((key, _), answer) in asked.iter().zip(answers) {
                    let answer: Answer = answer.map(Arc::from);
                    memo.put(*key, answer.clone());
                    found.insert(*key, answer);
                }
            });
        }
        Ok(keys.iter().map(|key| found.get(key).cloned().flatten().map(|vector| vector.to_vec())).collect())
    }
}

/// Two generations approximate least-recently-used without a list: a hit moves to the young one, and when the young
/// one is full it becomes the old one, whose unused entries are dropped.
struct Memo {
    per_generation: usize,
    young: HashMap<Key, Answer>,
    old: HashMap<Key, Answer>,
}

impl Memo {
    fn get(&mut self, key: &Key) -> Option<Answer> {
        if let Some(answer) = self.young.get(key) {
            return Some(answer.clone());
        }
        let answer = self.old.remove(key)?;
        self.put(*key, answer.clone());
        Some(answer)
    }

    fn put(&mut self, key: Key, answer: Answer) {
        if self.per_generation == 0 {
            return;
        }
        if self.young.len() >= self.per_generation && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, answer);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_secs(1);

    /// Answers one number, the text's length; counts what it is asked; knows nothing of an empty text.
    struct Counting(ModelId, Mutex<Vec<String>>);

    impl Embedder for Counting {
        fn model(&self) -> &ModelId {
            &self.0
        }
        fn dimension(&self) -> usize {
            1
        }
        fn local(&self) -> bool {
            true
        }
        fn embed(&self, texts: &[&str], _: Duration) -> Result<Vec<Option<Vec<f32>>>, ModelError> {
            self.1.lock().unwrap().extend(texts.iter().map(|text| text.to_string()));
            Ok(texts.iter().map(|text| (!text.is_empty()).then(|| vec![text.len() as f32])).collect())
        }
    }

    fn counting(max_bytes: usize) -> (Arc<Counting>, Remembered) {
        let inner = Arc::new(Counting(ModelId::new("counting", "0"), Mutex::default()));
        (inner.clone(), Remembered::new(inner, max_bytes))
    }

    #[test]
    fn each_text_is_asked_once_and_order_is_kept() {
        let (inner, memo) = counting(1 << 20);
        let first = memo.embed(&["a", "", "bb", "a"], BUDGET).unwrap();
        assert_eq!(first, vec![Some(vec![1.0]), None, Some(vec![2.0]), Some(vec![1.0])]);
        assert_eq!(memo.embed(&["bb", "a", "", "ccc"], BUDGET).unwrap().last().unwrap(), &Some(vec![3.0]));
        assert_eq!(*inner.1.lock().unwrap(), ["a", "", "bb", "ccc"]);
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let entry = 4 + 32 + ENTRY_OVERHEAD;
        let (inner, memo) = counting(entry * 8);
        for round in 0..100 {
            memo.embed(&["kept", &format!("passing {round}")], BUDGET).unwrap();
            assert!(memo.len() <= 8);
        }
        assert_eq!(inner.1.lock().unwrap().iter().filter(|text| *text == "kept").count(), 1);
    }

    /// Answers one vector, whatever it is asked.
    struct Short(ModelId);

    impl Embedder for Short {
        fn model(&self) -> &ModelId {
            &self.0
        }
        fn dimension(&self) -> usize {
            1
        }
        fn local(&self) -> bool {
            true
        }
        fn embed(&self, _: &[&str], _: Duration) -> Result<Vec<Option<Vec<f32>>>, ModelError> {
            Ok(vec![Some(vec![1.0])])
        }
    }

    #[test]
    fn an_embedder_that_answers_too_little_is_not_believed() {
        let memo = Remembered::new(Arc::new(Short(ModelId::new("short", "0"))), 1 << 20);
        assert_eq!(memo.embed(&["a", "b"], BUDGET).unwrap_err().code(), "malformed.embedder");
        assert!(memo.is_empty());
    }

    #[test]
    fn no_bytes_means_no_memory() {
        let (inner, memo) = counting(0);
        memo.embed(&["a"], BUDGET).unwrap();
        memo.embed(&["a"], BUDGET).unwrap();
        assert!(memo.is_empty());
        assert_eq!(inner.1.lock().unwrap().len(), 2);
    }

    #[test]
    fn threads_share_one_memo() {
        let (_, memo) = counting(1 << 20);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..200 {
                        let text = "x".repeat(n % 20 + 1);
                        let expected = Some(vec![text.len() as f32]);
                        assert_eq!(memo.embed(&[&text], BUDGET).unwrap(), [expected]);
                    }
                });
            }
        });
        assert_eq!(memo.len(), 20);
    }
}
