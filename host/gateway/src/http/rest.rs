//! Step 1 of 7 (REST): a path and a JSON body become a tool's name and arguments.

use super::Front;
use super::error::HttpError;
use crate::gate::{Access, CancelOnDrop, Company};
use crate::metrics;
use crate::tool::{self, RESERVED};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use memstrata_kernel::Health;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What the query may say; `space` is read before, by the guard.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    /// Run, but commit nothing.
    dry_run: bool,
    /// How much the catalog tells: `name`, `summary` or `schema`.
    detail: Option<String>,
}

/// `GET /health`: 503 when a layer failed. A degraded host still serves, so that no balancer takes it away for one lost operation.
/// Without a token, where tokens are wanted, it tells no more than its status.
pub(super) async fn health(State(front): State<Arc<Front>>, access: Option<Extension<Access>>) -> Response {
    let health = front.gate.kernel().health();
    let status = if is_up(&health) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = if access.is_some() { json!(health) } else { json!({ "status": health.status }) };
    (status, Json(body)).into_response()
}

fn is_up(health: &Health) -> bool {
    let known = ["healthy", "degraded"].contains(&health.status.as_str());
    known && health.layers.values().all(|layer| layer.status != "failed")
}

/// `GET /metrics`.
pub(super) async fn metrics(State(front): State<Arc<Front>>) -> Response {
    let (catalog, spending) = (front.gate.kernel().catalog(), front.gate.kernel().spending());
    let text = front.gate.metrics().text(catalog.operations().count(), catalog.generation(), spending.as_ref());
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}

/// `GET /tools`: every operation, sorted by name, and the tools of the configuration.
pub(super) async fn catalog(
    State(front): State<Arc<Front>>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Value>, HttpError> {
    let catalog = front.gate.kernel().catalog();
    let mut operations: Vec<_> = catalog.operations().collect();
    operations.sort_by(|left, right| left.name.cmp(&right.name));
    let tools: Vec<Value> = match parameters.detail.as_deref() {
        None | Some("schema") => operations.iter().map(|operation| json!(operation)).collect(),
        Some("summary") => operations
            .iter()
            .map(
                |operation| json!({ "name": operation.name, "summary": operation.summary, "effect": operation.effect }),
            )
            .collect(),
        Some("name") => operations.iter().map(|operation| json!(operation.name)).collect(),
        Some(_) => return Err(HttpError::new("invalid.argument", "`detail` is `name`, `summary` or `schema`.")),
    };
    Ok(Json(json!({
        "generation": catalog.generation(), "count": tools.len(), "tools": tools,
        "listed": front.gate.tools(), "aliases": front.gate.aliases(), "groups": front.gate.groups(), "built_in": RESERVED,
    })))
}

/// `POST /recall`: the tool of that name.
pub(super) async fn recall(
    state: State<Arc<Front>>,
    access: Extension<Access>,
    parameters: Query<Parameters>,
    body: Body,
) -> Result<Response, HttpError> {
    call(state, access, Path("recall".into()), parameters, body).await
}

/// `POST /remember`: the tool of that name.
pub(super) async fn remember(
    state: State<Arc<Front>>,
    access: Extension<Access>,
    parameters: Query<Parameters>,
    body: Body,
) -> Result<Response, HttpError> {
    call(state, access, Path("remember".into()), parameters, body).await
}

/// `POST /tools/{name}`: a tool of the configuration, a built-in one, or any operation.
pub(super) async fn call(
    State(front): State<Arc<Front>>,
    Extension(access): Extension<Access>,
    Path(name): Path<String>,
    Query(parameters): Query<Parameters>,
    body: Body,
) -> Result<Response, HttpError> {
    let gate = &front.gate;
    let target = tool::resolve(gate, &name).ok_or_else(|| tool::unknown(gate, &name))?;
    let body = to_bytes(body, front.max_body_bytes).await.map_err(|error| {
        tracing::debug!(%error, "a body could not be read");
        let message = format!("The body is over {} bytes, or broke off.", front.max_body_bytes);
        HttpError::new("limit.body", message)
    })?;
    let arguments = arguments(&body)?;
    let company = Company::default();
    // Axum drops this future when the client goes away; the kernel then stops the call.
    let _cancel = CancelOnDrop(company.cancelled.clone());
    let answer = tool::run(gate, &access, target, arguments, parameters.dry_run, &company).await?;
    let text = answer.value.to_string();
    gate.metrics().answered(&answer.label, text.len());
    let mut response = ([(CONTENT_TYPE, "application/json")], text).into_response();
    let mut note = |name: &'static str, value: u64| {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
    };
    if let Some(seq) = answer.seq {
        note("x-memstrata-seq", seq);
    }
    if answer.embed_pending > 0 {
        note("x-memstrata-embed-pending", answer.embed_pending);
    }
    if answer.repeated {
        note("x-memstrata-repeated", 1);
    }
    Ok(response)
}

/// A body as arguments; an empty one has none.
fn arguments(body: &[u8]) -> Result<Map<String, Value>, HttpError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        HttpError::new("invalid.body", format!("The body is not UTF-8: byte {} is wrong.", error.valid_up_to()))
    })?;
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(HttpError::new("invalid.body", "The body must be a JSON object with the tool's arguments.")),
        Err(error) => Err(HttpError::new("invalid.body", format!("The body is not JSON: {error}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_layer_is_down_a_degraded_one_is_not() {
        let health = |status: &str, layer: &str| Health {
            status: status.into(),
            version: String::new(),
            layers: std::collections::BTreeMap::from([(
                "diary".to_owned(),
                memstrata_kernel::LayerHealth {
                    status: layer.into(),
                    version: String::new(),
                    digest: String::new(),
                    generation: 1,
                    operations: 1,
                    problems: vec![],
                },
            )]),
            embedder: Value::Null,
            llm: None,
            data: String::new(),
        };
        assert!(is_up(&health("healthy", "ok")));
        assert!(is_up(&health("degraded", "degraded")));
        assert!(!is_up(&health("degraded", "failed")));
        assert!(!is_up(&health("unhealthy", "ok")));
    }

    #[test]
    fn bodies() {
        assert!(arguments(b"").unwrap().is_empty());
        assert!(arguments(b" \n").unwrap().is_empty());
        assert_eq!(arguments(br#"{"a":1}"#).unwrap()["a"], json!(1));
        for (body, part) in [
            (&b"\xff{}"[..], "byte 0"),
            (b"{", "line 1 column 1"),
            (b"[1]", "JSON object"),
            (b"{\"a\": nan}", "not JSON"),
        ] {
            let error = arguments(body).unwrap_err().0;
            assert!(error.message.contains(part), "{}", error.message);
        }
    }
}
