//! What was said before a question, however a caller writes it.

use memstrata_sdk::Value;

/// What a conversation says, turn by turn, oldest first: a text, an object with `content`, `text` or `message`, or a list of those.
#[must_use]
pub fn turns(value: &Value) -> Vec<String> {
    let said = |turn: &Value| match turn {
        Value::String(text) => Some(text.clone()),
        Value::Object(turn) => {
            ["content", "text", "message"].iter().find_map(|key| turn.get(*key)?.as_str()).map(str::to_owned)
        }
        _ => None,
    };
    let turns: Vec<String> = match value {
        Value::Array(turns) => turns.iter().filter_map(said).collect(),
        other => said(other).into_iter().collect(),
    };
    turns.into_iter().filter(|turn| !turn.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn turns_are_texts_or_objects() {
        let mixed = json!(["We met Ada.", {"role": "user", "content": "She likes tabs."}, {"role": "user"}, 7, " "]);
        assert_eq!(turns(&mixed), ["We met Ada.", "She likes tabs."]);
        assert_eq!(turns(&json!("one text")), ["one text"]);
        assert_eq!(turns(&json!({"text": "an object"})), ["an object"]);
        assert!(turns(&Value::Null).is_empty() && turns(&json!({})).is_empty());
    }
}
