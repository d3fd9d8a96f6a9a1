//! A hook is triggered: its rate limit, what is registered for it, and the rules that wait for it.

use super::super::acting::Done;
use super::super::{FIRINGS, HOOK_KINDS, HOOKS, MOST};
use super::{Engine, Occasion, Outcome, Subject, millis, new_id, scope, way};
use crate::condition::Condition;
use crate::lineage::{lineage, nearest};
use crate::{action, event, kind, rate};
use memstrata_sdk::{Fault, Query, Value, events, get, json, row, write};

impl Engine {
    /// A hook is triggered.
    pub(in crate::guest) fn hook(
        &mut self,
        hook_type: &str,
        data: &Value,
        occasion: &Occasion,
    ) -> Result<Outcome, Fault> {
        if let Some(over) = self.before("hook", hook_type, occasion.key.as_deref())? {
            return Ok(over);
        }
        let event = kind::event(hook_type);
        if let Some(refused) = self.may(&event, occasion, data)? {
            return Ok(refused);
        }
        // Without a namespace the host puts it into the caller's own.
        let row = json!({"hook_type": hook_type, "namespace": self.namespace});
        let (counts, _) = write::insert_or_get(HOOK_KINDS, "hook_type", &row)?;
        if let Some(limited) = self.limited(hook_type, counts)? {
            return Ok(limited);
        }
        *self.hooks.entry(hook_type.to_owned()).or_default() += 1;
        write::add(HOOK_KINDS, counts, "fired", 1.0)?;
        write::max(HOOK_KINDS, counts, "last_fired_at", millis(self.now))?;
        let scope = scope(&event, data);
        let hooks = Query::of(HOOKS)
            .filter(json!(["hook_type", "=", hook_type]))?
            .filter(json!(["enabled", "=", true]))?
            .all(MOST)?;
        let firing = new_id()?;
        let after = Occasion { way: way(occasion, &event), parent: Some(firing), key: None };
        let mut all = Done::default();
        for hook in hooks {
            let condition = Condition::read(hook.get("condition").unwrap_or(&Value::Null));
            let here = event::covers(row::text(&hook, "namespace"), &self.namespace);
            if here && condition.is_ok_and(|condition| condition.holds(&scope)) {
                let steps = action::stored(&hook, "actions");
                all.add(row::text(&hook, "name"), self.act(&steps, &event, data, firing, &after.way)?);
            }
        }
        self.record(firing, &Subject { kind: "hook", name: hook_type, event: &event }, occasion, data, all)?;
        events::emit("hook_fired", &json!({"hook_type": hook_type, "firing": firing}))?;
        for rule in self.rules(std::slice::from_ref(&event), data)? {
            self.rule(&rule, &event, data, &after)?;
        }
        Ok(Outcome { outcome: "fired", firing: Some(firing), ..Outcome::default() })
    }

    /// What a kind's rate limit says, if it refuses: that of the nearest namespace that is where it happens or above, over all firings
    /// there and below. `counts`: the row of where it happens.
    fn limited(&mut self, hook_type: &str, counts: u64) -> Result<Option<Outcome>, Fault> {
        let here = get(HOOK_KINDS, counts)?.map(|row| row::text(&row, "namespace").to_owned()).unwrap_or_default();
        let line = Query::of(HOOK_KINDS)
            .filter(json!(["hook_type", "=", hook_type]))?
            .filter(json!(["namespace", "in", lineage(&here)]))?
            .filter(json!(["rate_limit", "!=", null]))?
            .limit(200)
            .page()?
            .rows;
        let known = nearest(&line, &here);
        let within = known.map(|row| row::text(row, "namespace")).filter(|namespace| !namespace.is_empty());
        let of = |field: &str| known.and_then(|row| row::int(row, field));
        let limit = of("rate_limit").unwrap_or_else(|| self.config.count("default_rate_limit"));
        let window = of("window_ms").unwrap_or_else(|| self.config.count("default_window_seconds") * 1_000);
        if limit == 0 {
            return Ok(None);
        }
        let recent = || {
            Query::of(FIRINGS)
                .namespace(within)?
                .filter(json!(["kind", "=", "hook"]))?
                .filter(json!(["subject", "=", hook_type]))?
                .filter(json!(["outcome", "=", "fired"]))?
                .filter(json!(["fired_at", ">", rate::since(window, self.now)]))
        };
        let count = recent()?.count()?;
        let own = self.hooks.get(hook_type).copied().unwrap_or_default();
        if own == 0 {
            // Two at once do not both take the last place: one runs again. What is expected are rows of other calls.
            write::expect(&recent()?, count)?;
        }
        let surplus = u32::try_from(rate::surplus(limit, count)).unwrap_or(u32::MAX).min(1_000);
        let leaves = match surplus {
            0 => None,
            some => recent()?.ascending("fired_at")?.select(&["fired_at"])?.limit(some).page()?.rows.pop(),
        };
        let leaves = leaves.and_then(|row| row::int(&row, "fired_at"));
        match rate::decide(limit, window, count, leaves, self.now) {
            rate::Verdict::Allowed => Ok(None),
            rate::Verdict::Limited(after) => {
                write::add(HOOK_KINDS, counts, "suppressed", 1.0)?;
                let seconds = window / 1_000;
                let reason = Some(format!("{hook_type} fired {count} times in {seconds} s, its limit is {limit}"));
                Ok(Some(Outcome { outcome: "rate_limited", firing: None, reason, retry_after_ms: Some(after) }))
            }
        }
    }
}
