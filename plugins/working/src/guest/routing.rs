//! Where items go and how well: a preview, feedback, figures.

use super::session::Session;
use super::{DECISIONS, handing, keeping};
use crate::item::{component_of, rehearsed};
use crate::{route, row, target};
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Preview {
    item_id: Option<Id>,
    content: Option<String>,
    content_type: String,
    component: Option<String>,
    importance: f64,
    session_id: String,
}

pub(super) fn preview(given: Value) -> Answer {
    let given: Preview = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let item = match (given.item_id, given.content) {
        (Some(id), None) => session.one(Some(id))?,
        (None, Some(content)) => {
            let mut new = rehearsed(&session.settings, &given.content_type, given.importance, session.now);
            let component = given.component.as_deref().unwrap_or_else(|| component_of(&given.content_type));
            new.insert("content".into(), json!(content));
            new.insert("content_type".into(), json!(given.content_type));
            new.insert("held_in".into(), json!(component));
            new.insert("importance".into(), json!(given.importance));
            Value::Object(new)
        }
        _ => return Err(Fault::invalid("give either `item_id` or `content`")),
    };
    let route = handing::decide(&handing::router(&session)?, &item, session.now);
    let features: Map<String, Value> = route::FEATURES
        .iter()
        .zip(route::features(&item, session.now))
        .map(|(name, value)| ((*name).to_owned(), json!(row::round(value))))
        .collect();
    Ok(json!({
        "target": route.layer, "by": route.by, "confidence": route.confidence.map(row::round), "reasons": route.reasons,
        "rules": route::by_rules(&item).layer, "features": features,
        "next": target::next(&session.settings, &item, route.layer),
    }))
}

#[derive(Deserialize)]
struct Feedback {
    item_id: Option<Id>,
    correct: Option<bool>,
    target: Option<String>,
    session_id: String,
}

pub(super) fn feedback(given: Value) -> Answer {
    let given: Feedback = arguments(given)?;
    if given.correct.is_none() && given.target.is_none() {
        return Err(Fault::invalid("say whether the layer was right in `correct`, or which is right in `target`"));
    }
    let session = Session::open(&given.session_id)?;
    let item = keeping::kept(&session, given.item_id, false)?;
    let id = row::id(&item);
    let decision = Query::of(DECISIONS).filter(json!(["item", "=", id]))?.first()?;
    let decision = decision.ok_or_else(|| Fault::not_found(format!("no routing of m:{id} is recorded")))?;
    let decided = row::text(&decision, "layer").to_owned();
    let label = match (given.target, given.correct) {
        (Some(target), Some(true)) if target != decided => {
            return Err(Fault::invalid(format!(
                "m:{id} went to {decided}: `correct` true and `target` {target} disagree"
            )));
        }
        (Some(target), Some(false)) if target == decided => {
            return Err(Fault::invalid(format!(
                "m:{id} went to {decided}: `correct` false and `target` {target} disagree"
            )));
        }
        (Some(target), _) => Some(target),
        (None, Some(true)) => Some(decided.clone()),
        (None, _) => None,
    };
    let correct = label.as_ref() == Some(&decided);
    write::update(DECISIONS, row::id(&decision), None, &json!({"label": label, "correct": correct}))?;
    let labels = Query::of(DECISIONS).filter(json!(["label", "!=", null]))?.count()?;
    Ok(json!({"id": id, "decided": decided, "correct": correct, "label": label, "labels": labels}))
}

fn counts(query: &Query, field: &str) -> Result<Map<String, Value>, Fault> {
    let groups = query.group_count(field)?.into_iter();
    Ok(groups.filter_map(|(value, count)| Some((value.as_str()?.to_owned(), json!(count)))).collect())
}

pub(super) fn stats() -> Answer {
    let session = Session::open("default")?;
    let all = Query::of(DECISIONS);
    let labels = Query::of(DECISIONS).filter(json!(["label", "!=", null]))?;
    let judged = Query::of(DECISIONS).filter(json!(["correct", "!=", null]))?.count()?;
    let right = Query::of(DECISIONS).filter(json!(["correct", "=", true]))?.count()?;
    let forest = handing::router(&session)?;
    #[expect(clippy::cast_precision_loss, reason = "counts of feedback are small")]
    let accuracy = (judged > 0).then(|| row::round(right as f64 / judged as f64));
    let outside = forest.as_ref().map(|forest| forest.out_of_bag()).filter(|(_, checked)| *checked > 0);
    Ok(json!({
        "decisions": all.count()?, "labels": labels.count()?, "needed": session.settings.least_samples,
        "forest": forest.is_some(), "by_layer": counts(&all, "layer")?, "labels_by_layer": counts(&labels, "label")?,
        "by": counts(&all, "by")?, "judged": judged, "right": right, "accuracy": accuracy,
        "out_of_bag": outside.map(|(share, _)| row::round(share)), "features": route::FEATURES,
    }))
}
