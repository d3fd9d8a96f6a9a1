//! Operations on places: folders, files and symbols.

use super::operation::Operation;
use super::schema::{
    answers, choice, counts, filled, integer, integer_or, list, moment, namespace, number, object, open, or, text,
};
use crate::vocabulary::NODE_TYPES;
use memstrata_sdk::{Value, json};

/// The group.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        build_spatial_hierarchy(),
        spatial_indexing(),
        spatial_distance(),
        spatial_query(),
        get_spatial_context(),
        symbol_analysis(),
    ]
}

fn place() -> Value {
    open(
        &["full_path", "node_type", "depth"],
        [
            ("id", integer(1, "Place")),
            ("name", text("Last part")),
            ("full_path", text("Path; a symbol's is file::symbol")),
            ("node_type", text("root, directory, file or symbol")),
            ("depth", integer(0, "Parts of the path")),
        ],
    )
}

fn jwt() -> Value {
    json!({"file_path": "/src/auth/jwt.py", "symbols": [{"name": "sign", "symbol_type": "function"}]})
}

fn build_spatial_hierarchy() -> Operation {
    Operation::write("build_spatial_hierarchy", "Stores a file, the folders above it and its symbols as places.")
        .says("Use it when you meet a file that matters (spatial_storage of old). Places that exist stay. Answers the nodes from the top down and their relations: contains 1.0, ancestor_of 1.0, \
               sibling 0.8; relations follow from the paths, so they are never stored and never stale.")
        .takes(&["file_path"], [
            namespace(),
            ("file_path", filled("The file.")),
            ("symbols", list(object(&["name"], [("name", filled("Symbol")), ("symbol_type", text("function, class, .."))]), 200, "Its symbols.")),
        ])
        .answers(object(&["nodes", "new", "relations"], [
            ("nodes", answers(place())), ("new", integer(0, "Places that were not there")),
            ("relations", answers(open(&["from", "to", "relation_type", "strength"], [("relation_type", text("Relation"))]))),
        ]))
        .example("A file with a function", jwt())
}

fn spatial_indexing() -> Operation {
    Operation::write("spatial_indexing", "Stores the places of recorded events, page by page.")
        .says("Use it now and then, or after an import, so that spatial_query knows all files and symbols events were about. Repeating it adds nothing.")
        .takes(&[], [
            namespace(), ("start", moment("Events from")), ("end", moment("Events before")),
            ("limit", integer_or(200, 1, 500, "Events a page.")), ("cursor", text("`next_cursor` of the page before.")),
        ])
        .answers(object(&["events", "places", "new"], [
            ("events", integer(0, "Events read")), ("places", integer(0, "Places they name")), ("new", integer(0, "Of them new")),
            ("next_cursor", text("For the next page")),
        ]))
        .example_after("After one event", "record_event", json!({"content": "Edited", "file_path": "src/a.rs"}), json!({}))
}

fn spatial_distance() -> Operation {
    Operation::read("spatial_distance", "Hops between two places through their common ancestor.")
        .says("Use it to judge how near two files or symbols (file::symbol) lie. Nearness is 1 - d/10, not below 0. Nothing needs to be stored.")
        .takes(&["path1", "path2"], [("path1", filled("A path.")), ("path2", filled("Another."))])
        .answers(object(&["distance", "nearness", "common_ancestor"], [
            ("distance", integer(0, "Hops")), ("nearness", number("0 to 1")), ("common_ancestor", text("Path; empty for none")),
        ]))
        .example("Two files of one folder", json!({"path1": "/src/auth/jwt.py", "path2": "/src/auth/middleware.py"}))
}

fn spatial_query() -> Operation {
    Operation::read("spatial_query", "Finds places, or events at places, by meaning and by nearness to a path.")
        .says("Use it for `where is the code that ..`. Score = 0.7 semantic + 0.3 (1 - d/10) with d the distance from `near`; without `near` the semantic part alone. Semantic is the host's fused text and vector score, 1 for the best hit. The best `limit`, no further pages.")
        .takes(&["query"], [
            namespace(), ("query", filled("What to look for.")), ("near", filled("Where you are: a path.")),
            ("of", or(choice(&["places", "events"], "What to find."), "places")),
            ("node_type", choice(&NODE_TYPES, "Only such places.")),
            ("limit", integer_or(10, 1, 100, "Most hits.")),
        ])
        .answers(object(&["hits", "count"], [
            ("hits", answers(open(&["id", "path", "score", "semantic"], [
                ("id", integer(1, "Place or event")), ("path", text("Path")), ("score", number("0 to 1")),
                ("semantic", number("0 to 1")), ("distance", integer(0, "Hops from `near`")),
            ]))),
            ("count", integer(0, "Hits")),
        ]))
        .example_after("Where tokens are signed", "build_spatial_hierarchy", jwt(), json!({"query": "sign jwt", "near": "/src/auth/login.py"}))
}

fn get_spatial_context() -> Operation {
    Operation::read("get_spatial_context", "What surrounds a place: above, beside, below, and what happened there.")
        .says("Use it to find your way in code (code_navigation of old): ancestors, siblings, children and symbols that are stored as places, and the newest events about the file or folder. Works for paths nobody stored, with what is known.")
        .takes(&["file_path"], [
            namespace(), ("file_path", filled("A file, folder or file::symbol.")),
            ("limit", integer_or(20, 1, 100, "Most of each kind.")),
        ])
        .answers(object(&["path", "stored", "ancestors", "siblings", "children", "symbols", "recent_events"], [
            ("path", text("The path, cleaned")),
            ("stored", json!({"type": "boolean", "description": "Whether it is a place"})),
            ("ancestors", answers(text("Path"))), ("siblings", answers(place())), ("children", answers(place())),
            ("symbols", answers(place())), ("recent_events", answers(super::schema::event())),
        ]))
        .example_after("Around a file", "build_spatial_hierarchy", jwt(), json!({"file_path": "/src/auth/jwt.py"}))
}

fn symbol_analysis() -> Operation {
    Operation::read("symbol_analysis", "The symbols of a file, folder or space, with how often events were about them.")
        .says("Use it to see which functions and classes are worked on or fail most. Counts are of recorded events; stored symbols without events are listed with the places.")
        .takes(&[], [
            namespace(), ("file_path", filled("A file, or a folder with a trailing /.")), ("symbol_type", filled("function, class, ..")),
            ("limit", integer_or(50, 1, 200, "Most symbols.")),
        ])
        .answers(object(&["symbols", "places", "events"], [
            ("symbols", counts("Events by symbol, most first")), ("places", answers(place())), ("events", integer(0, "Events that name a symbol")),
        ]))
        .example_after("Of one file", "build_spatial_hierarchy", jwt(), json!({"file_path": "/src/auth/jwt.py"}))
}
