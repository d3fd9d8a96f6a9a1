//! What a strategy proposes: one step of a patch each, in the words of the interface `consolidation`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// Names a row: one that is stored, or one the same patch creates. Written `m:42` and `new:0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ref {
    /// A stored row.
    Row(u64),
    /// The nth [`Proposal::Create`] of the patch, from 0.
    New(usize),
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(id) => write!(f, "m:{id}"),
            Self::New(nth) => write!(f, "new:{nth}"),
        }
    }
}

impl Serialize for Ref {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ref {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let row = written.strip_prefix("m:").and_then(|id| id.parse().ok()).map(Self::Row);
        let new = written.strip_prefix("new:").and_then(|nth| nth.parse().ok()).map(Self::New);
        row.or(new).ok_or_else(|| serde::de::Error::custom(format!("`{written}` is neither m:<id> nor new:<n>")))
    }
}

/// What a conflict is of; what the host accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Two values of one thing: whoever decides may let the last win.
    Simple,
    /// One says what the other denies.
    Contradictory,
    /// Both were true, one after the other, and it is not clear which is now.
    Temporal,
    /// Only a person should decide.
    Manual,
}

/// How bad a conflict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Hardly.
    Low,
    /// Somewhat.
    Medium,
    /// Very.
    High,
    /// It must not wait.
    Critical,
}

/// One step of a patch. `evidence` is ids of rows read; `reason` is one sentence for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Proposal {
    /// A new row, whose evidence becomes its sources.
    Create {
        /// `layer.collection`.
        collection: String,
        /// Its fields, without `id` and `sources`.
        row: Map<String, Value>,
        /// What bears it out.
        evidence: Vec<u64>,
        /// Why.
        reason: String,
    },
    /// Other values of some fields.
    Update {
        /// The row.
        id: u64,
        /// The fields.
        changes: Map<String, Value>,
        /// What bears it out.
        evidence: Vec<u64>,
        /// Why.
        reason: String,
    },
    /// A row ends: another says how it is now.
    Supersede {
        /// The row that ends.
        old: u64,
        /// The row that stands.
        by: Ref,
        /// What bears it out.
        evidence: Vec<u64>,
        /// Why.
        reason: String,
    },
    /// Rows end that say what another says.
    Merge {
        /// The rows that end; `into` is none of them.
        ids: Vec<u64>,
        /// The row that stands.
        into: Ref,
        /// What bears it out.
        evidence: Vec<u64>,
        /// Why.
        reason: String,
    },
    /// A row cites more rows.
    Link {
        /// The row that cites.
        from: Ref,
        /// The rows it cites.
        to: Vec<u64>,
        /// What they are to it.
        relation: String,
        /// What bears it out.
        evidence: Vec<u64>,
        /// Why.
        reason: String,
    },
    /// Sets fields that the rows' collection lets strategies mark: the only step that touches raw evidence.
    Mark {
        /// The rows.
        ids: Vec<u64>,
        /// The marks.
        fields: Map<String, Value>,
    },
    /// A row ends without a successor.
    Retire {
        /// The row.
        id: u64,
        /// What bears it out.
        evidence: Vec<u64>,
        /// Why.
        reason: String,
    },
    /// Somebody else must decide between rows.
    FlagConflict {
        /// The rows.
        ids: Vec<u64>,
        /// Of what kind.
        kind: ConflictKind,
        /// How bad.
        severity: Severity,
        /// What bears it out.
        evidence: Vec<u64>,
        /// Why.
        reason: String,
    },
}

impl Proposal {
    /// The ids of the stored rows it changes or ends. Marking counts as no change.
    #[must_use]
    pub fn changed(&self) -> Vec<u64> {
        match self {
            Self::Update { id, .. } | Self::Retire { id, .. } => vec![*id],
            Self::Supersede { old, .. } => vec![*old],
            Self::Merge { ids, into, .. } => {
                let into = if let Ref::Row(id) = into { Some(*id) } else { None };
                ids.iter().copied().chain(into).collect()
            }
            Self::Link { from: Ref::Row(id), .. } => vec![*id],
            Self::Create { .. } | Self::Link { .. } | Self::Mark { .. } | Self::FlagConflict { .. } => Vec::new(),
        }
    }

    /// Its evidence; what [`Proposal::Mark`] marks needs none.
    #[must_use]
    pub fn evidence(&self) -> &[u64] {
        match self {
            Self::Create { evidence, .. }
            | Self::Update { evidence, .. }
            | Self::Supersede { evidence, .. }
            | Self::Merge { evidence, .. }
            | Self::Link { evidence, .. }
            | Self::Retire { evidence, .. }
            | Self::FlagConflict { evidence, .. } => evidence,
            Self::Mark { .. } => &[],
        }
    }

    /// Every stored row it names: those it changes, marks, cites or flags.
    #[must_use]
    pub fn named(&self) -> BTreeSet<u64> {
        let mut named: BTreeSet<u64> = self.changed().into_iter().chain(self.evidence().iter().copied()).collect();
        match self {
            Self::Mark { ids, .. } | Self::FlagConflict { ids, .. } | Self::Link { to: ids, .. } => named.extend(ids),
            Self::Supersede { by: Ref::Row(id), .. } => {
                named.insert(*id);
            }
            _ => {}
        }
        named
    }
}

/// A row from the fields that have a value.
pub(crate) fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_is_json_with_a_verb_and_comes_back() {
        let steps = vec![
            Proposal::Merge { ids: vec![2], into: Ref::New(0), evidence: vec![2], reason: "same".into() },
            Proposal::FlagConflict {
                ids: vec![1, 2],
                kind: ConflictKind::Contradictory,
                severity: Severity::High,
                evidence: vec![1, 2],
                reason: "one denies".into(),
            },
        ];
        let written = serde_json::to_value(&steps).unwrap();
        assert_eq!(
            written[0],
            json!({"verb": "merge", "ids": [2], "into": "new:0", "evidence": [2], "reason": "same"})
        );
        assert_eq!(written[1]["verb"], "flag_conflict");
        assert_eq!(serde_json::from_value::<Vec<Proposal>>(written).unwrap(), steps);
        assert!(serde_json::from_value::<Ref>(json!("x:1")).is_err());
    }

    #[test]
    fn marking_changes_nothing_but_is_named() {
        let step = Proposal::Mark { ids: vec![4], fields: Map::new() };
        assert_eq!((step.changed(), step.named().into_iter().collect::<Vec<_>>()), (vec![], vec![4]));
    }
}
