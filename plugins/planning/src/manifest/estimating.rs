//! Operations that estimate time and money.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Value, json};

fn roi() -> Value {
    json!({"net_gain": {"type": "number"}, "roi_percent": {"type": ["number", "null"]}, "pays": {"type": "boolean"}})
}

pub(super) fn operations() -> Vec<Named> {
    let forecast = json!({"minutes": {"type": ["number", "null"]}, "basis": {"type": "string"}, "from_history": {"type": "boolean"}});
    let resources = json!({"effort_minutes": {"type": ["number", "null"]}, "people": {"type": "array"}, "basis": {"type": "string"}});
    let estimate = || s::or(s::minutes("The estimate."), 100);
    let spread = |description: &str| s::or(s::number(description, 10.0), 0.15);
    let plain = |arguments: Value| json!([{"arguments": arguments}]);
    let budget = json!([{"operation": "track_budget", "arguments": {"project_id": "shop", "total_budget": 100, "spent_amount": 40}}]);
    vec![
        operation(
            "predict_task_duration",
            "read",
            "How long a task will take, by what is recorded.",
            "Similar work, else the trained model, else the median ratio of actual to estimated minutes, else the estimate as it is. Without any, minutes is null. `complexity` is told back: it changes no number.",
            &json!({"task_id": s::task_or_none(), "description": s::or(s::text("What is to be done.", 20_000), ""), "complexity": s::or(s::text("LOW, MEDIUM, HIGH or 1 to 10.", 20), "MEDIUM"), "estimate": s::minutes("An estimate to be corrected.")}),
            &forecast,
            &json!([{"arguments": {"description": "Write an importer", "estimate": 60}}, {"arguments": {"description": "Write an importer"}, "note": "Nothing tells."}]),
        ),
        operation(
            "record_outcome",
            "write",
            "Records what work took, against its estimate.",
            "It becomes history for forecasts, ratios and the model.",
            &json!({"description": s::or(s::text("What it was.", 4000), ""), "task_id": s::task_or_none(), "estimated_minutes": s::minutes("The estimate."), "actual_minutes!": s::minutes("What it took.")}),
            &json!({"id": {"type": "integer"}, "ratio": {"type": ["number", "null"]}}),
            &plain(json!({"description": "Write an importer", "estimated_minutes": 60, "actual_minutes": 90})),
        ),
        operation(
            "estimate_resources",
            "read",
            "Minutes, people and things a task needs.",
            "From its plan; minutes corrected by what is recorded.",
            &json!({"task_id!": s::task()}),
            &resources,
            &s::on_plan(&json!({})),
        ),
        operation(
            "estimate_task_resources_detailed",
            "read",
            "The same step by step.",
            "With load of each resource, when it is wanted twice at a time, and the most steps at once.",
            &json!({"task_id!": s::task()}),
            &resources,
            &s::on_plan(&json!({})),
        ),
        operation(
            "analyze_uncertainty",
            "read",
            "What makes an estimate uncertain.",
            "Its own spread (three points or recorded ratios), too few records, and outer factors whose size is given; factors without are named only.",
            &json!({"task_id": s::task_or_none(), "estimate": estimate(), "external_factors": s::or(s::factors(), json!([]))}),
            &json!({"basis": {"type": "string"}, "not_counted": {"type": "array"}, "intervals": {"type": "array"}}),
            &plain(json!({"external_factors": [{"name": "team", "impact": 0.2}, "weather"]})),
        ),
        operation(
            "generate_confidence_scores",
            "read",
            "How sure an estimate is, 0 to 1.",
            "The chance that the actual value is within 20 % of it, for normal errors of this relative deviation, widened where data points are few.",
            &json!({"task_id": s::task_or_none(), "estimate": estimate(), "score_type": s::or(s::choice(&["estimate", "range", "timeline", "overall"], "estimate: given numbers; range: intervals too; timeline: recorded ratios in place of the given variance; overall: all of them."), "estimate"), "historical_variance": spread("Relative deviation."), "data_points": s::or(s::integer("Records it comes from.", 0, 1_000_000), 10), "external_factors": s::or(s::factors(), json!([]))}),
            &json!({"score": {"type": "number"}, "confidence": {"type": "string"}, "basis": {"type": "string"}}),
            &plain(json!({})),
        ),
        operation(
            "estimate_confidence_interval",
            "read",
            "Intervals around an estimate.",
            "For normal errors of a relative deviation `variance`; `recorded`: from ratios, where there are three or more.",
            &json!({"task_id": s::task_or_none(), "estimate": estimate(), "variance": spread("Relative deviation.")}),
            &json!({"intervals": {"type": "array"}, "basis": {"type": "string"}}),
            &plain(json!({})),
        ),
        operation(
            "train_estimation_model",
            "write",
            "Fits a model of actual minutes to recorded work.",
            "A line between logarithms over at most 1000 records; its error is measured by leaving each out, and it is used only if it errs less than estimates as given.",
            &json!({"project_id": s::or(s::project(), 1)}),
            &json!({"trained": {"type": "boolean"}, "records": {"type": "integer"}}),
            &plain(json!({})),
        ),
        operation(
            "forecast_resource_needs",
            "read",
            "Work due in the next days against what was done in as many before.",
            "Of tasks, by who does them. At most 500 open tasks.",
            &json!({"project_id": s::or(s::project(), 1), "forecast_days": s::or(s::integer("Days.", 1, 365), 30)}),
            &json!({"needed_minutes": {"type": "number"}, "people": {"type": "array"}, "basis": {"type": "string"}}),
            &plain(json!({})),
        ),
        operation(
            "calculate_task_cost",
            "read",
            "Cost of hours of work.",
            "Hours shared evenly by the members, at the rates of the setting `hourly_rates`. Without a rate the total is null and `missing_rates` says whose.",
            &json!({"task_id": s::task_or_none(), "estimated_hours": s::or(s::amount("Hours."), 40), "team_members": s::or(s::texts("Names or roles."), json!(["senior"]))}),
            &json!({"total_cost": {"type": ["number", "null"]}, "missing_rates": {"type": "array"}}),
            &plain(json!({})),
        ),
        operation(
            "estimate_roi",
            "read",
            "Return on an investment.",
            "(value - cost) / cost.",
            &json!({"project_id": s::or(s::project(), 1), "total_cost": s::or(s::amount("Cost."), 10_000), "expected_value": s::or(s::amount("Value."), 45_000)}),
            &roi(),
            &plain(json!({})),
        ),
        operation(
            "calculate_roi",
            "read",
            "Return on a task's cost.",
            "With a yearly benefit also the months until it has paid.",
            &json!({"task_id": s::task_or_none(), "total_cost!": s::amount("Cost."), "expected_value!": s::amount("Value."), "annual_benefit": s::or(s::amount("A year."), 0)}),
            &roi(),
            &plain(json!({"total_cost": 100, "expected_value": 250, "annual_benefit": 60})),
        ),
        operation(
            "suggest_cost_optimizations",
            "read",
            "Where a plan can save.",
            "Optional and double steps by their share of the minutes, and time that refinements save.",
            &json!({"task_id!": s::task(), "current_cost!": s::amount("Cost of the plan.")}),
            &json!({"suggestions": {"type": "array"}, "possible_saving": {"type": ["number", "null"]}}),
            &s::on_plan(&json!({"current_cost": 1000})),
        ),
        operation(
            "track_budget",
            "write",
            "Records where a budget stands.",
            "With a record before: money a day, and days left.",
            &json!({"project_id!": {"type": ["integer", "string"], "maxLength": 200, "description": "Which budget."}, "total_budget!": s::amount("All of it."), "spent_amount!": s::amount("Spent so far.")}),
            &json!({"remaining": {"type": "number"}, "over_budget": {"type": "boolean"}}),
            &plain(json!({"project_id": "shop", "total_budget": 100, "spent_amount": 40})),
        ),
        operation(
            "detect_budget_anomalies",
            "read",
            "What is odd in a budget's records.",
            "Falls, changes, overruns, and unusual amounts (robust score above 3.5, from five records on); the last 500 records.",
            &json!({"project_id!": {"type": ["integer", "string"], "maxLength": 200, "description": "Which budget."}}),
            &json!({"anomalies": {"type": "array"}, "records": {"type": "integer"}}),
            &json!([{"arguments": {"project_id": "shop"}, "setup": budget}]),
        ),
    ]
}
