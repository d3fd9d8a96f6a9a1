//! Coverage of domains, expertise, gaps, and which skills to work on.

use super::reader::{Reader, total};
use super::{DAY, flag, integer, text};
use crate::expertise::Domain;
use crate::figures::round;
use crate::gap::{self, Gap};
use crate::kept::{WHOLE, living};
use memstrata_sdk::{Answer, Fault, Query, Value, clock, json};

/// Topics that are looked at when no domain is named.
pub(super) const TOPICS: usize = 30;
/// Memories and events of a domain that means and shares are taken over, at most: the newest.
const SAMPLE: u32 = 500;

/// A domain with its name.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) domain: Domain,
    pub(super) first: Option<u64>,
    pub(super) category: Option<&'static str>,
}

/// Everything recorded of a domain: memories by topic or tag, events by tag, procedures by category or context.
/// With `quick`, what an index finds: memories by topic, procedures by category, entities by name.
pub(super) fn of(reader: &mut Reader, name: &str, quick: bool) -> Result<Named, Fault> {
    let on = |index: &str, list: &str| {
        if quick { json!([index, "=", name]) } else { json!({"any": [[index, "=", name], [list, "has", name]]}) }
    };
    let memories = reader.of("semantic.memories", |query| query.filter(on("topic", "tags"))?.count())?;
    let newest = reader.of("semantic.memories", |query| {
        query
            .filter(on("topic", "tags"))?
            .descending("created_at")?
            .limit(SAMPLE)
            .select(&["confidence", "usefulness_score"])?
            .page()
            .map(|page| page.rows)
    })?;
    let mean = |field: &str| {
        let values: Vec<f64> = newest.iter().filter_map(|row| row.get(field)?.as_f64()).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let first = reader.of("semantic.memories", |query| {
        query.filter(on("topic", "tags"))?.ascending("created_at")?.select(&["created_at"])?.first()
    })?;
    let outcomes = if quick {
        Vec::new()
    } else {
        reader.of("episodic.events", |query| query.filter(json!(["tags", "has", name]))?.group_count("outcome"))?
    };
    let procedures =
        reader.of("procedural.procedures", |query| query.filter(on("category", "applicable_contexts"))?.count())?;
    let entities =
        reader.of("graph.entities", |query| query.filter(json!(["name_key", "=", name.to_lowercase()]))?.count())?;
    let failed = total(&outcomes, &["failure"]);
    let domain = Domain {
        memories,
        episodes: total(&outcomes, &[]),
        procedures,
        entities,
        confidence: mean("confidence"),
        usefulness: mean("usefulness_score"),
        failed: (failed, failed + total(&outcomes, &["success"])),
    };
    let category = [(memories, "topic"), (procedures, "skill"), (domain.episodes, "activity"), (entities, "entity")];
    let category = category.iter().find(|(count, _)| *count > 0).map(|(_, category)| *category);
    Ok(Named { name: name.to_owned(), domain, first: first.map(|row| integer(&row, "created_at")), category })
}

/// The largest topics of memories.
pub(super) fn topics(reader: &mut Reader, most: usize) -> Result<Vec<String>, Fault> {
    if let Some(kept) = reader.kept_topics(most)? {
        return Ok(kept);
    }
    let groups = reader.groups("semantic.memories", "topic")?;
    Ok(groups.iter().filter_map(|(topic, _)| topic.as_str().map(str::to_owned)).take(most).collect())
}

/// The row of a domain, as it is stored and shown.
pub(super) fn row(named: &Named, now: u64) -> Value {
    let d = &named.domain;
    json!({
        "domain": named.name, "category": named.category, "memory_count": d.memories, "episodic_count": d.episodes,
        "procedural_count": d.procedures, "entity_count": d.entities, "avg_confidence": d.confidence.map(round),
        "avg_usefulness": d.usefulness.map(round), "score": round(d.score()), "expertise": d.level(),
        "gaps": gap::gaps(d).iter().map(|gap| gap.kind).collect::<Vec<_>>(), "strength_areas": d.strengths(),
        "first_encounter": named.first, "measured_at": now,
    })
}

const QUICK: &str = "without measured rows, or with `fresh` in a large space, domains are topics found by index: tags and events are counted by `measure` and by `analyze_coverage` with a domain";

const QUICK_ONE: &str = "the domain is not measured and the space is large: it is counted by index, without tags and events; `fresh` counts all";

/// The row of a domain as it was last measured, in the whole space; none if its memories are gone.
fn measured(reader: &mut Reader, name: &str) -> Result<Option<Value>, Fault> {
    let query = Query::of("coverage").filter(json!(["namespace", "=", WHOLE]))?;
    let Some(row) = query.filter(json!(["domain", "=", name]))?.first()? else { return Ok(None) };
    if !reader.lives(name)? {
        return Ok(None);
    }
    reader.measured_at(integer(&row, "measured_at"));
    Ok(Some(mine(&row)))
}

/// The domain a row names.
fn domain(row: &Value) -> &str {
    memstrata_sdk::row::text(row, "domain")
}

/// A measured row without what the store adds.
fn mine(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(fields) = row.as_object_mut() {
        fields.retain(|name, _| {
            !["id", "version", "namespace", "created_at", "updated_at", "component"].contains(&name.as_str())
        });
    }
    row
}

/// `analyze_coverage`.
pub(super) fn coverage(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    if let Some(name) = text(given, "domain") {
        if reader.keeps()? {
            let row = match measured(&mut reader, name)? {
                Some(row) => row,
                None => {
                    reader.note(QUICK_ONE.into());
                    row(&of(&mut reader, name, true)?, clock::now())
                }
            };
            return Ok(reader.answer(json!({"domains": [row]})));
        }
        let named = of(&mut reader, name, false)?;
        return Ok(reader.answer(json!({"domains": [row(&named, clock::now())]})));
    }
    let rows = ranked(&mut reader, TOPICS)?;
    Ok(reader.answer(json!({"domains": rows})))
}

/// Measured topics read at once, and at most: those of which no memory is left are still among them.
const LOOKED_AT_ONCE: u32 = 100;
const MOST_LOOKED_AT: usize = 1_000;

/// The domains of the highest measured scores.
fn measured_most(reader: &mut Reader, most: usize) -> Result<Vec<Value>, Fault> {
    let query = Query::of("coverage").filter(json!(["namespace", "=", WHOLE]))?;
    let mut query = query.descending("score")?.limit(LOOKED_AT_ONCE);
    let mut found = Vec::new();
    let mut looked_at = 0;
    loop {
        let page = query.page()?;
        looked_at += page.rows.len();
        found.extend(living(page.rows, most - found.len(), domain, |name| reader.lives(name))?);
        match page.next {
            Some(_) if found.len() < most && looked_at >= MOST_LOOKED_AT => {
                reader.note(format!("measured topics: the {MOST_LOOKED_AT} of the highest scores were looked at"));
                return Ok(found);
            }
            Some(next) if found.len() < most => query = query.after(Some(&next))?,
            _ => return Ok(found),
        }
    }
}

/// Measured domains by score; computed by index where none was measured, or figures of now are asked for.
fn ranked(reader: &mut Reader, most: usize) -> Result<Vec<Value>, Fault> {
    if !reader.is_fresh() {
        let measured = measured_most(reader, most)?;
        if !measured.is_empty() {
            measured.iter().for_each(|row| reader.measured_at(integer(row, "measured_at")));
            return Ok(measured.iter().map(mine).collect());
        }
    }
    // In a small space of now all is counted; else tags and events would take too long.
    let quick = !reader.is_fresh() || super::keeping::is_large(reader)?;
    if quick {
        reader.note(QUICK.into());
    }
    let mut found = Vec::new();
    for topic in topics(reader, most.min(TOPICS))? {
        found.push(of(reader, &topic, quick)?);
    }
    found.sort_by(|a, b| b.domain.score().total_cmp(&a.domain.score()).then_with(|| a.name.cmp(&b.name)));
    Ok(found.iter().map(|named| row(named, clock::now())).collect())
}

/// `get_expertise`.
pub(super) fn expertise(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let rows = ranked(&mut reader, usize::try_from(integer(given, "limit")).unwrap_or(10))?;
    Ok(reader.answer(json!({"domains": rows})))
}

fn shown(domain: &str, gap: &Gap) -> Value {
    json!({"domain": domain, "kind": gap.kind, "severity": gap.severity, "why": gap.why, "advice": gap.advice})
}

/// The gaps of the largest topics, each from what is recorded now.
fn current(reader: &mut Reader) -> Result<Vec<Value>, Fault> {
    let mut found = Vec::new();
    for row in ranked(reader, TOPICS)? {
        // A measured row knows of events; its figures are those of that day.
        let domain = Domain {
            memories: integer(&row, "memory_count"),
            episodes: integer(&row, "episodic_count"),
            procedures: integer(&row, "procedural_count"),
            confidence: row.get("avg_confidence").and_then(Value::as_f64),
            ..Domain::default()
        };
        let name = text(&row, "domain").unwrap_or_default();
        found.extend(gap::gaps(&domain).iter().map(|gap| shown(name, gap)));
    }
    // What failed is told by kind of event, whatever its tags are.
    for (kind, failed, all) in super::learning::kinds(reader)? {
        let domain = Domain { memories: 5, episodes: 0, failed: (failed, all), ..Domain::default() };
        found.extend(gap::gaps(&domain).iter().map(|gap| shown(&kind, gap)));
    }
    Ok(found)
}

/// `detect_knowledge_gaps`.
pub(super) fn gaps(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let mut found = current(&mut reader)?;
    if let Some(kind) = text(given, "gap_type") {
        found.retain(|gap| text(gap, "kind") == Some(kind));
    }
    let order = |gap: &Value| ["high", "medium", "low"].iter().position(|s| text(gap, "severity") == Some(s));
    found.sort_by_key(order);
    Ok(reader.answer(json!({"gaps": found})))
}

/// `optimize_gap_detector`.
pub(super) fn stable_gaps(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let today = clock::now() / DAY;
    let window = integer(given, "stability_window");
    let whole = || Query::of("gaps").filter(json!(["namespace", "=", WHOLE]));
    let open = whole()?.filter(json!(["last_day", ">=", today.saturating_sub(1)]))?.limit(500).page()?.rows;
    let mut closed = whole()?.filter(json!(["last_day", "<", today.saturating_sub(1)]))?.count()?;
    // Where no memory has the topic any more, there is no gap.
    let all = open.len();
    let open = living(open, all, domain, |name| reader.lives(name))?;
    closed += (all - open.len()) as u64;
    let told =
        |row: &Value| json!({"domain": row.get("domain"), "kind": row.get("kind"), "days_seen": row.get("days_seen")});
    let (stable, passing): (Vec<&Value>, Vec<&Value>) =
        open.iter().partition(|row| integer(row, "days_seen") >= window);
    let mut answer = json!({
        "stable": stable.into_iter().map(told).collect::<Vec<_>>(),
        "passing": passing.into_iter().map(told).collect::<Vec<_>>(), "closed": closed,
    });
    if flag(given, "analyze_contradictions") {
        let (in_flux, superseded) = match reader.kept()? {
            Some(kept) => kept.flux,
            None => flux_now(&mut reader)?,
        };
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("in_flux".into(), json!(in_flux));
            fields.insert("superseded".into(), json!(superseded));
        }
    }
    Ok(reader.answer(answer))
}

/// Memories in flux and superseded ones, counted now.
pub(super) fn flux_now(reader: &mut Reader) -> Result<(u64, u64), Fault> {
    let states = reader.groups("semantic.memories", "consolidation_state")?;
    Ok((total(&states, &["labile", "reconsolidating"]), total(&states, &["superseded"])))
}

/// The domain of a measured row; failures are not in it.
fn domain_of(row: &Value) -> Domain {
    let number = |field: &str| row.get(field).and_then(Value::as_f64);
    Domain {
        memories: integer(row, "memory_count"),
        episodes: integer(row, "episodic_count"),
        procedures: integer(row, "procedural_count"),
        entities: integer(row, "entity_count"),
        confidence: number("avg_confidence"),
        usefulness: number("avg_usefulness"),
        failed: (0, 0),
    }
}

/// `get_skill_recommendations`.
pub(super) fn skills(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let kind = text(given, "skill_type").unwrap_or("general");
    let mut names: Vec<String> = match text(given, "context") {
        Some(context) => context
            .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
            .filter(|word| word.chars().count() > 3)
            .map(str::to_lowercase)
            .collect(),
        None if kind != "general" => vec![kind.to_owned()],
        None => topics(&mut reader, 10)?,
    };
    names.sort();
    names.dedup();
    names.truncate(10);
    let mut found = Vec::new();
    for name in names {
        let known = if reader.keeps()? { measured(&mut reader, &name)? } else { None };
        let (domain, there) = match known {
            Some(row) => (domain_of(&row), true),
            None => {
                let named = of(&mut reader, &name, true)?;
                (named.domain, named.category.is_some())
            }
        };
        if !there && kind != name {
            continue;
        }
        let gaps = gap::gaps(&domain);
        let advice: Vec<&str> = gaps.iter().map(|gap| gap.advice).collect();
        found.push(json!({"skill": name, "expertise": domain.level(), "score": round(domain.score()),
                          "procedures": domain.procedures, "advice": advice}));
    }
    found.sort_by(|a, b| {
        let score = |row: &Value| row.get("score").and_then(Value::as_f64).unwrap_or_default();
        score(a).total_cmp(&score(b))
    });
    Ok(reader.answer(json!({"skills": found})))
}
