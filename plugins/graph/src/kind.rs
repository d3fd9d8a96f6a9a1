//! The vocabulary: types of entities, relations and observations.

use memstrata_sdk::Fault;

/// The types of the requirements. Others are allowed: imported graphs bring their own.
pub const ENTITY_TYPES: [&str; 12] = [
    "Project",
    "Phase",
    "Task",
    "File",
    "Function",
    "Concept",
    "Component",
    "Person",
    "Decision",
    "Pattern",
    "Agent",
    "Skill",
];

/// The relations of the requirements. Others are allowed.
pub const RELATION_TYPES: [&str; 10] = [
    "contains",
    "depends_on",
    "implements",
    "tests",
    "caused_by",
    "resulted_in",
    "relates_to",
    "active_in",
    "assigned_to",
    "has_skill",
];

/// The types of observations.
pub const OBSERVATION_TYPES: [&str; 4] = ["status", "property", "note", "metric"];

/// A type of entity as it is stored: one of [`ENTITY_TYPES`] whatever its case, or the given one trimmed.
///
/// # Errors
/// `invalid.argument` for an empty one.
pub fn entity_type(given: &str) -> Result<String, Fault> {
    let given = given.split_whitespace().collect::<Vec<_>>().join(" ");
    if given.is_empty() {
        return Err(Fault::invalid(format!(
            "`entity_type` is empty: use one of {}, or your own",
            ENTITY_TYPES.join(", ")
        )));
    }
    let known = ENTITY_TYPES.iter().find(|known| known.eq_ignore_ascii_case(&given));
    Ok(known.map_or(given, |known| (*known).to_owned()))
}

/// A type of relation as it is stored: small letters, words joined by `_`.
///
/// # Errors
/// `invalid.argument` for one without a letter.
pub fn relation_type(given: &str) -> Result<String, Fault> {
    let mut words: Vec<String> = Vec::new();
    for word in given.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        words.push(word.to_lowercase());
    }
    if words.is_empty() {
        return Err(Fault::invalid(format!(
            "`relation_type` is empty: use one of {}, or your own",
            RELATION_TYPES.join(", ")
        )));
    }
    Ok(words.join("_"))
}

/// Which way relations are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the entity to what it points at.
    Out,
    /// From the entity to what points at it.
    In,
    /// Either way.
    #[default]
    Both,
}

/// The causes of an entity: relations of these types, followed this way. `caused_by` points at the cause, `resulted_in`
/// at the effect.
#[must_use]
pub fn is_step_to_cause(relation_type: &str, leaves: bool) -> bool {
    (relation_type == "caused_by" && leaves) || (relation_type == "resulted_in" && !leaves)
}

/// How a sentence says a relation: `depends on`.
#[must_use]
pub fn spoken(relation_type: &str) -> String {
    relation_type.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_stored_in_one_spelling() {
        assert_eq!(entity_type("function").ok().as_deref(), Some("Function"));
        assert_eq!(entity_type(" Data  store ").ok().as_deref(), Some("Data store"));
        assert!(entity_type("  ").is_err());
        for given in ["depends_on", "Depends On", "DEPENDS-ON"] {
            assert_eq!(relation_type(given).ok().as_deref(), Some("depends_on"));
        }
        assert!(relation_type("--").is_err());
    }

    #[test]
    fn causes_lie_at_the_end_of_caused_by_and_the_start_of_resulted_in() {
        let to_cause = [("caused_by", true), ("resulted_in", false)];
        for (kind, leaves) in
            [("caused_by", true), ("caused_by", false), ("resulted_in", true), ("resulted_in", false), ("tests", true)]
        {
            assert_eq!(is_step_to_cause(kind, leaves), to_cause.contains(&(kind, leaves)), "{kind} {leaves}");
        }
    }
}
