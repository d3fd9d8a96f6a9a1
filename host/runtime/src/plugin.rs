//! A loaded component: compiled, its manifest checked against its imports and grants, linked to what it was granted.

use crate::bindings::{FullLayerPre, memstrata::plugin as wit};
use crate::call::{CallContext, Models};
use crate::engine::Runtime;
use crate::error::LoadError;
use crate::grants::{GRANTABLE, Grants, HARMLESS, WRITING};
use crate::lint::{Linted, json_fits, lint};
use crate::manifest::Manifest;
use crate::state::CallState;
use crate::strategy_bindings::{FullStrategyPre, memstrata::plugin::consolidation};
use crate::wasi;
use memstrata_store::Deadline;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker, types::ComponentItem};

/// The package whose interfaces a component may import.
const PACKAGE: &str = "memstrata:plugin/";
/// The versions of it this host links: patches only add, so an older component loads for ever.
const VERSION: &str = "0.1.";

/// What makes a component a strategy.
const PROPOSING: &str = "memstrata:plugin/proposing";

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

/// What a component is, ready to be instantiated.
pub(crate) enum World {
    Layer(FullLayerPre<CallState>),
    Strategy(FullStrategyPre<CallState>),
}

/// A component ready to be called.
pub struct Plugin {
    pub(crate) world: World,
    pub(crate) engine: Engine,
    pub(crate) memory_bytes: usize,
    pub(crate) identity: Arc<Identity>,
    pub(crate) runtime: Arc<Runtime>,
    manifest: Manifest,
    digest: String,
    origin: String,
    size: usize,
    pooled: bool,
    imports: Vec<String>,
    dropped: Vec<(String, String)>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("name", &self.manifest.name)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
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

impl Runtime {
    /// Loads a component: compile (or fetch from the cache), read its manifest twice, check it, link what is granted.
    ///
    /// # Errors
    /// Every reason at once.
    pub fn load(
        self: &Arc<Self>,
        origin: &str,
        wasm: &[u8],
        grants: &Grants,
        settings: &Map<String, Value>,
    ) -> Result<Plugin, LoadError> {
        let digest = digest_of(wasm);
        let (engine, component) = self.compile(&digest, wasm).map_err(|fault| LoadError::one(origin, fault))?;
        let imports = interfaces(&engine, &component).map_err(|faults| LoadError { origin: origin.into(), faults })?;
        let proposes = exports(&engine, &component).iter().any(|name| name == PROPOSING);
        let bare = Identity { layer: String::new(), grants: Grants::default(), settings: "{}".into(), proposes };
        let world =
            self.link(&engine, &component, &imports, proposes).map_err(|fault| LoadError::one(origin, fault))?;
        let memory_bytes = self.memory_bytes(&engine);
        let mut plugin = Plugin {
            world,
            memory_bytes,
            identity: Arc::new(bare),
            runtime: Arc::clone(self),
            manifest: empty(),
            digest,
            origin: origin.to_owned(),
            size: wasm.len(),
            pooled: self.is_pooled(&engine),
            imports: all_imports(&engine, &component),
            dropped: Vec::new(),
            engine: engine.clone(),
        };
        let manifest = plugin.read_manifest().map_err(|fault| LoadError::one(origin, fault))?;
        let Linted { mut faults, dropped } = lint(&manifest, &imports);
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

    /// Compiles on the pooled engine; a component too large for its slots, on the other.
    fn compile(&self, digest: &str, wasm: &[u8]) -> Result<(Engine, Component), String> {
        let cached = |engine: &Engine| self.cache.as_ref().and_then(|cache| cache.load(engine, digest));
        for engine in [&self.pooled, &self.on_demand] {
            if let Some(component) = cached(engine) {
                return Ok((engine.clone(), component));
            }
        }
        let mut reason = String::new();
        for engine in [&self.pooled, &self.on_demand] {
            match Component::new(engine, wasm) {
                Ok(component) => {
                    if let Some(cache) = &self.cache {
                        cache.store(engine, digest, &component);
                    }
                    return Ok((engine.clone(), component));
                }
                Err(error) => reason = format!("{error:#}"),
            }
        }
        let kind = match wasm.get(..8) {
            Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => "it is a core module, not a component; build for wasm32-wasip2",
            Some([0, b'a', b's', b'm', ..]) => "it is no component this host can compile",
            _ => "it is no WebAssembly",
        };
        Err(format!("{kind} ({})", reason.lines().next().unwrap_or_default()))
    }

    fn link(
        &self,
        engine: &Engine,
        component: &Component,
        imports: &BTreeSet<String>,
        proposes: bool,
    ) -> Result<World, String> {
        let mut linker = Linker::new(engine);
        let linked = |name: &&String| !(proposes && WRITING.contains(&name.as_str()));
        let add = |linker: &mut Linker<CallState>| -> wasmtime::Result<()> {
            wasi::add_to_linker(linker, engine, component)?;
            for name in imports.iter().filter(linked) {
                link_interface(linker, name)?;
            }
            Ok(())
        };
        add(&mut linker).map_err(|error| format!("{error:#}"))?;
        let pre = linker.instantiate_pre(component).map_err(|error| {
            format!("it does not link: {}", format!("{error:#}").lines().next().unwrap_or_default())
        })?;
        let world = if proposes {
            FullStrategyPre::new(pre).map(World::Strategy)
        } else {
            FullLayerPre::new(pre).map(World::Layer)
        };
        world.map_err(|error| format!("its exports are not those of the world it is of: {error}"))
    }
}

/// Links one interface. The linker of a component has no interface it does not import. One it imports and was not granted
/// is one its manifest can do without: every function of it answers `denied.<interface>` (see `CallState::granted`).
fn link_interface(linker: &mut Linker<CallState>, name: &str) -> wasmtime::Result<()> {
    macro_rules! add {
        ($module:ident) => {
            wit::$module::add_to_linker::<CallState, HasSelf<CallState>>(linker, |state| state)
        };
    }
    match name {
        "types" => add!(types),
        "store-read" => add!(store_read),
        "store-write" => add!(store_write),
        "search" => add!(search),
        "vectors" => add!(vectors),
        "hints" => add!(hints),
        "events" => add!(events),
        "llm" => add!(llm),
        "clock" => add!(clock),
        "random" => add!(random),
        "log" => add!(log),
        "settings" => add!(settings),
        "budget" => add!(budget),
        "progress" => add!(progress),
        "consolidation" => consolidation::add_to_linker::<CallState, HasSelf<CallState>>(linker, |state| state),
        _ => Ok(()),
    }
}

/// The interfaces of this package a component imports; everything else it imports must be WASI 0.2.
fn interfaces(engine: &Engine, component: &Component) -> Result<BTreeSet<String>, Vec<String>> {
    let mut found = BTreeSet::new();
    let mut faults = Vec::new();
    for (name, _) in component.component_type().imports(engine) {
        if let Some(interface) = name.strip_prefix(PACKAGE) {
            let (interface, version) = interface.split_once('@').unwrap_or((interface, ""));
            if !version.starts_with(VERSION) {
                faults.push(format!(
                    "it imports {name}; this host has version {VERSION}x of {PACKAGE}*, rebuild it with that"
                ));
            } else if !HARMLESS.contains(&interface) && !GRANTABLE.contains(&interface) {
                faults.push(format!("it imports {name}, which this host does not have"));
            } else {
                found.insert(interface.to_owned());
            }
        } else if !(name.starts_with("wasi:") && name.contains("@0.2.")) {
            faults.push(format!("it imports {name}, which this host does not have"));
        }
    }
    let exports = exports(engine, component);
    let has = |name: &str| exports.iter().any(|known| known == name);
    if !has("manifest") || !(has("call") || has(PROPOSING)) {
        faults.push(format!(
            "it exports neither `manifest` and `call` (a layer) nor `manifest` and `{PROPOSING}` (a strategy); it exports: {}",
            exports.join(", ")
        ));
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// What a component exports: functions, and interfaces without their version.
fn exports(engine: &Engine, component: &Component) -> Vec<String> {
    let exports = component.component_type();
    let known = exports
        .exports(engine)
        .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_) | ComponentItem::ComponentInstance(_)));
    known.map(|(name, _)| name.split('@').next().unwrap_or(name).to_owned()).collect()
}

fn all_imports(engine: &Engine, component: &Component) -> Vec<String> {
    component.component_type().imports(engine).map(|(name, _)| name.to_owned()).collect()
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
    /// Calls `manifest` twice with nothing granted, and reads it.
    fn read_manifest(&self) -> Result<Manifest, String> {
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
            [first, second] if first == second => serde_json::from_str(first)
                .map_err(|error| format!("its manifest does not read: {error}; see docs/manifest.md")),
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

    /// The digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Where it came from.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Everything it imports.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Whether its instances come from the pool.
    #[must_use]
    pub fn pooled(&self) -> bool {
        self.pooled
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
