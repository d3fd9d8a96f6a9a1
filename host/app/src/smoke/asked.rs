//! The file of checks.

use super::expect::Expected;
use indexmap::IndexMap;
use serde::Deserialize;

/// A file of checks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checks {
    /// The layer whose granted folder the checks write files into.
    #[serde(default)]
    pub(crate) folder_of: Option<String>,
    pub(crate) check: Vec<Check>,
}

/// One check: its steps in order; the first that fails ends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    pub(crate) group: String,
    pub(crate) name: String,
    /// Whether it needs a granted folder.
    #[serde(default)]
    pub(crate) needs_folder: bool,
    pub(crate) steps: Vec<Step>,
}

/// One step: exactly one of `call`, `get` and `write`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// An operation or tool.
    #[serde(default)]
    pub(crate) call: Option<String>,
    /// Its arguments; `$name` stands for what an earlier step saved, also within a text.
    #[serde(default)]
    pub(crate) with: toml::Table,
    /// A path to read.
    #[serde(default)]
    pub(crate) get: Option<String>,
    /// A file to write in the granted folder, with `text`.
    #[serde(default)]
    pub(crate) write: Option<String>,
    #[serde(default)]
    pub(crate) text: String,
    /// The code of the error it must end in, or the beginning of it.
    #[serde(default)]
    pub(crate) fails: Option<String>,
    /// What must stand in the answer: JSON pointer -> value.
    #[serde(default)]
    pub(crate) expect: IndexMap<String, Expected>,
    /// What to keep of the answer: name -> JSON pointer.
    #[serde(default)]
    pub(crate) save: IndexMap<String, String>,
    /// Repetitions; `$n` counts them from 0.
    #[serde(default = "once")]
    pub(crate) times: usize,
    /// Repetitions at the same time.
    #[serde(default = "once")]
    pub(crate) together: usize,
    /// The longest a repetition may take, ms: of twenty, nineteen.
    #[serde(default)]
    pub(crate) within_ms: Option<u64>,
    /// The longest all of them may take, ms.
    #[serde(default)]
    pub(crate) all_within_ms: Option<u64>,
    /// Of repetitions, how many must end well, if not all; the others must end as `fails` says.
    #[serde(default)]
    pub(crate) winners: Option<usize>,
    /// Repeated, twice a second, until the answer is as expected, for so long.
    #[serde(default)]
    pub(crate) until_s: u64,
}

fn once() -> usize {
    1
}

impl Checks {
    /// Reads a file of checks.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let checks: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for check in &checks.check {
            for (at, step) in check.steps.iter().enumerate() {
                let doors = [step.call.is_some(), step.get.is_some(), step.write.is_some()];
                if doors.iter().filter(|door| **door).count() != 1 {
                    return Err(format!("{}, step {}: name one of call, get and write", check.name, at + 1));
                }
                if let Some(pointer) =
                    step.expect.iter().find(|(_, expected)| !expected.says_something()).map(|(pointer, _)| pointer)
                {
                    return Err(format!("{}, step {}: the rule for `{pointer}` says nothing", check.name, at + 1));
                }
                if step.times == 0 || step.together == 0 {
                    return Err(format!("{}, step {}: times and together are at least 1", check.name, at + 1));
                }
            }
            if check.steps.is_empty() {
                return Err(format!("{}: it has no steps", check.name));
            }
        }
        Ok(checks)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_means_nothing_is_refused() {
        for (text, part) in [
            ("[[check]]\ngroup = \"g\"\nname = \"empty\"\nsteps = []", "empty: it has no steps"),
            (
                "[[check]]\ngroup = \"g\"\nname = \"two\"\nsteps = [{ call = \"a.b\", get = \"/\" }]",
                "two, step 1: name one of",
            ),
            ("[[check]]\ngroup = \"g\"\nname = \"none\"\nsteps = [{ times = 2 }]", "none, step 1: name one of"),
            ("[[check]]\ngroup = \"g\"\nname = \"n\"\nsteps = [{ call = \"a.b\", times = 0 }]", "at least 1"),
            ("[[check]]\ngroup = \"g\"\nname = \"n\"\nsteps = [{ call = \"a.b\", expects = {} }]", "expects"),
            (
                "[[check]]\ngroup = \"g\"\nname = \"n\"\nsteps = [{ call = \"a.b\", expect = { \"/x\" = {} } }]",
                "says nothing",
            ),
        ] {
            let error = Checks::read(text).unwrap_err();
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
