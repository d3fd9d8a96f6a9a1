//! What a recall is about: its arguments, and the scope that every answer echoes.

use crate::allocate::Share;
use crate::args::Time;
use crate::when;
use memstrata_sdk::{Fault, Map, Value, json};
use serde::Deserialize;

/// How much of each hit is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Clipped text within the budget.
    #[default]
    Summary,
    /// Whole rows.
    Full,
    /// Ids and scores.
    Ids,
}

/// The arguments `recall` and `why_not` share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The question.
    pub query: String,
    /// Only this namespace and below.
    pub namespace: Option<String>,
    /// Only these kinds, as the recall views say them.
    pub kinds: Vec<String>,
    /// Only these collections.
    pub collections: Vec<String>,
    /// Only these layers.
    pub layers: Vec<String>,
    /// What was true at this time.
    pub as_of: Option<Time>,
    /// Another name of `as_of`.
    pub valid_at: Option<Time>,
    /// What was known at this time, whether true or not.
    pub known_at: Option<Time>,
    /// Only what happened from here ..
    pub since: Option<Time>,
    /// Another name of `since`.
    pub from: Option<Time>,
    /// .. to before here.
    pub until: Option<Time>,
    /// Another name of `until`.
    pub to: Option<Time>,
    /// Drops matches by meaning below this cosine.
    pub min_similarity: Option<f64>,
    /// At most this many hits.
    pub limit: Option<u32>,
    /// Tokens of the whole answer.
    pub budget: Option<usize>,
    /// How the budget is shared out among the hits.
    pub budget_strategy: Option<Share>,
    /// Whether to answer nothing rather than what does not answer the question.
    pub abstain: bool,
    /// How much of each.
    pub detail: Detail,
    /// Which channels search; not an argument.
    #[serde(skip)]
    pub channels: Channels,
}

/// Which channels of the host's search take part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Channels {
    /// All, as the host weighs them.
    #[default]
    All,
    /// Words alone.
    Words,
    /// Meaning alone.
    Meaning,
}

impl Channels {
    /// The channels it switches off.
    #[must_use]
    pub fn off(self) -> &'static [&'static str] {
        match self {
            Self::All => &[],
            Self::Words => &["vector", "context", "time"],
            Self::Meaning => &["text", "context", "time"],
        }
    }
}

/// Matches by meaning below this cosine are noise to the built-in embedding; without a floor every row would match.
pub const LEAST_COSINE: f64 = 0.2;

impl Request {
    /// The question, checked.
    ///
    /// # Errors
    /// `invalid.argument` for an empty question or a time range that is empty.
    pub fn check(&self) -> Result<&str, Fault> {
        let query = self.query.trim();
        if query.is_empty() {
            return Err(Fault::invalid("`query` is empty: ask in a few plain words"));
        }
        for (name, one, other, same) in [
            ("as_of", self.as_of, "valid_at", self.valid_at),
            ("since", self.since, "from", self.from),
            ("until", self.until, "to", self.to),
        ] {
            if one.is_some() && same.is_some() {
                return Err(Fault::invalid(format!("`{other}` is another name of `{name}`: give one of them")));
            }
        }
        if let Some((since, until)) = self.range()
            && until <= since
        {
            return Err(Fault::invalid("`until` must lie after `since`: swap them or leave one out"));
        }
        Ok(query)
    }

    /// Hits wanted.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(10) as usize
    }

    /// Tokens allowed.
    #[must_use]
    pub fn budget(&self) -> usize {
        self.budget.unwrap_or(300)
    }

    /// The namespace; an empty one is none.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|namespace| !namespace.is_empty())
    }

    fn true_at(&self) -> Option<Time> {
        self.as_of.or(self.valid_at)
    }

    fn start(&self) -> Option<Time> {
        self.since.or(self.from)
    }

    fn end(&self) -> Option<Time> {
        self.until.or(self.to)
    }

    /// The time range, if one is asked for.
    #[must_use]
    pub fn range(&self) -> Option<(u64, u64)> {
        // 2^53-1 ms is past the year 287000.
        let (since, until) = (self.start(), self.end());
        (since.is_some() || until.is_some()).then(|| (since.map_or(0, |t| t.0), until.map_or((1 << 53) - 1, |t| t.0)))
    }

    /// How many candidates to fetch for the hits wanted: near-identical ones fall away, and kinds are told apart only
    /// afterwards, since each collection keeps its kind in a field of its own.
    #[must_use]
    pub fn fetch(&self) -> u32 {
        let factor = if self.kinds.is_empty() && self.layers.is_empty() { 2 } else { 10 };
        u32::try_from((self.limit() * factor).max(10)).unwrap_or(u32::MAX).min(500)
    }

    /// The instant at which what is recalled must be valid.
    #[must_use]
    pub fn valid_at(&self, now: u64) -> u64 {
        self.true_at().or(self.known_at).map_or(now, |time| time.0)
    }

    /// The scope searched, as answers say it.
    #[must_use]
    pub fn scope(&self, now: u64) -> Map<String, Value> {
        let mut scope = Map::new();
        scope.insert("namespace".into(), json!(self.namespace().unwrap_or("all")));
        let collections = if self.collections.is_empty() { json!("all") } else { json!(self.collections) };
        scope.insert("collections".into(), collections);
        let past = self.true_at().filter(|time| time.0 != now);
        scope.insert("as_of".into(), json!(past.map_or_else(|| "now".to_owned(), |time| when::iso(time.0))));
        for (name, time) in [("known_at", self.known_at), ("since", self.start()), ("until", self.end())] {
            if let Some(time) = time {
                scope.insert(name.into(), json!(when::iso(time.0)));
            }
        }
        for (name, only) in [("kinds", &self.kinds), ("layers", &self.layers)] {
            if !only.is_empty() {
                scope.insert(name.into(), json!(only));
            }
        }
        scope
    }

    /// Whether a collection is of a layer asked for.
    #[must_use]
    pub fn takes(&self, collection: &str) -> bool {
        self.layers.is_empty()
            || collection.split_once('.').is_some_and(|(layer, _)| self.layers.iter().any(|asked| asked == layer))
    }

    /// Whether a namespace lies in the scope, by whole segments.
    #[must_use]
    pub fn covers(&self, namespace: &str) -> bool {
        self.namespace().is_none_or(|prefix| {
            namespace.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    }
}

/// Why an answer has no hits, and what to try.
#[must_use]
pub fn emptiness(
    request: &Request,
    eligible: u64,
    elsewhere: Option<u64>,
    of_other_kinds: usize,
) -> (&'static str, String) {
    if eligible > 0 && of_other_kinds > 0 {
        let others = if request.layers.is_empty() {
            "kinds: leave out `kinds`"
        } else {
            "kinds or layers: widen `kinds` and `layers`"
        };
        return ("nothing matched", format!("{of_other_kinds} matches are of other {others}"));
    }
    if eligible > 0 {
        return ("nothing matched", "try other words, a lower min_similarity, or a wider scope".into());
    }
    let hint = match (request.namespace(), elsewhere) {
        (Some(namespace), Some(rows)) if rows > 0 => {
            format!("namespace `{namespace}` has nothing in this scope; without it {rows} rows are eligible")
        }
        _ if request.range().is_some() || request.true_at().is_some() => {
            "no row lies in this time range: widen it".into()
        }
        _ if request.known_at.is_some() => "nothing was known in this scope then".into(),
        _ => "nothing is remembered in this scope yet".into(),
    };
    ("nothing eligible in scope", hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(arguments: Value) -> Request {
        serde_json::from_value(arguments).unwrap_or_default()
    }

    #[test]
    fn a_request_is_checked() {
        assert!(request(json!({"query": " "})).check().is_err());
        assert!(request(json!({"query": "a", "since": "2026-02-01", "until": "2026-01-01"})).check().is_err());
        assert_eq!(request(json!({"query": " a "})).check(), Ok("a"));
    }

    #[test]
    fn a_request_reads_when_flattened_into_another() {
        #[derive(Deserialize)]
        struct Expected {
            id: crate::args::Id,
            #[serde(flatten)]
            request: Request,
        }
        let given = json!({"query": "a", "id": "m:7", "as_of": 5, "since": "2026-01-01", "detail": "ids", "limit": 3});
        let read = serde_json::from_value::<Expected>(given).map(|read| (read.id.0, read.request));
        assert_eq!(read.as_ref().map(|(id, _)| *id).ok(), Some(7), "{read:?}");
        let request = read.map(|(_, request)| request).unwrap_or_default();
        assert_eq!((request.as_of, request.detail, request.limit()), (Some(Time(5)), Detail::Ids, 3));
        assert_eq!(request.budget(), 300);
    }

    #[test]
    fn namespaces_cover_whole_segments() {
        let alice = request(json!({"query": "a", "namespace": "user:alice"}));
        for (namespace, covered) in [("user:alice", true), ("user:alice:x", true), ("user:alice2", false), ("", false)]
        {
            assert_eq!(alice.covers(namespace), covered, "{namespace}");
        }
        assert!(request(json!({"query": "a", "namespace": ""})).covers("anything"));
    }

    #[test]
    fn emptiness_says_which_and_what_to_do() {
        let scoped = request(json!({"query": "a", "namespace": "nobody"}));
        assert_eq!(emptiness(&scoped, 0, Some(12), 0).0, "nothing eligible in scope");
        assert!(emptiness(&scoped, 0, Some(12), 0).1.contains("12 rows"));
        assert_eq!(emptiness(&scoped, 5, None, 0).0, "nothing matched");
        assert!(emptiness(&scoped, 5, None, 3).1.contains("other kinds"));
        let then = request(json!({"query": "a", "known_at": 5}));
        assert_eq!(emptiness(&then, 0, None, 0).1, "nothing was known in this scope then");
        assert_eq!(emptiness(&request(json!({"query": "a"})), 0, None, 0).1, "nothing is remembered in this scope yet");
    }

    #[test]
    fn times_have_two_names() {
        let one = request(json!({"query": "a", "valid_at": 7, "from": 1, "to": 9, "layers": ["semantic"]}));
        assert_eq!((one.true_at(), one.range()), (Some(Time(7)), Some((1, 9))));
        let twice = request(json!({"query": "a", "valid_at": 7, "as_of": 8}));
        assert!(twice.check().is_err_and(|fault| fault.message.contains("another name")));
        assert!(request(json!({"query": "a", "from": 9, "until": 9})).check().is_err());
        assert!(one.takes("semantic.memories") && !one.takes("semantics.memories"));
    }

    #[test]
    fn the_scope_is_echoed() {
        let request =
            request(json!({"query": "a", "since": 0, "kinds": ["fact"], "collections": ["semantic.memories"]}));
        let scope = Value::Object(request.scope(100));
        assert_eq!(
            scope,
            json!({"namespace": "all", "collections": ["semantic.memories"], "as_of": "now",
                   "since": "1970-01-01", "kinds": ["fact"]})
        );
        assert_eq!(request.range(), Some((0, (1 << 53) - 1)));
    }
}
