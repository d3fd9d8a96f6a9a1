//! A component's bytes, had only when somebody asks for them: what is compiled already needs none.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::sync::Arc;

type Fetch = Arc<dyn Fn() -> Result<Bytes, String> + Send + Sync>;

/// The bytes of a component, or the way to them; their digest is known in any case.
#[derive(Clone)]
pub struct Wasm {
    digest: Arc<str>,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Held(Bytes),
    Elsewhere(Fetch),
}

impl Wasm {
    /// Bytes that lie elsewhere, packed or in a database, with their sha256 (hexadecimal).
    pub fn elsewhere(
        digest: impl Into<Arc<str>>,
        fetch: impl Fn() -> Result<Bytes, String> + Send + Sync + 'static,
    ) -> Self {
        Self { digest: digest.into(), source: Source::Elsewhere(Arc::new(fetch)) }
    }

    /// Their digest: sha256, hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The bytes.
    ///
    /// # Errors
    /// Where they are not to be had, in words.
    pub fn bytes(&self) -> Result<Bytes, String> {
        match &self.source {
            Source::Held(bytes) => Ok(bytes.clone()),
            Source::Elsewhere(fetch) => fetch(),
        }
    }
}

impl From<Bytes> for Wasm {
    fn from(bytes: Bytes) -> Self {
        Self { digest: digest_of(&bytes).into(), source: Source::Held(bytes) }
    }
}

impl From<Vec<u8>> for Wasm {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&[u8]> for Wasm {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&Vec<u8>> for Wasm {
    fn from(bytes: &Vec<u8>) -> Self {
        bytes.clone().into()
    }
}

impl<const N: usize> From<&[u8; N]> for Wasm {
    fn from(bytes: &[u8; N]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&Wasm> for Wasm {
    fn from(wasm: &Wasm) -> Self {
        wasm.clone()
    }
}

impl std::fmt::Debug for Wasm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wasm").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// The digest of a component's bytes: sha256, hexadecimal.
#[must_use]
pub fn digest_of(wasm: &[u8]) -> String {
    Sha256::digest(wasm).iter().fold(String::with_capacity(64), |mut out, byte| {
        use std::fmt::Write as _;
        _ = write!(out, "{byte:02x}");
        out
    })
}
