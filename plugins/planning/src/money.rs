//! Arithmetic over money that was given and recorded: cost, return, budgets.

use crate::row::round;
use crate::sample::robust_scores;
use memstrata_sdk::{Value, json};
use std::collections::BTreeMap;

/// Scores above this are unusual (Iglewicz and Hoaglin, 1993).
pub const UNUSUAL: f64 = 3.5;

/// Cost of hours of work shared evenly by members, at rates per hour. Members without a rate make the total unknown.
#[must_use]
pub fn cost(hours: f64, members: &[String], rates: &BTreeMap<String, f64>) -> Value {
    let share = if members.is_empty() { 0.0 } else { hours / members.len() as f64 };
    let part = |member: &String| {
        let rate = rates.get(member).copied();
        json!({"member": member, "hours": round(share), "rate": rate, "cost": rate.map(|rate| round(rate * share))})
    };
    let mut missing: Vec<&String> = members.iter().filter(|member| !rates.contains_key(*member)).collect();
    missing.sort();
    missing.dedup();
    let known = missing.is_empty() && !members.is_empty();
    let total: f64 = members.iter().filter_map(|member| rates.get(member)).map(|rate| rate * share).sum();
    json!({"total_cost": known.then(|| round(total)), "parts": members.iter().map(part).collect::<Vec<_>>(), "missing_rates": missing})
}

/// Return on investment: (value - cost) / cost. With a yearly benefit also the months until it has paid.
#[must_use]
pub fn roi(cost: f64, value: f64, yearly: f64) -> Value {
    let gain = value - cost;
    json!({"net_gain": round(gain), "roi_percent": (cost > 0.0).then(|| round(gain / cost * 100.0)), "benefit_cost_ratio": (cost > 0.0).then(|| round(value / cost)),
           "pays": gain > 0.0, "payback_months": (yearly > 0.0).then(|| round(cost / (yearly / 12.0)))})
}

/// A record of a budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// The row.
    pub id: u64,
    /// When, ms UTC.
    pub at: u64,
    /// The whole budget.
    pub total: f64,
    /// Spent so far.
    pub spent: f64,
}

const DAY: f64 = 86_400_000.0;

/// Where a budget stands, and when it ends if it goes on as between the first and the last record.
#[must_use]
pub fn standing(entries: &[Entry], now: &Entry) -> Value {
    let left = now.total - now.spent;
    let first = entries.first().filter(|first| first.at < now.at);
    let rate = first
        .map(|first| (now.spent - first.spent) / ((now.at - first.at) as f64 / DAY))
        .filter(|rate| rate.is_finite());
    let days = rate.filter(|rate| *rate > 0.0 && left > 0.0).map(|rate| left / rate);
    json!({"remaining": round(left), "used_percent": (now.total > 0.0).then(|| round(now.spent / now.total * 100.0)), "over_budget": left < 0.0,
           "spent_per_day": rate.map(round), "days_left": days.map(round), "records": entries.len() + 1,
           "basis": if rate.is_some() { "spending between the first and this record" } else { "one record tells no rate of spending" }})
}

/// What is odd in the records of one budget, in order of time.
#[must_use]
pub fn anomalies(entries: &[Entry]) -> Vec<Value> {
    let mut found = Vec::new();
    let mut add = |entry: &Entry, kind: &str, message: String| {
        found.push(json!({"record": entry.id, "at": entry.at, "kind": kind, "message": message}))
    };
    let pairs: Vec<(&Entry, &Entry)> = entries.iter().zip(entries.iter().skip(1)).collect();
    for (before, entry) in &pairs {
        if entry.spent < before.spent {
            add(entry, "spent-fell", format!("spent fell from {} to {}", before.spent, entry.spent));
        }
        if (entry.total - before.total).abs() > f64::EPSILON {
            add(entry, "budget-changed", format!("the budget changed from {} to {}", before.total, entry.total));
        }
    }
    if let Some(entry) = entries.iter().find(|entry| entry.spent > entry.total) {
        add(entry, "over-budget", format!("{} spent of {}", entry.spent, entry.total));
    }
    let steps: Vec<f64> = pairs.iter().map(|(before, entry)| entry.spent - before.spent).collect();
    if steps.len() >= 4 {
        for ((_, entry), (score, step)) in
            pairs.iter().zip(robust_scores(&steps).unwrap_or_default().iter().zip(&steps))
        {
            if score.abs() > UNUSUAL {
                add(
                    entry,
                    "unusual-amount",
                    format!("{} spent since the record before; its score is {}", round(*step), round(*score)),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64, spent: f64) -> Entry {
        Entry { id, at: id * 86_400_000, total: 100.0, spent }
    }

    #[test]
    fn cost_needs_every_rate() {
        let rates = BTreeMap::from([("senior".to_owned(), 100.0), ("junior".to_owned(), 50.0)]);
        let of = |members: &[&str]| cost(40.0, &members.iter().map(|m| (*m).to_owned()).collect::<Vec<_>>(), &rates);
        assert_eq!(of(&["senior", "junior"])["total_cost"], 3000.0);
        let unknown = of(&["senior", "boss"]);
        assert!(unknown["total_cost"].is_null() && unknown["missing_rates"] == json!(["boss"]));
        assert!(of(&[])["total_cost"].is_null());
    }

    #[test]
    fn returns_are_arithmetic() {
        let paid = roi(10_000.0, 45_000.0, 12_000.0);
        assert_eq!((paid["roi_percent"].as_f64(), paid["payback_months"].as_f64()), (Some(350.0), Some(10.0)));
        assert!(roi(0.0, 5.0, 0.0)["roi_percent"].is_null());
    }

    #[test]
    fn budgets_run_out_and_show_what_is_odd() {
        let told = standing(&[entry(1, 10.0)], &entry(3, 30.0));
        assert_eq!((told["spent_per_day"].as_f64(), told["days_left"].as_f64()), (Some(10.0), Some(7.0)));
        assert!(standing(&[], &entry(3, 30.0))["days_left"].is_null());
        let kinds = |spent: &[f64]| {
            let entries: Vec<Entry> = spent.iter().zip(1..).map(|(spent, id)| entry(id, *spent)).collect();
            anomalies(&entries).iter().map(|found| found["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&[10.0, 15.0, 21.0, 25.0, 31.0, 90.0]), ["unusual-amount"]);
        assert_eq!(kinds(&[10.0, 5.0]), ["spent-fell"]);
        assert_eq!(kinds(&[10.0, 105.0]), ["over-budget"]);
    }
}
