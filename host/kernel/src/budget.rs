//! What language models may cost: a price list, bounds of a call and of a day, and a model that keeps within them.

use crate::kernel::now_ms;
use memstrata_models::{Budget, Completion, CompletionAnswer, Llm, ModelError, Role};
use memstrata_store::{Control, Most, Spent, next_day};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Tokens of a day where the operator says nothing.
const TOKENS_PER_DAY: u64 = 2_000_000;
/// Units of money are kept in millionths: so many tokens a price is for.
const MICROS: f64 = 1_000_000.0;

/// What language models may cost. Money is in whatever currency the prices are in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LlmBudget {
    /// Tokens read and produced on a day (UTC), over all processes on the data directory. Default 2,000,000.
    pub tokens_per_day: u64,
    /// Money of a day (UTC); none is no bound but that of the tokens.
    pub money_per_day: Option<f64>,
    /// Money of one call of a component, all its prompts together; of a strategy that is one unit.
    pub money_per_call: Option<f64>,
    /// Price of a million tokens read.
    pub price_input: f64,
    /// Price of a million tokens produced, those of thinking included.
    pub price_output: f64,
}

impl Default for LlmBudget {
    fn default() -> Self {
        Self {
            tokens_per_day: TOKENS_PER_DAY,
            money_per_day: None,
            money_per_call: None,
            price_input: 0.0,
            price_output: 0.0,
        }
    }
}

impl LlmBudget {
    /// Every value that makes no sense, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let given = [
            ("money_per_day", self.money_per_day),
            ("money_per_call", self.money_per_call),
            ("price_input", Some(self.price_input)),
            ("price_output", Some(self.price_output)),
        ];
        let mut faults = Vec::new();
        for (name, value) in given {
            if value.is_some_and(|value| !value.is_finite() || value < 0.0) {
                faults.push(format!("`{name}` must be a number of at least 0"));
            }
        }
        if !self.priced() && (self.money_per_day.is_some() || self.money_per_call.is_some()) {
            faults.push("a budget of money needs `price_input` and `price_output`, per million tokens".into());
        }
        faults
    }

    fn priced(&self) -> bool {
        self.price_input > 0.0 || self.price_output > 0.0
    }

    /// What so many tokens cost, in millionths, rounded up.
    fn micros(&self, input: u32, output: u32) -> u64 {
        (f64::from(input) * self.price_input + f64::from(output) * self.price_output).ceil() as u64
    }
}

/// What language models have used today (UTC).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spending {
    /// The model's name.
    pub model: String,
    /// Prompts sent.
    pub prompts_today: u64,
    /// Tokens read and produced, those of prompts under way at their worst.
    pub tokens_today: u64,
    /// The most of a day.
    pub tokens_per_day: u64,
    /// Money spent; absent where no price is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money_today: Option<f64>,
    /// The most of a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money_per_day: Option<f64>,
}

/// A language model under a budget, which all processes on a data directory share.
pub(crate) struct Budgeted {
    model: Arc<dyn Llm>,
    control: Arc<Control>,
    budget: LlmBudget,
    /// The clock: ms UTC.
    now: fn() -> u64,
}

impl Budgeted {
    pub(crate) fn new(model: Arc<dyn Llm>, control: Arc<Control>, budget: LlmBudget) -> Self {
        Self { model, control, budget, now: now_ms }
    }

    /// The model as one call of a component may use it.
    pub(crate) fn for_call(self: &Arc<Self>) -> Arc<ForCall> {
        Arc::new(ForCall { shared: Arc::clone(self), micros: AtomicU64::new(0) })
    }

    /// What was used today; none when the ledger cannot be read, which the log tells.
    pub(crate) fn spending(&self) -> Option<Spending> {
        let spent = match self.control.spent((self.now)()) {
            Ok(spent) => spent,
            Err(error) => {
                tracing::warn!(%error, "what language models have used today cannot be read");
                return None;
            }
        };
        Some(Spending {
            model: self.model.model().to_owned(),
            prompts_today: spent.prompts,
            tokens_today: spent.tokens,
            tokens_per_day: self.budget.tokens_per_day,
            money_today: self.budget.priced().then(|| money(spent.micros)),
            money_per_day: self.budget.money_per_day,
        })
    }

    /// The day's ledger does not allow a prompt that may take so much more.
    fn over(&self, now: u64, spent: Spent, tokens: u64, micros: u64) -> ModelError {
        let retry_after = Some(Duration::from_millis(next_day(now).saturating_sub(now)));
        if spent.tokens.saturating_add(tokens) > self.budget.tokens_per_day {
            let reason = format!(
                "of the {} tokens that language models may use today, {} are used and this prompt may take {tokens}; wait \
                 until midnight UTC, or raise `llm.tokens_per_day`",
                self.budget.tokens_per_day, spent.tokens
            );
            return ModelError::OverBudget { budget: Budget::Tokens, reason, retry_after };
        }
        let reason = format!(
            "of the {} that language models may cost today, {} is spent and this prompt may cost {}; wait until midnight \
             UTC, or raise `llm.money_per_day`",
            self.budget.money_per_day.unwrap_or_default(),
            money(spent.micros),
            money(micros)
        );
        ModelError::OverBudget { budget: Budget::Money, reason, retry_after }
    }
}

/// A budgeted model in one call of a component.
pub(crate) struct ForCall {
    shared: Arc<Budgeted>,
    /// Spent in this call, millionths.
    micros: AtomicU64,
}

impl ForCall {
    /// Money spent in this call.
    pub(crate) fn money(&self) -> f64 {
        money(self.micros.load(Ordering::Relaxed))
    }
}

impl Llm for ForCall {
    fn model(&self) -> &str {
        self.shared.model.model()
    }

    fn complete(&self, request: &Completion, time: Duration) -> Result<CompletionAnswer, ModelError> {
        let Budgeted { model, control, budget, now } = &*self.shared;
        let (input, output) = (request.input_estimate(), request.output_most());
        let (tokens, micros) = (u64::from(input) + u64::from(output), budget.micros(input, output));
        let before = self.micros.load(Ordering::Relaxed);
        if let Some(most) = budget.money_per_call
            && money(before.saturating_add(micros)) > most
        {
            let reason = format!(
                "of the {most} that language models may cost in one call, {} is spent and this prompt may cost {}; ask for \
                 less, or raise `llm.money_per_call`",
                money(before),
                money(micros)
            );
            return Err(ModelError::OverBudget { budget: Budget::Money, reason, retry_after: None });
        }
        let ledger = |error: memstrata_store::StoreError| ModelError::Unavailable {
            role: Role::Llm,
            provider: "the budget of language models".into(),
            reason: format!("its ledger in control.db cannot be kept: {}", error.message()),
            retry_after: None,
        };
        let most = Most {
            tokens: budget.tokens_per_day,
            micros: budget.money_per_day.map(|most| (most * MICROS).floor() as u64),
        };
        let instant = now();
        let reserved = match control.reserve(instant, tokens, micros, most).map_err(ledger)? {
            Ok(reserved) => reserved,
            Err(spent) => return Err(self.shared.over(instant, spent, tokens, micros)),
        };
        let answer = model.complete(request, time);
        let used = match &answer {
            Ok(answer) => Some(Spent {
                prompts: 1,
                tokens: u64::from(answer.input_tokens) + u64::from(answer.output_tokens),
                micros: budget.micros(answer.input_tokens, answer.output_tokens),
            }),
            // Nothing was completed, so nothing is charged.
            Err(ModelError::Unavailable { .. } | ModelError::Refused { .. } | ModelError::NotConfigured { .. }) => {
                Some(Spent::default())
            }
            // The provider may have completed it and charge it: it stays at its worst.
            Err(_) => None,
        };
        self.micros.fetch_add(used.map_or(micros, |used| used.micros), Ordering::Relaxed);
        if let Some(used) = used
            && let Err(error) = control.settle(reserved, used)
        {
            tracing::warn!(%error, "a prompt stays booked at its worst");
        }
        answer
    }
}

fn money(micros: u64) -> f64 {
    micros as f64 / MICROS
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Answers what it is told to, in order.
    struct Scripted(Mutex<Vec<Result<CompletionAnswer, ModelError>>>);

    impl Llm for Scripted {
        fn model(&self) -> &'static str {
            "scripted"
        }

        fn complete(&self, _: &Completion, _: Duration) -> Result<CompletionAnswer, ModelError> {
            self.0.lock().unwrap().pop().expect("it is not asked so often")
        }
    }

    fn answer(input_tokens: u32, output_tokens: u32) -> Result<CompletionAnswer, ModelError> {
        Ok(CompletionAnswer { text: "yes".into(), cut: false, input_tokens, output_tokens })
    }

    fn timeout() -> Result<CompletionAnswer, ModelError> {
        Err(ModelError::Timeout { role: Role::Llm, provider: "p".into(), waited: Duration::ZERO })
    }

    fn down() -> Result<CompletionAnswer, ModelError> {
        Err(ModelError::Unavailable { role: Role::Llm, provider: "p".into(), reason: "x".into(), retry_after: None })
    }

    /// Ten minutes before midnight.
    fn late() -> u64 {
        86_400_000 - 600_000
    }

    fn budgeted(
        budget: LlmBudget,
        mut script: Vec<Result<CompletionAnswer, ModelError>>,
    ) -> (Arc<Budgeted>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        script.reverse();
        let control = Arc::new(Control::open(folder.path()).unwrap());
        let model = Arc::new(Scripted(Mutex::new(script)));
        (Arc::new(Budgeted { now: late, ..Budgeted::new(model, control, budget) }), folder)
    }

    /// 30 bytes, 10 tokens at most; 70 of answer, 20 of thinking: 100 in all.
    fn ask(model: &dyn Llm) -> Result<CompletionAnswer, ModelError> {
        let request = Completion {
            system: None,
            prompt: "x".repeat(30),
            schema: None,
            max_tokens: 70,
            thinking_tokens: 20,
            temperature: 0.0,
        };
        model.complete(&request, Duration::from_secs(1))
    }

    #[test]
    fn a_day_has_so_many_tokens() {
        let budget = LlmBudget { tokens_per_day: 150, ..LlmBudget::default() };
        let (model, _folder) = budgeted(budget, vec![answer(8, 42), down(), timeout()]);
        ask(&*model.for_call()).unwrap();
        assert_eq!(model.spending().unwrap().tokens_today, 50, "settled at what it was");
        ask(&*model.for_call()).unwrap_err();
        let spent = model.spending().unwrap();
        assert_eq!((spent.tokens_today, spent.prompts_today), (50, 1), "who is down charges nothing");
        assert_eq!(ask(&*model.for_call()).unwrap_err().code(), "timeout.llm");
        assert_eq!(model.spending().unwrap().tokens_today, 150, "what was sent may be charged");
        let error = ask(&*model.for_call()).unwrap_err();
        assert_eq!((error.code(), error.retry_after()), ("budget.tokens", Some(Duration::from_secs(600))));
        assert!(error.to_string().contains("`llm.tokens_per_day`"), "{error}");
        assert_eq!(model.spending().unwrap().money_today, None);
    }

    #[test]
    fn a_day_and_a_call_have_so_much_money() {
        // At its worst a prompt costs 10 * 2 + 90 * 10 = 920 millionths.
        let prices = LlmBudget { price_input: 2.0, price_output: 10.0, ..LlmBudget::default() };
        let budget = LlmBudget { money_per_day: Some(0.001), ..prices.clone() };
        let (model, _folder) = budgeted(budget, vec![answer(10, 10)]);
        let call = model.for_call();
        ask(&*call).unwrap();
        assert!((call.money() - 0.000_12).abs() < 1e-9);
        assert_eq!(model.spending().unwrap().money_today, Some(0.000_12));
        let error = ask(&*call).unwrap_err();
        assert_eq!((error.code(), error.retry_after()), ("budget.money", Some(Duration::from_secs(600))));
        assert!(error.to_string().contains("`llm.money_per_day`"), "{error}");

        let budget = LlmBudget { money_per_call: Some(0.001), ..prices };
        let (model, _folder) = budgeted(budget, vec![answer(10, 10), answer(10, 10)]);
        let call = model.for_call();
        ask(&*call).unwrap();
        let error = ask(&*call).unwrap_err();
        assert_eq!((error.code(), error.retry_after()), ("budget.money", None));
        assert!(error.to_string().contains("`llm.money_per_call`"), "{error}");
        ask(&*model.for_call()).unwrap();
    }

    #[test]
    fn a_budget_that_makes_no_sense_says_why() {
        assert_eq!(LlmBudget::default().faults(), Vec::<String>::new());
        let unpriced = LlmBudget { money_per_day: Some(1.0), ..LlmBudget::default() };
        assert!(unpriced.faults()[0].contains("price_input"));
        let negative = LlmBudget { price_input: -1.0, price_output: f64::NAN, ..LlmBudget::default() };
        assert_eq!(negative.faults().len(), 2);
    }
}
