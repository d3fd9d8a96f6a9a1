//! `[[consolidation.triggers]]`: what sets runs off by itself.

use super::LayerConfig;
use memstrata_kernel::{Trigger, When};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// The keys of which a trigger has exactly one.
const WHEN: [&str; 5] = ["at", "every", "rows", "idle", "event"];
/// Least and most of a span, ms: what is shorter is a busy loop, what is longer a mistake.
const SPAN: std::ops::RangeInclusive<u64> = 1_000..=366 * 86_400_000;

/// The triggers, and everything that is wrong with them.
pub(super) fn read_triggers(
    tables: &[Table],
    strategies: &BTreeMap<String, LayerConfig>,
) -> (Vec<Trigger>, Vec<String>) {
    let (mut triggers, mut faults): (Vec<Trigger>, Vec<String>) = (Vec::new(), Vec::new());
    for (nth, table) in (1..).zip(tables) {
        let mut wrong = Vec::new();
        let trigger = read(table, strategies, &mut wrong);
        faults.extend(wrong.into_iter().map(|fault| format!("consolidation.triggers, number {nth}: {fault}")));
        let Some(trigger) = trigger else { continue };
        let twice = |other: &Trigger| {
            let apart = |a: &Trigger, b: &Trigger| !a.spaces.is_empty() && !a.spaces.iter().any(|one| b.concerns(one));
            other.name() == trigger.name() && !apart(other, &trigger) && !apart(&trigger, other)
        };
        if triggers.iter().any(twice) {
            faults
                .push(format!("consolidation.triggers, number {nth}: `{}` is there twice for a space", trigger.name()));
        }
        triggers.push(trigger);
    }
    (triggers, faults)
}

fn read(table: &Table, strategies: &BTreeMap<String, LayerConfig>, wrong: &mut Vec<String>) -> Option<Trigger> {
    for key in
        table.keys().filter(|key| !WHEN.contains(&key.as_str()) && !["strategy", "spaces"].contains(&key.as_str()))
    {
        wrong.push(format!("unknown key `{key}`; there are {}, strategy and spaces", WHEN.join(", ")));
    }
    let strategy = match table.get("strategy") {
        None => None,
        Some(Value::String(name)) if strategies.get(name).is_some_and(|strategy| strategy.enabled) => {
            Some(name.clone())
        }
        Some(other) => {
            wrong.push(format!("there is no [strategies.{}] that is enabled", shown(other)));
            None
        }
    };
    let spaces = match table.get("spaces").map(|spaces| spaces.clone().try_into::<Vec<String>>()) {
        None => Vec::new(),
        Some(Ok(spaces)) if !spaces.is_empty() => spaces,
        Some(_) => {
            wrong.push("spaces must be a list of names, [\"default\"]; leave it out for all".to_owned());
            Vec::new()
        }
    };
    let told: Vec<(&str, &Value)> = WHEN.iter().filter_map(|key| Some((*key, table.get(*key)?))).collect();
    let [(key, value)] = told.as_slice() else {
        wrong.push(format!("it must have exactly one of {}", WHEN.join(", ")));
        return None;
    };
    match when(key, value) {
        Ok(when) => Some(Trigger { when, strategy, spaces }),
        Err(fault) => {
            wrong.push(fault);
            None
        }
    }
}

fn when(key: &str, value: &Value) -> Result<When, String> {
    let text = value.as_str().unwrap_or_default();
    let fault = |wanted: &str| format!("{key} = {value} must be {wanted}");
    match key {
        "at" => {
            minute(text).map(|minute| When::Daily { minute }).ok_or_else(|| fault("a time of day UTC, like \"02:00\""))
        }
        "every" | "idle" => {
            let ms = span(text).filter(|ms| SPAN.contains(ms));
            let ms = ms.ok_or_else(|| fault("a span from 1s to 366d, like \"30m\", \"6h\" or \"7d\""))?;
            Ok(if key == "every" { When::Every { ms } } else { When::Idle { ms } })
        }
        "rows" => match value.as_integer() {
            Some(rows) if rows > 0 => Ok(When::Rows { rows: rows.unsigned_abs() }),
            _ => Err(fault("a number of rows, 1 at least")),
        },
        _ => {
            let named = text.split_once('.').is_some_and(|(layer, name)| !layer.is_empty() && !name.is_empty());
            if named { Ok(When::Event { name: text.to_owned() }) } else { Err(fault("\"layer.name\"")) }
        }
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Minutes after midnight of `02:00`.
fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str, most: u32| -> Option<u32> {
        let two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|number| two && *number < most)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

/// Milliseconds of `30m`.
fn span(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok().filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))?.checked_mul(unit)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps nothing has failed")]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Trigger>, Vec<String>) {
        let table: Table = text.parse().unwrap();
        let list: Vec<Table> = table.get("t").unwrap().clone().try_into().unwrap();
        let strategy: LayerConfig = toml::from_str("source = \"bundled\"").unwrap();
        read_triggers(&list, &BTreeMap::from([("mine".to_owned(), strategy)]))
    }

    #[test]
    fn each_kind_is_read() {
        let (triggers, faults) = read(
            "t = [{ at = \"02:30\" }, { every = \"6h\", strategy = \"mine\" }, { rows = 500, spaces = [\"a\"] }, { idle = \"30m\" }, { event = \"x.y\" }]",
        );
        assert_eq!(faults, Vec::<String>::new());
        let names: Vec<String> = triggers.iter().map(Trigger::name).collect();
        assert_eq!(names, ["at=02:30", "every=6h/mine", "rows=500", "idle=30m", "event=x.y"]);
        assert!(triggers.iter().all(|trigger| trigger.concerns("b") == trigger.spaces.is_empty()));
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let (_, faults) = read(
            "t = [{ at = \"2:00\" }, { at = \"24:00\" }, { every = \"6\" }, { idle = \"0s\" }, { rows = 0 }, { event = \"x\" }, {}, \
             { at = \"02:00\", rows = 1 }, { rows = 5, strategy = \"none\", spaces = [], colour = 1 }, { every = \"-1h\" }, { every = \"9é\" }]",
        );
        for nth in 1..=11 {
            assert!(faults.iter().any(|fault| fault.contains(&format!("number {nth}:"))), "{nth}: {faults:?}");
        }
        assert_eq!(faults.iter().filter(|fault| fault.contains("number 9:")).count(), 3, "{faults:?}");
    }

    #[test]
    fn the_same_twice_is_a_fault_unless_spaces_tell_them_apart() {
        assert_eq!(read("t = [{ rows = 5 }, { rows = 5, spaces = [\"a\"] }]").1.len(), 1);
        assert!(read("t = [{ rows = 5, spaces = [\"b\"] }, { rows = 5, spaces = [\"a\"] }]").1.is_empty());
        assert!(read("t = [{ rows = 5, strategy = \"mine\" }, { rows = 5 }]").1.is_empty());
    }
}
