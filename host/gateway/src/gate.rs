//! Step 2 of 7: principal, space and rate limit; then the call goes to the kernel.

use crate::config::{GatewayConfig, is_space};
use crate::limit::Limiter;
use crate::metrics::Metrics;
use crate::tool::{Group, Route};
use indexmap::IndexMap;
use memstrata_kernel::{CallAnswer, CallError, CallRequest, Effect, Forget, Kernel, Principal, ProgressSink};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Who calls, and where.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) principal: Principal,
    pub(crate) space: String,
}

/// What accompanies a call: whether somebody still waits, where progress goes.
#[derive(Clone, Default)]
pub(crate) struct Company {
    pub(crate) cancelled: Arc<AtomicBool>,
    pub(crate) progress: Option<ProgressSink>,
}

/// Cancels a call when the one who waited for it is dropped.
pub(crate) struct CancelOnDrop(pub(crate) Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One call of an operation, before the gate.
pub(crate) struct Call {
    pub(crate) operation: String,
    pub(crate) effect: Effect,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) dry_run: bool,
}

/// The one way from both doors to the kernel.
pub(crate) struct Gate {
    kernel: Kernel,
    limiter: Limiter,
    metrics: Metrics,
    default_space: String,
    tools: IndexMap<String, String>,
    aliases: IndexMap<String, Route>,
    groups: IndexMap<String, Group>,
    show_groups: bool,
    result_bytes: usize,
}

impl Gate {
    pub(crate) fn new(kernel: Kernel, config: &GatewayConfig) -> Self {
        Self {
            kernel,
            limiter: Limiter::new(config.limits()),
            metrics: Metrics::new(),
            default_space: config.default_space.clone(),
            tools: config.tools.clone(),
            aliases: config.aliases.clone(),
            groups: config.groups.clone(),
            show_groups: config.show_groups,
            result_bytes: config.result_bytes,
        }
    }

    pub(crate) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Tools of the configuration: name -> operation.
    pub(crate) fn tools(&self) -> &IndexMap<String, String> {
        &self.tools
    }

    /// Other names of operations, which are not shown: name -> operation.
    pub(crate) fn aliases(&self) -> &IndexMap<String, Route> {
        &self.aliases
    }

    /// Grouped tools.
    pub(crate) fn groups(&self) -> &IndexMap<String, Group> {
        &self.groups
    }

    /// The grouped tools that clients are shown.
    pub(crate) fn shown_groups(&self) -> impl Iterator<Item = (&String, &Group)> {
        self.groups.iter().filter(|_| self.show_groups)
    }

    /// The most bytes of an answer to a model.
    pub(crate) fn result_bytes(&self) -> usize {
        self.result_bytes
    }

    /// Lets a principal into a space.
    ///
    /// # Errors
    /// `invalid.argument` for what cannot name a space, `denied.space` for one that is not the principal's.
    pub(crate) fn access(&self, principal: Principal, space: Option<&str>) -> Result<Access, CallError> {
        let space = space.unwrap_or(&self.default_space);
        if !is_space(space) {
            return Err(CallError::new(
                "invalid.argument",
                "A space's name is A-Z a-z 0-9 _ -, at most 100 characters.",
            ));
        }
        if principal.spaces.as_ref().is_some_and(|spaces| !spaces.iter().any(|name| name == space)) {
            return Err(CallError::new(
                "denied.space",
                format!("`{}` may not use the space `{space}`.", principal.name),
            )
            .with_details(json!({ "spaces": principal.spaces })));
        }
        Ok(Access { principal, space: space.to_owned() })
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// `limit.rate`, `denied.write`, or what the kernel says.
    pub(crate) async fn call(&self, access: &Access, call: Call, company: &Company) -> Result<CallAnswer, CallError> {
        let Call { operation, effect, arguments, dry_run } = call;
        let label = operation.clone();
        let request = CallRequest {
            space: access.space.clone(),
            principal: access.principal.clone(),
            operation,
            arguments,
            dry_run,
            cancelled: company.cancelled.clone(),
            progress: company.progress.clone(),
        };
        self.measured(access, &label, effect, self.kernel.call(request)).await
    }

    /// Forgets memories by id.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(crate) async fn forget(&self, access: &Access, forget: Forget) -> Result<Value, CallError> {
        let forgetting = self.kernel.forget(&access.space, &access.principal, forget);
        self.measured(access, crate::tool::FORGET, Effect::Destructive, forgetting).await
    }

    /// The state of the host and of the space.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(crate) async fn status(&self, access: &Access) -> Result<Value, CallError> {
        let status = self.kernel.status(&access.space, &access.principal);
        self.measured(access, crate::tool::STATUS, Effect::Read, status).await
    }

    /// Runs something of the gateway's own under the same limits and counters.
    ///
    /// # Errors
    /// `limit.rate`, or what `work` says.
    pub(crate) async fn own<T>(
        &self,
        access: &Access,
        label: &str,
        work: impl FnOnce() -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        self.measured(access, label, Effect::Read, async { work() }).await
    }

    async fn measured<T>(
        &self,
        access: &Access,
        label: &str,
        effect: Effect,
        work: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let start = Instant::now();
        let _running = self.metrics.enter();
        let result = match self.admit(&access.principal, label, effect, start) {
            Ok(()) => work.await,
            Err(error) => Err(error),
        };
        let outcome = result.as_ref().map_or_else(|error| error.code.as_str(), |_| "ok");
        self.metrics.ended(label, outcome, start.elapsed());
        result
    }

    fn admit(&self, principal: &Principal, label: &str, effect: Effect, now: Instant) -> Result<(), CallError> {
        if effect != Effect::Read && !principal.may_write {
            return Err(CallError::new(
                "denied.write",
                format!("`{}` may only read; ask the operator for a token that may write.", principal.name),
            ));
        }
        self.limiter.take(&principal.name, label, now).map_err(|wait| {
            self.metrics.limited();
            let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            let mut error =
                CallError::new("limit.rate", format!("Too many calls of `{label}`; try again in {wait} ms."));
            error.retry_after_ms = Some(wait);
            error
        })
    }
}
