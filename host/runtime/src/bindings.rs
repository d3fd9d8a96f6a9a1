//! The host side of `wit/`, generated; resources are the types of [`crate::capability`].
#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "full-layer",
    imports: { default: trappable },
    with: {
        "memstrata:plugin/store-read.query": crate::capability::QueryHandle,
        "memstrata:plugin/search.request": crate::capability::RequestHandle,
        "memstrata:plugin/search.results": crate::capability::ResultsHandle,
        "memstrata:plugin/vectors.batch": crate::capability::BatchHandle,
        "memstrata:plugin/llm.prompt": crate::capability::PromptHandle,
    },
    trappable_error_type: { "memstrata:plugin/types.fault" => crate::error::HostError },
});
