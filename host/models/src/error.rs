//! All that can go wrong in a model call, each with a code and a sentence that says what to do.

use std::fmt;
use std::time::Duration;

/// What a model was asked to be; the last segment of every error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Making vectors.
    Embedder,
    /// Completing text.
    Llm,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedder => "embedder",
            Self::Llm => "llm",
        })
    }
}

/// What a budget counts; the last segment of its error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Tokens, read and produced.
    Tokens,
    /// Money, in the operator's currency.
    Money,
}

/// A failed model call.
///
/// No message holds a key or a provider's own words (which may quote one): those go to `tracing` at debug level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The provider is down, overloaded, or shut off by the circuit breaker. Worth trying again later.
    #[error(
        "{provider} is unavailable ({reason}): check that it runs and is reachable, or try again{}",
        after(retry_after)
    )]
    Unavailable {
        /// What the model was for.
        role: Role,
        /// The provider's kind and address.
        provider: String,
        /// What was seen.
        reason: String,
        /// How long to wait first, if known.
        retry_after: Option<Duration>,
    },

    /// No answer came within the budget or the configured time-out.
    #[error("{provider} gave no answer within {} ms: raise `timeout_ms` or the caller's budget, or use a faster model", waited.as_millis())]
    Timeout {
        /// What the model was for.
        role: Role,
        /// The provider's kind and address.
        provider: String,
        /// How long it was waited for.
        waited: Duration,
    },

    /// The provider answered that it will not do this, whenever it is asked.
    #[error("{provider} refused the request with HTTP status {status}: {advice}")]
    Refused {
        /// What the model was for.
        role: Role,
        /// The provider's kind and address.
        provider: String,
        /// The HTTP status, 300-499.
        status: u16,
        /// What to change.
        advice: &'static str,
    },

    /// The model answered that it will not complete this prompt.
    #[error("{provider} gave no text ({reason}): put the prompt otherwise, or use another model")]
    Declined {
        /// What the model was for.
        role: Role,
        /// The provider's kind and address.
        provider: String,
        /// Why, as far as it said.
        reason: &'static str,
    },

    /// The operator's budget does not allow this call.
    #[error("{reason}")]
    OverBudget {
        /// What is used up.
        budget: Budget,
        /// How much, and what to do.
        reason: String,
        /// When there is budget again, if that is a matter of time.
        retry_after: Option<Duration>,
    },

    /// The answer is not what its protocol promises.
    #[error("{provider} sent an answer that cannot be used ({reason}): check `kind`, `base_url` and `model`")]
    Malformed {
        /// What the model was for.
        role: Role,
        /// The provider's kind and address.
        provider: String,
        /// What is wrong with the answer.
        reason: String,
    },

    /// The provider's vectors have another dimension than configured.
    #[error("{provider} sent vectors of {got} numbers where {expected} are configured: correct `dimension` or `model`")]
    WrongDimension {
        /// The provider's kind and address.
        provider: String,
        /// The configured dimension.
        expected: usize,
        /// The dimension received.
        got: usize,
    },

    /// No such model is configured, or its configuration is unusable.
    #[error("no usable {role} is configured ({reason}): correct the configuration")]
    NotConfigured {
        /// What the model is for.
        role: Role,
        /// What is missing or wrong.
        reason: String,
    },
}

fn after(wait: &Option<Duration>) -> String {
    wait.map_or_else(|| " later".to_owned(), |wait| format!(" in {} ms", wait.as_millis()))
}

impl ModelError {
    /// The dotted code of this fault, such as `unavailable.embedder`. Codes are part of the contract with plugins.
    pub fn code(&self) -> &'static str {
        let by_role = |role: &Role, embedder, llm| match role {
            Role::Embedder => embedder,
            Role::Llm => llm,
        };
        match self {
            Self::Unavailable { role, .. } => by_role(role, "unavailable.embedder", "unavailable.llm"),
            Self::Timeout { role, .. } => by_role(role, "timeout.embedder", "timeout.llm"),
            Self::Refused { role, .. } => by_role(role, "refused.embedder", "refused.llm"),
            Self::Declined { role, .. } => by_role(role, "refused.embedder", "refused.llm"),
            Self::OverBudget { budget: Budget::Tokens, .. } => "budget.tokens",
            Self::OverBudget { budget: Budget::Money, .. } => "budget.money",
            Self::Malformed { role, .. } => by_role(role, "malformed.embedder", "malformed.llm"),
            Self::WrongDimension { .. } => "wrong-dimension.embedder",
            Self::NotConfigured { role, .. } => by_role(role, "not-configured.embedder", "not-configured.llm"),
        }
    }

    /// How long to wait before trying again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::OverBudget { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_role_and_says_what_to_do() {
        let down = ModelError::Unavailable {
            role: Role::Llm,
            provider: "ollama at http://localhost:11434".into(),
            reason: "connection refused".into(),
            retry_after: Some(Duration::from_secs(2)),
        };
        assert_eq!(down.code(), "unavailable.llm");
        assert_eq!(down.retry_after(), Some(Duration::from_secs(2)));
        assert_eq!(
            down.to_string(),
            "ollama at http://localhost:11434 is unavailable (connection refused): \
             check that it runs and is reachable, or try again in 2000 ms"
        );
    }

    #[test]
    fn no_model_is_a_code_of_its_own() {
        let none = ModelError::NotConfigured { role: Role::Embedder, reason: "`dimension` is missing".into() };
        assert_eq!(none.code(), "not-configured.embedder");
    }
}
