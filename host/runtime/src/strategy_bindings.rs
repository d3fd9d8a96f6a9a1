//! The host side of the world `strategy`, generated: what it shares with layers is [`crate::bindings`].
#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "full-strategy",
    imports: { default: trappable },
    with: {
        "memstrata:plugin/types": crate::bindings::memstrata::plugin::types,
        "memstrata:plugin/store-read": crate::bindings::memstrata::plugin::store_read,
        "memstrata:plugin/search": crate::bindings::memstrata::plugin::search,
        "memstrata:plugin/vectors": crate::bindings::memstrata::plugin::vectors,
        "memstrata:plugin/hints": crate::bindings::memstrata::plugin::hints,
        "memstrata:plugin/llm": crate::bindings::memstrata::plugin::llm,
        "memstrata:plugin/clock": crate::bindings::memstrata::plugin::clock,
        "memstrata:plugin/random": crate::bindings::memstrata::plugin::random,
        "memstrata:plugin/log": crate::bindings::memstrata::plugin::log,
        "memstrata:plugin/settings": crate::bindings::memstrata::plugin::settings,
        "memstrata:plugin/budget": crate::bindings::memstrata::plugin::budget,
        "memstrata:plugin/progress": crate::bindings::memstrata::plugin::progress,
        "memstrata:plugin/consolidation.patch": crate::capability::PatchHandle,
    },
    trappable_error_type: { "memstrata:plugin/types.fault" => crate::error::HostError },
});
