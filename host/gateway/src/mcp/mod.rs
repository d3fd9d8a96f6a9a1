//! Step 1 of 7: an MCP request becomes a tool's name and arguments, in the era of sessions and the one without.

mod changes;
mod instructions;
mod listing;
mod progress;
mod result;

use crate::gate::{Access, CancelOnDrop, Company, Gate};
use crate::tool::{self, Answer, RESERVED, Target};
use changes::Changes;
use listing::Listing;
use memstrata_kernel::CallError;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, DiscoverResult, ErrorCode,
    Implementation, JsonObject, ListToolsResult, MetaObject, PaginatedRequestParams, ProtocolVersion,
    ServerCapabilities, ServerConfig, SubscriptionFilter, Tool,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

/// How long a client may keep the list of tools, in ms; one that subscribes hears of changes at once.
const FRESH_MS: u64 = 60_000;

/// Methods we know, whose requests reach [`ServerHandler::on_custom_request`] only if their parameters have a wrong shape.
const METHODS: [&str; 6] =
    ["tools/call", "tools/list", "initialize", "server/discover", "subscriptions/listen", "completion/complete"];

/// The MCP server; a clone is cheap, and every HTTP request gets one.
#[derive(Clone)]
pub(crate) struct McpServer(Arc<Shared>);

struct Shared {
    gate: Arc<Gate>,
    /// Who calls, where the transport settles it once: on stdio. Over HTTP each request brings its own.
    fixed: Option<Access>,
    /// Whether different callers may see different lists.
    varies: bool,
    listing: Listing,
    changes: Changes,
    closing: CancellationToken,
}

impl McpServer {
    /// A server that ends its streams when `closing` is cancelled. Must be called inside a runtime.
    pub(crate) fn new(gate: Arc<Gate>, fixed: Option<Access>, varies: bool, closing: CancellationToken) -> Self {
        let generations = gate.kernel().catalog_changes();
        let shared =
            Arc::new(Shared { gate, fixed, varies, listing: Listing::default(), changes: Changes::new(), closing });
        let follower = shared.clone();
        tokio::spawn(async move { follower.changes.follow(generations, follower.closing.clone()).await });
        Self(shared)
    }

    fn access(&self, context: &RequestContext<RoleServer>) -> Result<Access, ErrorData> {
        let of_request = || context.extensions.get::<http::request::Parts>()?.extensions.get::<Access>().cloned();
        self.0.fixed.clone().or_else(of_request).ok_or_else(|| {
            tracing::error!("a request came through without an access");
            ErrorData::internal_error("The request could not be attributed.", None)
        })
    }

    fn scope(&self) -> CacheScope {
        if self.0.varies { CacheScope::Private } else { CacheScope::Public }
    }

    /// Calls a tool and tells of its progress; ends at once when the client cancels.
    async fn drive(
        &self,
        access: &Access,
        target: Target,
        arguments: JsonObject,
        context: &RequestContext<RoleServer>,
    ) -> Result<Answer, CallError> {
        let mut company = Company::default();
        // Dropped with this future too, as when an HTTP client goes away: the kernel then stops the call.
        let _cancel = CancelOnDrop(company.cancelled.clone());
        let reports = context.meta.get_progress_token().map(|token| {
            let (sink, reports) = progress::channel();
            company.progress = Some(sink);
            (reports, token)
        });
        let tell = async {
            match reports {
                Some((reports, token)) => reports.tell(context.peer.clone(), token).await,
                None => std::future::pending().await,
            }
        };
        let call = tool::run(&self.0.gate, access, target, arguments, false, &company);
        tokio::select! {
            biased;
            outcome = call => outcome,
            () = context.ct.cancelled() => {
                company.cancelled.store(true, Ordering::Relaxed);
                Err(CallError::new("cancelled", "The client cancelled the call."))
            }
            () = tell => Err(CallError::new("internal", "The progress of the call ended before the call.")),
        }
    }
}

fn server() -> Implementation {
    Implementation::new("memstrata", env!("CARGO_PKG_VERSION")).with_title("memstrata")
}

fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

/// Says what is wrong with a request whose parameters do not have the shape its method wants.
fn malformed(method: &str, params: Option<&Value>) -> ErrorData {
    let message = match params {
        Some(Value::Object(params)) if method == "tools/call" => match (params.get("name"), params.get("arguments")) {
            (Some(Value::String(_)), Some(arguments)) if !arguments.is_object() => {
                "`arguments` of tools/call must be a JSON object.".to_owned()
            }
            (Some(Value::String(_)), _) => "The parameters of tools/call are malformed.".to_owned(),
            _ => "`name` of tools/call must be a string.".to_owned(),
        },
        Some(Value::Object(_)) => format!("The parameters of {method} are malformed."),
        _ => format!("The parameters of {method} must be a JSON object."),
    };
    ErrorData::invalid_params(message, None)
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let tools = self.0.gate.tools().keys().map(String::as_str).chain(RESERVED);
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build())
            .with_server_info(server())
            .with_instructions(instructions::instructions(tools))
    }

    async fn discover(&self, _context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        // Older ones are still answered, but nobody should choose them any more.
        let versions = [ProtocolVersion::V_2025_06_18, ProtocolVersion::V_2025_11_25, ProtocolVersion::V_2026_07_28];
        let mut result = DiscoverResult::from_server_info(versions.to_vec(), self.get_info()).with_ttl_ms(FRESH_MS);
        // The same for every caller: nothing in it depends on who asks.
        result.cache_scope = CacheScope::Public;
        Ok(result)
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.0.changes.join(context.peer);
    }

    fn accepted_subscription_filter(&self, _requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(SubscriptionFilter::builder().tools_list_changed().build())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.0.changes.serve(&context, &self.0.closing).await;
        Ok(())
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let access = self.access(&context)?;
        let lists = self.0.listing.now(&self.0.gate);
        let cursor = request.and_then(|request| request.cursor);
        let Some((tools, next)) = listing::page(lists.of(access.principal.may_write), cursor.as_deref()) else {
            return Err(ErrorData::invalid_params("`cursor` is not one that tools/list gave.", None));
        };
        let mut result = ListToolsResult::with_all_items(tools);
        result.next_cursor = next;
        if is_modern(&context) {
            result.ttl_ms = Some(FRESH_MS);
            result.cache_scope = Some(self.scope());
            result::sign(&mut result.meta, &server());
        }
        Ok(result)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.0.listing.now(&self.0.gate).get(name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let access = self.access(&context)?;
        let gate = &self.0.gate;
        let Some(target) = tool::resolve(gate, &request.name) else {
            let CallError { message, details, .. } = tool::unknown(gate, &request.name);
            return Err(ErrorData::invalid_params(message, details));
        };
        let open = self.get_tool(&request.name).is_none_or(|tool| tool::is_open(&tool));
        let outcome = self.drive(&access, target, request.arguments.unwrap_or_default(), &context).await;
        let label = outcome.as_ref().ok().map(|answer| answer.label.clone());
        let (mut result, bytes) = result::result(outcome, gate.result_bytes(), open);
        if let Some(label) = label {
            gate.metrics().answered(&label, bytes);
        }
        if is_modern(&context) {
            let mut meta: Option<MetaObject> = result.meta.take();
            result::sign(&mut meta, &server());
            result.meta = meta;
        }
        Ok(result.into())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let CustomRequest { method, params, .. } = request;
        if METHODS.contains(&method.as_str()) {
            return Err(malformed(&method, params.as_ref()));
        }
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "There is no such method.", Some(json!({ "method": method }))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_call_is_explained() {
        for (params, part) in [
            (json!({"name": "a", "arguments": "x"}), "`arguments`"),
            (json!({"name": "a", "arguments": [1]}), "`arguments`"),
            (json!({"arguments": {}}), "`name`"),
            (json!({"name": 3}), "`name`"),
            (json!([1]), "JSON object"),
        ] {
            let error = malformed("tools/call", Some(&params));
            assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
            assert!(error.message.contains(part), "{params}: {}", error.message);
        }
    }
}
