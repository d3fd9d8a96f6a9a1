//! Steps 3 and 4 of 7: operation to layer, arguments checked, then the call as one transaction, run again on a conflict.

use crate::api::{CallAnswer, CallError, CallRequest, Effect, Operation, Progress};
use crate::consolidation::records::HOST;
use crate::kernel::Kernel;
use crate::layers::{Layer, LayerSet};
use memstrata_models::Embedder;
use memstrata_runtime::{CallContext, CallFailure, Models, ProgressFn};
use memstrata_store::{CommitMeta, Committed, Deadline, Idempotent, SessionOptions, Space, StoreError, WriteSet};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a call that met a conflict is run in all.
const ATTEMPTS: u32 = 4;

/// The longest an embedder on the network may keep a commit waiting; later, the row commits and the vector follows.
const EMBED_BUDGET: Duration = Duration::from_millis(1_000);

/// What else goes with a commit, for calls the host makes itself.
#[derive(Clone, Default)]
pub(crate) struct Commission {
    /// Acknowledges an event: subscriber, sequence, number.
    pub(crate) acknowledges: Option<(String, u64, u64)>,
    /// The lease it runs under: name and fencing token.
    pub(crate) lease: Option<(String, u64)>,
    /// The space to work on, perhaps a copy of the one that is named. Nothing is noted of what the call uses there.
    pub(crate) copy: Option<Arc<Space>>,
}

impl Commission {
    /// A scheduled call: where it changed nothing, nothing is to be noted, for it may run again without harm.
    fn is_idle(&self) -> bool {
        self.lease.is_some() && self.acknowledges.is_none()
    }
}

/// A call whose operation is known and whose arguments fit.
struct Checked {
    layer: Arc<Layer>,
    operation: Operation,
    bare: String,
    space: Arc<Space>,
    request: CallRequest,
    commission: Commission,
    idempotency_key: Option<String>,
    arguments: String,
    hash: String,
    deadline: Deadline,
    now: u64,
    seed: u64,
}

impl From<CallFailure> for CallError {
    fn from(failure: CallFailure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            details: None,
            retry_after_ms: failure.retry_after_ms,
            said: failure.said,
        }
    }
}

impl From<StoreError> for CallError {
    fn from(error: StoreError) -> Self {
        if let StoreError::Sqlite(cause) = &error {
            tracing::warn!(%cause, "the store failed");
        }
        Self::new(&error.code(), error.message())
    }
}

impl Kernel {
    /// Runs one operation as one transaction.
    ///
    /// # Errors
    /// See [`CallError`]; nothing is written then.
    pub async fn call(&self, request: CallRequest) -> Result<CallAnswer, CallError> {
        if request.operation.starts_with(HOST)
            && let Some(answer) = self.host_call(request.clone()).await
        {
            return answer;
        }
        let _answering = self.shared.traffic.enter();
        self.commissioned(request, Commission::default()).await
    }

    pub(crate) async fn commissioned(
        &self,
        request: CallRequest,
        commission: Commission,
    ) -> Result<CallAnswer, CallError> {
        let (slow, work) = self.prepare(request, commission)?;
        let pool = if slow { &self.shared.slow } else { &self.shared.interactive };
        pool.run(work).await
    }

    /// Runs one operation on this thread, on a space or a copy of it, and leaves no trace of use there.
    pub(crate) fn call_on(&self, copy: &Arc<Space>, request: CallRequest) -> Result<CallAnswer, CallError> {
        let commission = Commission { copy: Some(Arc::clone(copy)), ..Commission::default() };
        let (_, work) = self.prepare(request, commission)?;
        work()
    }

    /// Checks a call; answers whether it is slow, and the work.
    fn prepare(
        &self,
        mut request: CallRequest,
        commission: Commission,
    ) -> Result<(bool, impl FnOnce() -> Result<CallAnswer, CallError> + Send + 'static), CallError> {
        let set: Arc<LayerSet> = self.shared.layers.load_full();
        let (layer, bare) = set.find(&request.operation)?;
        let Some(operation) = set.catalog.get(&request.operation).cloned() else {
            return Err(CallError::new("internal", "the catalog is not in step with the layers"));
        };
        self.admit(&request, &operation)?;
        let idempotency_key = take_key(&mut request.arguments)?.filter(|_| operation.effect != Effect::Read);
        let Some(schemas) = layer.schemas(bare) else {
            return Err(CallError::new("internal", "the operation has no schemas"));
        };
        schemas.check(&request.operation, &mut request.arguments)?;
        let slow = layer.plugin.manifest().slow();
        let deadline = Deadline {
            at: Instant::now() + self.shared.runtime.limits().wall(slow),
            cancelled: Arc::clone(&request.cancelled),
        };
        let (kernel, bare) = (self.clone(), bare.to_owned());
        let work = move || {
            let space = match &commission.copy {
                Some(copy) => Arc::clone(copy),
                None => kernel.space(&request.space)?,
            };
            let arguments = Value::Object(request.arguments.clone()).to_string();
            let checked = Checked {
                hash: hash(&[&request.operation, &canonical(&request.arguments)]),
                layer,
                operation,
                bare,
                space,
                request,
                commission,
                idempotency_key,
                arguments,
                deadline,
                now: crate::kernel::now_ms(),
                seed: rand::random(),
            };
            kernel.transact(&checked)
        };
        Ok((slow, work))
    }

    /// Whether the principal may call this here.
    pub(crate) fn admit(&self, request: &CallRequest, operation: &Operation) -> Result<(), CallError> {
        let principal = &request.principal;
        crate::kernel::admit_space(principal, &request.space)?;
        if operation.effect != Effect::Read && !principal.may_write {
            return Err(CallError::new(
                "denied.write",
                format!("`{}` may only read; `{}` writes", principal.name, operation.name),
            ));
        }
        Ok(())
    }

    /// Runs a call until it commits, fails, or has met too many conflicts.
    fn transact(&self, checked: &Checked) -> Result<CallAnswer, CallError> {
        let models = Models {
            embedder: Some(Arc::clone(&self.shared.embedder)),
            llm: self.shared.llm.as_ref().map(|llm| llm.for_call() as Arc<dyn memstrata_models::Llm>),
            answers: Arc::default(),
        };
        let mut attempt = 1;
        loop {
            if let Some(answer) = self.answered(checked)? {
                return Ok(answer);
            }
            match self.attempt(checked, models.clone()) {
                Err(error) if error.code == "conflict" && attempt < ATTEMPTS => {
                    tracing::debug!(operation = %checked.request.operation, attempt, reason = %error.message, "conflict: run again");
                    // Two that keep meeting must not stay in step.
                    let most = 2_u64.pow(attempt);
                    std::thread::sleep(Duration::from_millis(rand::random::<u64>() % most));
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    /// The answer of an earlier call with the same idempotency key.
    fn answered(&self, checked: &Checked) -> Result<Option<CallAnswer>, CallError> {
        let Some(key) = &checked.idempotency_key else { return Ok(None) };
        let Some((hash, result, seq)) = checked.space.answered(&checked.request.principal.name, key)? else {
            return Ok(None);
        };
        repeated(hash == checked.hash, &result, seq).map(Some)
    }

    fn attempt(&self, checked: &Checked, models: Models) -> Result<CallAnswer, CallError> {
        let request = &checked.request;
        let mut session = checked.space.session(SessionOptions {
            layer: checked.layer.name().to_owned(),
            component: checked.layer.plugin.digest().to_owned(),
            scope: request.principal.scope.clone(),
            now: checked.now,
            deadline: checked.deadline.clone(),
            limits: self.shared.runtime.limits().store(),
            binding: hash(&[&request.space, &request.principal.name, &request.operation, &bound(&request.arguments)]),
            read_only: checked.operation.effect == Effect::Read,
            as_of: None,
        });
        if checked.commission.copy.is_some() {
            session.leave_no_trace();
        }
        let progress: Option<ProgressFn> = request.progress.clone().map(|sink| -> ProgressFn {
            Arc::new(move |done, total, message: &str| sink(Progress { done, total, message: message.to_owned() }))
        });
        let context = CallContext {
            session: Some(session),
            models,
            deadline: checked.deadline.clone(),
            now: checked.now,
            seed: checked.seed,
            progress,
        };
        let output = checked.layer.plugin.call(&checked.bare, &checked.arguments, context)?;
        let value = self.read_answer(checked, &output.answer)?;
        let mut write_set = output.write_set;
        if request.dry_run {
            let preview = Some(write_set.preview());
            return Ok(CallAnswer { value, seq: None, embed_pending: 0, repeated: false, preview });
        }
        embed(&*self.shared.embedder, &mut write_set, &checked.deadline);
        let wrote = !write_set.is_empty();
        if !wrote && checked.commission.is_idle() {
            return Ok(CallAnswer { value, seq: None, embed_pending: 0, repeated: false, preview: None });
        }
        let committed = self.commit(checked, write_set, &output.answer)?;
        if wrote {
            self.shared.wake();
        }
        let seq = (committed.seq > 0).then_some(committed.seq);
        Ok(CallAnswer { value, seq, embed_pending: committed.embed_pending, repeated: false, preview: None })
    }

    /// The guest's answer, if it is what the manifest promises.
    fn read_answer(&self, checked: &Checked, answer: &str) -> Result<Value, CallError> {
        let broken = |what: String| {
            tracing::warn!(operation = %checked.request.operation, %what, "the component broke its contract");
            CallError::new(
                "plugin.answer",
                format!(
                    "`{}` answered what its manifest does not promise; nothing was written",
                    checked.operation.name
                ),
            )
        };
        let value: Value = serde_json::from_str(answer).map_err(|error| broken(error.to_string()))?;
        let schemas = checked.layer.schemas(&checked.bare);
        match schemas.map(|schemas| schemas.answer_faults(&value)).unwrap_or_default().first() {
            Some((pointer, fault)) => Err(broken(format!("{pointer}: {fault}"))),
            None => Ok(value),
        }
    }

    fn commit(&self, checked: &Checked, write_set: WriteSet, answer: &str) -> Result<Committed, CallError> {
        let request = &checked.request;
        let idempotent = checked.idempotency_key.as_ref().map(|key| Idempotent {
            key: key.clone(),
            arguments: checked.hash.clone(),
            result: answer.to_owned(),
        });
        let meta = CommitMeta {
            kind: "call".into(),
            principal: request.principal.name.clone(),
            layer: checked.layer.name().to_owned(),
            component: checked.layer.plugin.digest().to_owned(),
            operation: checked.bare.clone(),
            arguments: checked.hash.clone(),
            idempotent,
            acknowledges: checked.commission.acknowledges.clone(),
            lease: checked.commission.lease.clone(),
        };
        Ok(checked.space.commit(write_set, meta, Some(Arc::clone(&checked.deadline.cancelled)))?)
    }
}

/// The answer of an earlier call with the same idempotency key, if it was the same call.
pub(crate) fn repeated(same: bool, result: &str, seq: u64) -> Result<CallAnswer, CallError> {
    if !same {
        return Err(CallError::new(
            "conflict.idempotency",
            "this idempotency_key was used for another call within 24 hours; take a new one",
        ));
    }
    let value = serde_json::from_str(result)
        .map_err(|_| CallError::new("internal", "the kept answer of the earlier call is damaged"))?;
    Ok(CallAnswer { value, seq: Some(seq), embed_pending: 0, repeated: true, preview: None })
}

/// Gives the staged texts their vectors; what fails or is late is left for the filler.
pub(crate) fn embed(embedder: &dyn Embedder, write_set: &mut WriteSet, deadline: &Deadline) {
    let texts: Vec<(u64, String)> =
        write_set.texts_to_embed().into_iter().map(|(id, text)| (id, text.to_owned())).collect();
    if texts.is_empty() {
        return;
    }
    let budget = if embedder.local() { deadline.remaining() } else { deadline.remaining().min(EMBED_BUDGET) };
    let list: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    match embedder.embed(&list, budget) {
        Ok(vectors) => texts.iter().zip(vectors).for_each(|((id, _), vector)| write_set.set_vector(*id, vector)),
        Err(error) => tracing::warn!(%error, rows = texts.len(), "vectors follow later"),
    }
}

/// Takes `idempotency_key` out of the arguments: it is the host's, not the operation's.
pub(crate) fn take_key(arguments: &mut Map<String, Value>) -> Result<Option<String>, CallError> {
    match arguments.remove("idempotency_key") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(key)) if (1..=200).contains(&key.len()) => Ok(Some(key)),
        Some(_) => Err(CallError::new("invalid.argument", "idempotency_key must be a text of 1 to 200 bytes")),
    }
}

/// The arguments a cursor is bound to: all but the cursor and the page's size.
fn bound(arguments: &Map<String, Value>) -> String {
    let mut bound = arguments.clone();
    bound.retain(|name, _| name != "cursor" && name != "limit");
    canonical(&bound)
}

/// JSON with sorted keys: the same arguments in another order are the same call.
pub(crate) fn canonical(arguments: &Map<String, Value>) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<_> = map.keys().collect();
                keys.sort();
                Value::Object(keys.into_iter().filter_map(|key| Some((key.clone(), sorted(map.get(key)?)))).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    sorted(&Value::Object(arguments.clone())).to_string()
}

pub(crate) fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
