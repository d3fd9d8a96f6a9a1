//! What can go wrong in the store, with the code a caller sees.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The caller's input does not fit.
    #[error("{0}")]
    Invalid(String),
    /// A condition of a query does not fit the collection.
    #[error("{0}")]
    Condition(String),
    /// A cursor is damaged or was made for another query.
    #[error("the cursor is damaged or was made for another query; start again without one")]
    Cursor,
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Another call changed what this one relies on.
    #[error("{0}")]
    Conflict(String),
    /// Another process has delivered this event already.
    #[error("the event was delivered already")]
    Delivered,
    /// The session may not do this.
    #[error("{message}")]
    Denied {
        /// What was denied: the second part of the code.
        what: &'static str,
        /// What to do.
        message: String,
    },
    /// A limit was reached.
    #[error("{message}")]
    Limit {
        /// Which limit: the second part of the code.
        what: &'static str,
        /// What to do.
        message: String,
    },
    /// The call's time is up.
    #[error("the call ran out of time in the store")]
    Time,
    /// The caller has gone.
    #[error("the call was cancelled")]
    Cancelled,
    /// The database cannot serve now.
    #[error("{0}")]
    Unavailable(String),
    /// The file is of a kind this program must not write.
    #[error("{0}")]
    Incompatible(String),
    /// SQLite failed.
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system failed.
    #[error("{path}: {source}")]
    Io {
        /// Which file or folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl StoreError {
    /// The dotted code callers see.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Invalid(_) => "invalid.argument".into(),
            Self::Condition(_) => "invalid.condition".into(),
            Self::Cursor => "invalid.cursor".into(),
            Self::NotFound(_) => "not-found".into(),
            Self::Conflict(_) => "conflict".into(),
            Self::Delivered => "conflict.delivered".into(),
            Self::Denied { what, .. } => format!("denied.{what}"),
            Self::Limit { what, .. } => format!("limit.{what}"),
            Self::Time => "budget.time".into(),
            Self::Cancelled => "cancelled".into(),
            Self::Unavailable(_) | Self::Io { .. } => "unavailable.store".into(),
            Self::Incompatible(_) => "incompatible.store".into(),
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::OperationInterrupted) => "budget.time".into(),
                _ => "unavailable.store".into(),
            },
        }
    }

    /// The sentence callers see: causes inside SQLite stay in the log.
    #[must_use]
    pub fn message(&self) -> String {
        use rusqlite::ErrorCode as Code;
        match self {
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(Code::OperationInterrupted) => Self::Time.to_string(),
                Some(Code::DiskFull) => "the disk is full; free some space and call again".into(),
                Some(Code::ReadOnly) => "the database is read-only; check the permissions of the data directory".into(),
                Some(Code::DatabaseCorrupt | Code::NotADatabase) => {
                    "the database file is damaged; stop, run `memstrata verify`, restore a backup".into()
                }
                Some(Code::DatabaseBusy | Code::DatabaseLocked) => {
                    "another process holds the database; call again".into()
                }
                _ => "the database failed; see the log".into(),
            },
            other => other.to_string(),
        }
    }

    pub(crate) fn limit(what: &'static str, message: impl Into<String>) -> Self {
        Self::Limit { what, message: message.into() }
    }

    pub(crate) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }
}

pub(crate) type Result<T, E = StoreError> = std::result::Result<T, E>;
