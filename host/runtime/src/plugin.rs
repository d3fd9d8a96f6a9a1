//! A loaded component: compiled, its manifest checked against its imports and grants, linked to what it was granted.

use crate::call::{CallContext, Models};
use crate::code::{Code, Facts};
use crate::engine::Runtime;
use crate::error::{CallFailure, LoadError};
use crate::grants::{GRANTABLE, Grants};
use crate::lint::{Linted, json_fits, lint};
use crate::manifest::Manifest;
use crate::wasm::Wasm;
use memstrata_store::Deadline;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Time inside the component for its manifest, and by the clock: other components may be compiling on the same cores.
const MANIFEST_MS: u64 = 2_000;
const MANIFEST_WALL_MS: u64 = 10_000;
const MANIFEST_BYTES: usize = 1 << 20;

/// Who a component is, for the checks of each host function.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) layer: String,
    pub(crate) grants: Grants,
    pub(crate) settings: String,
    /// A strategy: it proposes, and nothing it does is kept.
    pub(crate) proposes: bool,
}

impl Identity {
    /// `layer.collection`; a bare name is one of its own.
    pub(crate) fn full_name(&self, name: &str) -> String {
        if name.contains('.') { name.to_owned() } else { format!("{}.{name}", self.layer) }
    }

    /// Whether it may read a collection: its own, or by grant. A strategy owns none, whatever its manifest calls it.
    pub(crate) fn may_read(&self, collection: &str) -> bool {
        self.grants.may_read(self.owner(), collection)
    }

    /// Whether it may write a collection, or propose changes of it.
    pub(crate) fn may_write(&self, collection: &str) -> bool {
        self.grants.may_write(self.owner(), collection)
    }

    fn owner(&self) -> &str {
        if self.proposes { "" } else { &self.layer }
    }
}

/// A component ready to be called.
pub struct Plugin {
    /// Its code, once it was called.
    code: Arc<OnceLock<Code>>,
    /// Whether code that the cache lost is being compiled anew.
    compiling: Arc<AtomicBool>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) runtime: Arc<Runtime>,
    wasm: Wasm,
    facts: Facts,
    new: bool,
    manifest: Manifest,
    origin: String,
    dropped: Vec<(String, String)>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("name", &self.manifest.name)
            .field("digest", &self.wasm.digest())
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Loads a component: compile it and read its manifest twice, or take both from the cache; check it against what is granted.
    /// Its code is read when it is first called.
    ///
    /// # Errors
    /// Every reason at once.
    pub fn load(
        self: &Arc<Self>,
        origin: &str,
        wasm: impl Into<Wasm>,
        grants: &Grants,
        settings: &Map<String, Value>,
    ) -> Result<Plugin, LoadError> {
        let wasm = wasm.into();
        let refused = |faults: Vec<String>| LoadError { origin: origin.into(), faults };
        let code = Arc::new(OnceLock::new());
        let (facts, known) = match self.facts(wasm.digest()) {
            Some(facts) => (facts, true),
            None => {
                let (compiled, facts) = self.examine(&wasm).map_err(refused)?;
                _ = code.set(compiled);
                (facts, false)
            }
        };
        let proposes = facts.proposes;
        let mut plugin = Plugin {
            code,
            compiling: Arc::default(),
            identity: Arc::new(Identity {
                layer: String::new(),
                grants: Grants::default(),
                settings: "{}".into(),
                proposes,
            }),
            runtime: Arc::clone(self),
            wasm,
            facts,
            new: !known,
            manifest: empty(),
            origin: origin.to_owned(),
            dropped: Vec::new(),
        };
        if !known {
            plugin.facts.manifest = plugin.read_manifest().map_err(|fault| refused(vec![fault]))?;
        }
        let manifest: Manifest = serde_json::from_str(&plugin.facts.manifest)
            .map_err(|error| refused(vec![format!("its manifest does not read: {error}; see docs/manifest.md")]))?;
        if let Some(cache) = self.cache.as_ref().filter(|_| !known) {
            cache.store_facts(
                if plugin.facts.pooled { &self.pooled } else { &self.on_demand },
                plugin.wasm.digest(),
                &plugin.facts,
            );
        }
        let imports = &plugin.facts.interfaces;
        let Linted { mut faults, dropped } = lint(&manifest, imports);
        if proposes != manifest.strategy.is_some() {
            faults.push(
                "a component that exports `proposing` has the key `strategy` in its manifest, and no other has".into(),
            );
        }
        for name in manifest.imports.iter().filter(|name| GRANTABLE.contains(&name.as_str()) && !grants.interface(name))
        {
            faults.push(format!(
                "it needs `{name}`, which is not granted; add it to `interfaces` of `{}`",
                manifest.name
            ));
        }
        for (wanted, granted, which) in
            [(&manifest.reads, &grants.reads, "reads"), (&manifest.writes, &grants.writes, "writes")]
        {
            let test = Grants { reads: granted.clone(), ..Grants::default() };
            for name in wanted.iter().filter(|name| !test.may_read("", name)) {
                faults.push(format!("it wants `{name}` in `{which}`, which is not granted to `{}`", manifest.name));
            }
        }
        let settings = settle(manifest.settings.as_ref(), settings, &mut faults);
        if !faults.is_empty() {
            return Err(LoadError { origin: origin.into(), faults });
        }
        // Only what the manifest declares counts, even if more is granted.
        let declared = |list: &[String], granted: &BTreeSet<String>| match list.iter().any(|name| name == "*") {
            true => granted.clone(),
            false => list.iter().cloned().collect(),
        };
        plugin.identity = Arc::new(Identity {
            layer: manifest.name.clone(),
            grants: Grants {
                interfaces: grants.interfaces.clone(),
                reads: declared(&manifest.reads, &grants.reads),
                writes: declared(&manifest.writes, &grants.writes),
                folders: grants.folders.clone(),
            },
            settings,
            proposes,
        });
        plugin.manifest = manifest;
        for (name, reason) in &dropped {
            tracing::warn!(layer = %plugin.manifest.name, operation = %name, %reason, "operation dropped");
            plugin.manifest.operations.shift_remove(name);
        }
        plugin.dropped = dropped;
        Ok(plugin)
    }
}

fn empty() -> Manifest {
    Manifest {
        manifest: 1,
        name: String::new(),
        version: String::new(),
        summary: String::new(),
        imports: Vec::new(),
        optional_imports: Vec::new(),
        background: false,
        reads: Vec::new(),
        writes: Vec::new(),
        collections: indexmap::IndexMap::new(),
        operations: indexmap::IndexMap::new(),
        schedules: Vec::new(),
        events: Vec::new(),
        settings: None,
        strategy: None,
    }
}

/// The settings a component gets: the schema's defaults, overridden by the operator's.
fn settle(schema: Option<&Value>, given: &Map<String, Value>, faults: &mut Vec<String>) -> String {
    let mut settings = Map::new();
    let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if let Some(default) = property.get("default") {
            settings.insert(name.clone(), default.clone());
        }
    }
    for (name, value) in given {
        if !properties.is_some_and(|properties| properties.contains_key(name)) {
            faults.push(format!("settings: the component has no setting `{name}`"));
        }
        settings.insert(name.clone(), value.clone());
    }
    let settings = Value::Object(settings);
    if let Some(schema) = schema {
        for (pointer, fault) in json_fits(schema, &settings) {
            faults.push(format!("settings{pointer}: {fault}"));
        }
    }
    settings.to_string()
}

impl Plugin {
    /// Its code. The first call reads it from the cache; where that has lost it, it is compiled in the background, never within a call.
    pub(crate) fn code(&self) -> Result<&Code, CallFailure> {
        if let Some(code) = self.code.get() {
            return Ok(code);
        }
        match self.runtime.cached_code(self.wasm.digest(), &self.facts) {
            Ok(code) => Ok(self.code.get_or_init(|| code)),
            Err(reason) => {
                if !self.compiling.swap(true, Ordering::AcqRel) {
                    tracing::warn!(layer = %self.identity.layer, %reason, "compiling anew");
                    let (runtime, wasm) = (Arc::clone(&self.runtime), self.wasm.clone());
                    let (code, compiling) = (Arc::clone(&self.code), Arc::clone(&self.compiling));
                    std::thread::spawn(move || {
                        match runtime.examine(&wasm) {
                            Ok((compiled, _)) => _ = code.set(compiled),
                            Err(faults) => tracing::error!(reason = faults.join("; "), "it does not compile any more"),
                        }
                        compiling.store(false, Ordering::Release);
                    });
                }
                let message = format!("{reason}; it is being compiled anew, call again in a moment");
                let mut failure = CallFailure::new("unavailable.component", message);
                failure.retry_after_ms = Some(1_000);
                Err(failure)
            }
        }
    }

    /// Calls `manifest` twice with nothing granted, and answers its text.
    fn read_manifest(&self) -> Result<String, String> {
        let mut texts = Vec::new();
        for _ in 0..2 {
            let deadline =
                Deadline { at: Instant::now() + Duration::from_millis(MANIFEST_WALL_MS), cancelled: Arc::default() };
            let context =
                CallContext { session: None, models: Models::default(), deadline, now: 0, seed: 0, progress: None };
            let text = self
                .run_manifest(context, MANIFEST_MS)
                .map_err(|failure| format!("its `manifest` failed: {}", failure.message))?;
            if text.len() > MANIFEST_BYTES {
                return Err(format!("its manifest has {} bytes, at most {MANIFEST_BYTES}", text.len()));
            }
            texts.push(text);
        }
        match texts.as_slice() {
            [first, second] if first == second => Ok(first.clone()),
            _ => Err("its `manifest` answered differently the second time".into()),
        }
    }

    /// Its manifest, without the operations that were dropped.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Operations dropped at load, with the reason.
    #[must_use]
    pub fn dropped(&self) -> &[(String, String)] {
        &self.dropped
    }

    /// Whether it was asked for its manifest by this load, and not known from the cache.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// The digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.wasm.digest()
    }

    /// Where it came from.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Everything it imports.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.facts.imports
    }

    /// Whether its instances come from the pool.
    #[must_use]
    pub fn pooled(&self) -> bool {
        self.facts.pooled
    }

    /// Its settings as JSON, defaults included.
    #[must_use]
    pub fn settings(&self) -> &str {
        &self.identity.settings
    }

    /// Whether it may read a collection.
    #[must_use]
    pub fn may_read(&self, collection: &str) -> bool {
        self.identity.may_read(collection)
    }

    /// Whether it may write a collection, or propose changes of it.
    #[must_use]
    pub fn may_write(&self, collection: &str) -> bool {
        self.identity.may_write(collection)
    }

    /// What it was granted.
    #[must_use]
    pub fn grants(&self) -> BTreeMap<&'static str, Vec<String>> {
        let list = |set: &BTreeSet<String>| set.iter().cloned().collect();
        let grants = &self.identity.grants;
        BTreeMap::from([
            ("interfaces", list(&grants.interfaces)),
            ("reads", list(&grants.reads)),
            ("writes", list(&grants.writes)),
        ])
    }
}
