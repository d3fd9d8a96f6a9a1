//! A procedure: from what callers give to a row, what an update changes, and how a row is shown.

use crate::args::{Id, distinct};
use crate::category::{CATEGORIES, FALLBACK, by_keywords};
use crate::execution::Tally;
use crate::parameter::{self, Parameter};
use crate::row;
use crate::step::{self, Step};
use crate::template;
use crate::words::{clip, one_line};
use memstrata_sdk::{Fault, Map, Value, json};
use serde::{Deserialize, Serialize};

/// Who made a procedure.
pub const AUTHORS: [&str; 3] = ["user", "learned", "imported"];
/// A name has no more characters than this.
pub const MOST_NAME: usize = 100;
/// A procedure applies in no more contexts than this.
pub const MOST_CONTEXTS: usize = 50;
/// It has no more examples than this.
pub const MOST_EXAMPLES: usize = 50;
/// Of a template, so many characters are searched ..
const SEARCHED_TEMPLATE: usize = 4_000;
/// .. and so many of a procedure as a whole.
const SEARCHED: usize = 40_000;

/// A use that shows how it is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Values of variables.
    #[serde(default)]
    pub variables: Map<String, Value>,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A procedure as callers give it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Given {
    /// Its name, unique in its namespace.
    pub name: String,
    /// One of [`CATEGORIES`]; by its words if absent.
    pub category: Option<String>,
    /// What it is for.
    pub description: String,
    /// When to use it; see `trigger`.
    pub trigger_pattern: String,
    /// Where it applies; kept in lower case.
    pub applicable_contexts: Vec<String>,
    /// Text with `{{variables}}`.
    pub template: String,
    /// Its variables; those that are only used are added.
    pub parameters: Vec<Parameter>,
    /// What is done.
    pub steps: Vec<step::Given>,
    /// Uses that show how it is done.
    pub examples: Vec<Example>,
    /// One of [`AUTHORS`].
    pub created_by: Option<String>,
    /// Where it belongs.
    pub namespace: Option<String>,
    /// Its evidence.
    pub sources: Vec<Id>,
}

/// Contexts as they are kept and compared: one line, lower case, each once, in order.
#[must_use]
pub fn contexts(given: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for context in given {
        let context = one_line(context).to_lowercase();
        if !context.is_empty() && !kept.contains(&context) {
            kept.push(context);
        }
    }
    kept
}

/// A name as it is kept: one line.
///
/// # Errors
/// `invalid.argument` if it is empty, too long, or holds control characters.
pub fn name(given: &str) -> Result<String, Fault> {
    let name = one_line(given);
    if name.is_empty() {
        return Err(Fault::invalid("`name` is empty: say in a few words what the procedure does"));
    }
    if name.chars().nth(MOST_NAME).is_some() {
        return Err(Fault::invalid(format!(
            "`name` has over {MOST_NAME} characters: shorten it, and use `description`"
        )));
    }
    if name.chars().any(char::is_control) {
        return Err(Fault::invalid("`name` holds control characters: leave them out"));
    }
    if crate::args::parse_id(&name).is_some() {
        return Err(Fault::invalid(format!("`{name}` would be read as an id: give the procedure a name in words")));
    }
    Ok(name)
}

impl Given {
    /// The declared fields of the row, all of them; an update compares them with what is there.
    ///
    /// # Errors
    /// `invalid.argument` or `invalid.template` with what to change.
    pub fn row(&self) -> Result<Map<String, Value>, Fault> {
        let name = name(&self.name)?;
        let steps = step::clean(&self.steps)?;
        let template_parts = template::parse("the template", &self.template)?;
        parameter::check(&self.parameters)?;
        let mut parameters = self.parameters.clone();
        let mut used: Vec<String> = template::variables(&template_parts).into_iter().map(str::to_owned).collect();
        for (number, step) in (1..).zip(&steps) {
            let (action, expect) = step::parts(number, step)?;
            used.extend(
                template::variables(&action).into_iter().chain(template::variables(&expect)).map(str::to_owned),
            );
        }
        for name in used {
            if !parameters.iter().any(|parameter| parameter.name == name) {
                parameters.push(Parameter::inferred(&name));
            }
        }
        if parameters.len() > parameter::MOST {
            return Err(Fault::invalid(format!(
                "a procedure has at most {} parameters, named ones included",
                parameter::MOST
            )));
        }
        for (number, example) in (1..).zip(&self.examples) {
            parameter::values(&parameters, &example.variables)
                .map_err(|fault| Fault::invalid(format!("example {number}: {}", fault.message)))?;
        }
        let contexts = contexts(&self.applicable_contexts);
        let text = format!("{name}\n{}\n{}", self.description, self.template);
        let category = match &self.category {
            Some(category) if CATEGORIES.contains(&category.as_str()) => category.as_str(),
            Some(category) => {
                return Err(Fault::invalid(format!(
                    "`category` is `{}`: use one of {}",
                    clip(category, 40),
                    CATEGORIES.join(", ")
                )));
            }
            None => by_keywords(&format!("{text}\n{}", lines(&steps))).unwrap_or(FALLBACK),
        };
        let mut row = Map::new();
        row.insert("name".into(), json!(name));
        row.insert("category".into(), json!(category));
        row.insert("description".into(), json!(self.description.trim()));
        row.insert("trigger_pattern".into(), json!(one_line(&self.trigger_pattern)));
        row.insert("applicable_contexts".into(), json!(contexts));
        row.insert("template".into(), json!(self.template));
        row.insert("parameters".into(), json!(parameters));
        row.insert("steps".into(), json!(steps));
        row.insert("examples".into(), json!(self.examples));
        row.insert("created_by".into(), json!(self.created_by.as_deref().unwrap_or("user")));
        row.insert("words".into(), json!(self.searched(&name, &contexts, &steps)));
        Ok(row)
    }

    /// What search reads and the vector is made of.
    fn searched(&self, name: &str, contexts: &[String], steps: &[Step]) -> String {
        // A learned template is its steps over again: saying all twice would only weigh it down.
        let again = self.template.trim() == lines(steps);
        let template = if again { String::new() } else { clip(&self.template, SEARCHED_TEMPLATE) };
        let parts =
            [name, self.description.trim(), &self.trigger_pattern, &contexts.join(", "), &lines(steps), &template];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        clip(
            &parts.join(
                "
",
            ),
            SEARCHED,
        )
    }

    /// The row of a new procedure: its fields, and namespace and sources where they were given.
    ///
    /// # Errors
    /// As [`Given::row`].
    pub fn new_row(&self) -> Result<Map<String, Value>, Fault> {
        let mut row = self.row()?;
        if let Some(namespace) = &self.namespace {
            row.insert("namespace".into(), json!(namespace));
        }
        if !self.sources.is_empty() {
            row.insert("sources".into(), json!(distinct(&self.sources)));
        }
        Ok(row)
    }
}

fn lines(steps: &[Step]) -> String {
    steps.iter().map(step::line).collect::<Vec<_>>().join("\n")
}

/// The parameters of a row; none if it has none.
#[must_use]
pub fn parameters(stored: &Value) -> Vec<Parameter> {
    stored.get("parameters").and_then(|given| Vec::deserialize(given).ok()).unwrap_or_default()
}

/// The parameters of a row with those its text uses and nobody declared: another component may have written it.
///
/// # Errors
/// `invalid.template` if its text cannot be read.
pub fn all_parameters(stored: &Value) -> Result<Vec<Parameter>, Fault> {
    let mut all = parameters(stored);
    let mut parts = vec![template::parse("the template", row::text(stored, "template"))?];
    for (number, step) in (1..).zip(&step::of_row(stored)) {
        let (action, expect) = step::parts(number, step)?;
        parts.extend([action, expect]);
    }
    for name in parts.iter().flat_map(|parts| template::variables(parts)) {
        if !all.iter().any(|parameter| parameter.name == name) {
            all.push(Parameter::inferred(name));
        }
    }
    Ok(all)
}

/// What an update stages: the fields that differ once the changes are laid over the row, all checked together.
///
/// # Errors
/// As [`Given::row`].
pub fn patch(stored: &Value, changes: &Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    let mut whole = Map::new();
    for field in [
        "name",
        "category",
        "description",
        "trigger_pattern",
        "applicable_contexts",
        "template",
        "parameters",
        "steps",
        "examples",
        "created_by",
    ] {
        let kept = match field {
            // Nobody declared these: they are inferred anew from the text as it will be.
            "parameters" => {
                json!(parameters(stored).into_iter().filter(|parameter| !parameter.inferred).collect::<Vec<_>>())
            }
            "steps" => json!(step::of_row(stored)),
            _ => stored.get(field).cloned().unwrap_or(Value::Null),
        };
        let value = changes.get(field).cloned().unwrap_or(kept);
        if !value.is_null() {
            whole.insert(field.into(), value);
        }
    }
    let given: Given = memstrata_sdk::arguments(Value::Object(whole))?;
    let mut row = given.row()?;
    row.retain(|field, value| stored.get(field.as_str()).unwrap_or(&Value::Null) != value);
    Ok(row)
}

/// How a procedure is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// A line of a list: no template, no steps.
    Brief,
    /// What is needed to follow it.
    Full,
}

/// A procedure as answers show it, with its running statistics.
#[must_use]
pub fn show(stored: &Value, tally: &Tally, detail: Detail) -> Map<String, Value> {
    let mut shown = Map::new();
    let id = row::id(stored);
    shown.insert("id".into(), json!(id));
    shown.insert("ref".into(), json!(row::reference(id)));
    let brief = [
        "name",
        "category",
        "description",
        "trigger_pattern",
        "applicable_contexts",
        "created_by",
        "namespace",
        "version",
    ];
    let full = [
        "template",
        "parameters",
        "steps",
        "examples",
        "signature",
        "occurrences",
        "learned_success_rate",
        "sources",
        "updated_at",
        "deleted_at",
    ];
    for field in brief.iter().chain(if detail == Detail::Full { &full[..] } else { &[] }) {
        let value = stored.get(*field).unwrap_or(&Value::Null);
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_str() == Some("");
        if !empty {
            shown.insert((*field).into(), value.clone());
        }
    }
    if detail == Detail::Brief
        && let Some(Value::String(description)) = shown.get_mut("description")
    {
        *description = clip(&one_line(description), 200);
    }
    shown.insert("created_at".into(), json!(row::int(stored, "created_at")));
    tally.show(stored, &mut shown);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: Value) -> Given {
        memstrata_sdk::arguments(value).unwrap()
    }

    fn row(value: Value) -> Value {
        Value::Object(given(value).row().unwrap())
    }

    #[test]
    fn variables_nobody_declared_are_inferred_from_template_and_steps() {
        let row = row(json!({"name": " Push  it ", "template": "git push {{remote}} {{branch}}",
            "steps": ["check {{branch}}", {"action": "look", "expect": "{{seen}}"}],
            "parameters": [{"name": "remote", "default": "origin"}]}));
        assert_eq!(row["name"], "Push it");
        assert_eq!(row["category"], "git");
        let names: Vec<&str> =
            row["parameters"].as_array().unwrap().iter().filter_map(|p| p["name"].as_str()).collect();
        assert_eq!(names, ["remote", "branch", "seen"]);
        assert_eq!(row["parameters"][1]["inferred"], true);
        assert_eq!(row["created_by"], "user");
    }

    #[test]
    fn the_category_is_that_of_the_words_unless_it_is_given() {
        assert_eq!(row(json!({"name": "Run the tests"}))["category"], "testing");
        assert_eq!(row(json!({"name": "Run the tests", "category": "security"}))["category"], "security");
        assert_eq!(row(json!({"name": "Hm"}))["category"], "git");
        assert!(given(json!({"name": "x", "category": "cooking"})).row().unwrap_err().message.contains("code_review"));
    }

    #[test]
    fn bad_procedures_are_refused() {
        for (bad, said) in [
            (json!({"name": " "}), "`name` is empty"),
            (json!({"name": "42"}), "read as an id"),
            (json!({"name": "x".repeat(101)}), "over 100"),
            (json!({"name": "a\u{1}b"}), "control"),
            (json!({"name": "a", "template": "{{"}), "no `}}`"),
            (json!({"name": "a", "template": "{{b}}", "examples": [{"variables": {"c": 1}}]}), "example 1"),
        ] {
            let message = given(bad).row().unwrap_err().message;
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn an_update_stages_what_differs_and_drops_variables_no_longer_used() {
        let stored = row(json!({"name": "a", "template": "{{x}} {{y}}", "applicable_contexts": ["Rust", "rust "]}));
        assert_eq!(stored["applicable_contexts"], json!(["rust"]));
        let changes = json!({"template": "{{x}}"});
        let patch = patch(&stored, changes.as_object().unwrap()).unwrap();
        assert_eq!(patch.keys().collect::<Vec<_>>(), ["template", "parameters", "words"]);
        assert_eq!(patch["parameters"].as_array().unwrap().len(), 1);
        assert!(super::patch(&stored, json!({"name": "a"}).as_object().unwrap()).unwrap().is_empty());
        let bad = super::patch(&stored, json!({"examples": [{"variables": {"x": 1, "y": "b"}}]}).as_object().unwrap());
        assert!(bad.unwrap_err().message.contains("`x` must be a string"));
    }

    #[test]
    fn what_another_component_wrote_has_its_variables_too() {
        let foreign = json!({"template": "{{a}}", "steps": [{"action": "do {{b}}"}]});
        let names: Vec<String> =
            all_parameters(&foreign).unwrap().into_iter().map(|parameter| parameter.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(all_parameters(&json!({"template": "{{"})).is_err());
    }

    #[test]
    fn lists_are_brief_and_leave_out_what_is_empty() {
        let mut stored = row(json!({"name": "a", "template": "t", "description": "d".repeat(500)}));
        stored["id"] = json!(7);
        let brief = show(&stored, &Tally::default(), Detail::Brief);
        assert!(!brief.contains_key("template") && !brief.contains_key("trigger_pattern"));
        assert!(brief["description"].as_str().unwrap().chars().count() <= 200);
        assert_eq!(brief["ref"], "m:7");
        assert_eq!(brief["usage_count"], 0);
        assert!(show(&stored, &Tally::default(), Detail::Full).contains_key("template"));
    }
}
