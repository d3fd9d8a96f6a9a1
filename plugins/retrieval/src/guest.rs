//! The component: names of operations to functions.

mod pipeline;
mod recall;
mod retrieve;
mod why_not;

use memstrata_sdk::{Answer, Fault, Layer, Value};

struct Retrieval;

memstrata_sdk::layer!(Retrieval);

impl Layer for Retrieval {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "recall" => recall::recall(arguments),
            "retrieve" => retrieve::retrieve(arguments),
            "why_not" => why_not::why_not(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}
