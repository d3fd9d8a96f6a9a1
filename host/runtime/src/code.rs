//! A component's machine code, linked: compiled once, kept in the cache, and loaded when it is first called.

use crate::bindings::{FullLayerPre, memstrata::plugin as wit};
use crate::engine::Runtime;
use crate::grants::{GRANTABLE, HARMLESS, WRITING};
use crate::state::CallState;
use crate::strategy_bindings::{FullStrategyPre, memstrata::plugin::consolidation};
use crate::wasi;
use crate::wasm::Wasm;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker, types::ComponentItem};

/// The package whose interfaces a component may import.
const PACKAGE: &str = "memstrata:plugin/";
/// The versions of it this host links: patches only add, so an older component loads for ever.
const VERSION: &str = "0.1.";

/// What makes a component a strategy.
const PROPOSING: &str = "memstrata:plugin/proposing";

/// What a component is, ready to be instantiated.
pub(crate) enum World {
    Layer(FullLayerPre<CallState>),
    Strategy(FullStrategyPre<CallState>),
}

/// Linked code on its engine.
pub(crate) struct Code {
    pub(crate) world: World,
    pub(crate) engine: Engine,
    /// Linear memory an instance may have.
    pub(crate) memory_bytes: usize,
}

/// What is known of a component without its code: kept beside it in the cache.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Everything it imports.
    pub(crate) imports: Vec<String>,
    /// The interfaces of this package among them.
    pub(crate) interfaces: BTreeSet<String>,
    /// Whether it is a strategy.
    pub(crate) proposes: bool,
    /// Whether its instances come from the pool.
    pub(crate) pooled: bool,
    /// Its manifest, as it answered it twice.
    pub(crate) manifest: String,
}

impl Runtime {
    /// Compiles a component, or takes it from the cache, and links it; its facts have no manifest yet.
    ///
    /// # Errors
    /// Every reason at once.
    pub(crate) fn examine(&self, wasm: &Wasm) -> Result<(Code, Facts), Vec<String>> {
        let (engine, component) = self.compile(wasm).map_err(|fault| vec![fault])?;
        let interfaces = interfaces(&engine, &component)?;
        let facts = Facts {
            imports: component.component_type().imports(&engine).map(|(name, _)| name.to_owned()).collect(),
            interfaces,
            proposes: exports(&engine, &component).iter().any(|name| name == PROPOSING),
            pooled: self.is_pooled(&engine),
            manifest: String::new(),
        };
        let code = self.link(&engine, &component, &facts).map_err(|fault| vec![fault])?;
        Ok((code, facts))
    }

    /// What the cache knows of a component, if it has its code too.
    pub(crate) fn facts(&self, digest: &str) -> Option<Facts> {
        let cache = self.cache.as_ref()?;
        [&self.pooled, &self.on_demand].into_iter().find_map(|engine| cache.facts(engine, digest))
    }

    /// The code of a component the cache has.
    ///
    /// # Errors
    /// When it is gone, damaged, or does not link.
    pub(crate) fn cached_code(&self, digest: &str, facts: &Facts) -> Result<Code, String> {
        let engine = if facts.pooled { &self.pooled } else { &self.on_demand };
        let component = self.cache.as_ref().and_then(|cache| cache.load(engine, digest));
        self.link(engine, &component.ok_or("its compiled code is gone or damaged")?, facts)
    }

    /// Compiles on the pooled engine; a component too large for its slots, on the other.
    fn compile(&self, wasm: &Wasm) -> Result<(Engine, Component), String> {
        let cached = |engine: &Engine| self.cache.as_ref().and_then(|cache| cache.load(engine, wasm.digest()));
        for engine in [&self.pooled, &self.on_demand] {
            if let Some(component) = cached(engine) {
                return Ok((engine.clone(), component));
            }
        }
        let bytes = wasm.bytes()?;
        let mut reason = String::new();
        for engine in [&self.pooled, &self.on_demand] {
            match Component::new(engine, &bytes) {
                Ok(component) => {
                    if let Some(cache) = &self.cache {
                        cache.store(engine, wasm.digest(), &component);
                    }
                    return Ok((engine.clone(), component));
                }
                Err(error) => reason = format!("{error:#}"),
            }
        }
        let kind = match bytes.get(..8) {
            Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => "it is a core module, not a component; build for wasm32-wasip2",
            Some([0, b'a', b's', b'm', ..]) => "it is no component this host can compile",
            _ => "it is no WebAssembly",
        };
        Err(format!("{kind} ({})", reason.lines().next().unwrap_or_default()))
    }

    fn link(&self, engine: &Engine, component: &Component, facts: &Facts) -> Result<Code, String> {
        let mut linker = Linker::new(engine);
        let linked = |name: &&String| !(facts.proposes && WRITING.contains(&name.as_str()));
        let add = |linker: &mut Linker<CallState>| -> wasmtime::Result<()> {
            wasi::add_to_linker(linker, engine, component)?;
            for name in facts.interfaces.iter().filter(linked) {
                link_interface(linker, name)?;
            }
            Ok(())
        };
        add(&mut linker).map_err(|error| format!("{error:#}"))?;
        let pre = linker.instantiate_pre(component).map_err(|error| {
            format!("it does not link: {}", format!("{error:#}").lines().next().unwrap_or_default())
        })?;
        let world = if facts.proposes {
            FullStrategyPre::new(pre).map(World::Strategy)
        } else {
            FullLayerPre::new(pre).map(World::Layer)
        };
        let world = world.map_err(|error| format!("its exports are not those of the world it is of: {error}"))?;
        Ok(Code { world, engine: engine.clone(), memory_bytes: self.memory_bytes(engine) })
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
        "files" => add!(files),
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
