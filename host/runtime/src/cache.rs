//! Compiled code on disk, authenticated: native code that this host did not make itself is never run.

use crate::code::Facts;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

/// How facts are called: those of another version of this program are not read.
const FACTS: &str = concat!(env!("CARGO_PKG_VERSION"), ".facts");

/// Bytes of the authentication tag in front of the code.
const TAG: usize = 32;

/// A folder of compiled components and the key they are sealed with.
pub(crate) struct CompileCache {
    folder: PathBuf,
    key: Vec<u8>,
}

impl CompileCache {
    /// Opens the cache; the first time, makes its key, readable by this user alone.
    pub(crate) fn open(folder: &Path) -> Result<Self, String> {
        let words = |error: std::io::Error| format!("the compile cache {} cannot be used: {error}", folder.display());
        std::fs::create_dir_all(folder).map_err(words)?;
        let path = folder.join("key");
        if !path.exists() {
            let part = folder.join(format!("key.{}", std::process::id()));
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut key = [0_u8; 32];
            rand::rand_core::TryRng::try_fill_bytes(&mut rand::rngs::SysRng, &mut key)
                .map_err(|error| format!("no randomness for the cache's key: {error}"))?;
            options.open(&part).and_then(|mut file| file.write_all(&key)).map_err(words)?;
            // Another process may have been first: its key stands.
            _ = std::fs::hard_link(&part, &path);
            _ = std::fs::remove_file(&part);
        }
        let key = std::fs::read(&path).map_err(words)?;
        if key.len() != 32 {
            return Err(format!("{} is damaged; remove it, and code is compiled anew", path.display()));
        }
        Ok(Self { folder: folder.to_owned(), key })
    }

    /// What was kept under a name, if it is there and sound.
    fn open_sealed(&self, path: &Path) -> Option<Vec<u8>> {
        let mut sealed = std::fs::read(path).ok()?;
        let (tag, content) = sealed.split_at_checked(TAG)?;
        if self.mac(path, content).verify_slice(tag).is_err() {
            tracing::warn!(path = %path.display(), "this was not made here; making it anew");
            return None;
        }
        Some(sealed.split_off(TAG))
    }

    /// Keeps content; a cache that cannot be written is only slower.
    fn seal(&self, path: &Path, content: &[u8]) {
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::File::create(&part)?;
            file.write_all(&self.mac(path, content).finalize().into_bytes())?;
            file.write_all(content)?;
            std::fs::rename(&part, path)
        };
        if let Err(error) = write() {
            tracing::warn!(%error, path = %path.display(), "compiled code was not kept");
            _ = std::fs::remove_file(&part);
        }
    }

    /// The compiled form of a component, if it is there and sound.
    pub(crate) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let code = self.open_sealed(&self.path(engine, digest, "cwasm"))?;
        // SAFETY: the tag proves that these bytes came from `Component::serialize` of this host, under this very digest.
        #[allow(unsafe_code, reason = "the only way to load compiled code")]
        unsafe { Component::deserialize(engine, &code) }.ok()
    }

    /// Keeps the compiled form of a component.
    pub(crate) fn store(&self, engine: &Engine, digest: &str, component: &Component) {
        if let Ok(code) = component.serialize() {
            self.seal(&self.path(engine, digest, "cwasm"), &code);
        }
    }

    /// What is known of a component whose code is kept too.
    pub(crate) fn facts(&self, engine: &Engine, digest: &str) -> Option<Facts> {
        if !self.path(engine, digest, "cwasm").is_file() {
            return None;
        }
        serde_json::from_slice(&self.open_sealed(&self.path(engine, digest, FACTS))?).ok()
    }

    /// Keeps what is known of a component.
    pub(crate) fn store_facts(&self, engine: &Engine, digest: &str, facts: &Facts) {
        if let Ok(text) = serde_json::to_vec(facts) {
            self.seal(&self.path(engine, digest, FACTS), &text);
        }
    }

    fn path(&self, engine: &Engine, digest: &str, what: &str) -> PathBuf {
        let mut hasher = BuildHasherDefault::<DefaultHasher>::default().build_hasher();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let flags = std::hash::Hasher::finish(&hasher);
        self.folder.join(format!("{digest}-{flags:016x}.{what}"))
    }

    /// Over the content and the file's name: that says digest, engine, flags and what it is.
    fn mac(&self, path: &Path, content: &[u8]) -> Hmac<Sha256> {
        // HMAC takes a key of any length; the fallback is never reached.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        mac.update(content);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_whole_and_this_users_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = CompileCache::open(folder.path()).unwrap().key;
        assert_eq!(CompileCache::open(folder.path()).unwrap().key, first, "it is made once");
        let path = folder.path().join("key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for damaged in [&b""[..], b"short", &[7; 33]] {
            std::fs::write(&path, damaged).unwrap();
            assert!(CompileCache::open(folder.path()).err().unwrap().contains("damaged"));
        }
    }

    #[test]
    fn code_with_a_wrong_tag_is_not_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CompileCache::open(folder.path()).unwrap();
        let engine = Engine::default();
        // The smallest component: its magic, version and layer, and nothing more.
        let component = Component::new(&engine, b"\0asm\x0d\0\x01\0").unwrap();
        cache.store(&engine, "abc", &component);
        assert!(cache.load(&engine, "abc").is_some());
        let path = cache.path(&engine, "abc", "cwasm");
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(cache.load(&engine, "abc").is_none());
        // Sound code under another component's name is refused too.
        cache.store(&engine, "abc", &component);
        std::fs::copy(&path, cache.path(&engine, "def", "cwasm")).unwrap();
        assert!(cache.load(&engine, "def").is_none());
    }
}
