//! The JSON documents keep to the schema that is published with them.

mod made;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wt_formats::{Format, json as format};

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/check.v1.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Where `value` is not what `schema` says. It knows the keywords that this schema
/// has and no others, and is stricter in one thing: a field that the schema does
/// not name is a problem, so that none can be added without a description.
fn problems(value: &Value, schema: &Value, root: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        let holds = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                problems(value, &root["$defs"][name], root, at, found);
                true
            }
            "type" => has_type(value, rule),
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_i64().is_none_or(|n| n >= rule.as_i64().unwrap()),
            "required" => rule.as_array().unwrap().iter().all(|name| {
                value
                    .as_object()
                    .is_none_or(|fields| fields.contains_key(name.as_str().unwrap()))
            }),
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    problems(item, rule, root, &format!("{at}[{n}]"), found);
                }
                true
            }
            "properties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    let at = format!("{at}.{name}");
                    match rule.get(name) {
                        Some(rule) => problems(inner, rule, root, &at, found),
                        None => found.push(format!("{at} is not described")),
                    }
                }
                true
            }
            "oneOf" => {
                let fits = |schema: &&Value| {
                    let mut found = Vec::new();
                    problems(value, schema, root, at, &mut found);
                    found.is_empty()
                };
                rule.as_array().unwrap().iter().filter(fits).count() == 1
            }
            other => panic!("this test does not know the keyword `{other}`"),
        };
        if !holds {
            found.push(format!("{at} breaks `{keyword}`: {value}"));
        }
    }
}

fn has_type(value: &Value, rule: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        other => panic!("this test does not know the type `{other}`"),
    };
    match rule {
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    }
}

fn problems_of(document: &Value) -> Vec<String> {
    let schema = schema();
    let mut found = Vec::new();
    problems(document, &schema, &schema, "$", &mut found);
    found
}

#[test]
fn every_golden_file_keeps_to_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".json") || name.ends_with(".gradescope.json") {
            continue;
        }
        let document = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(problems_of(&document), Vec::<String>::new(), "{name}");
        seen += 1;
    }
    assert_eq!(seen, made::cases().len());
}

#[test]
fn a_document_that_lacks_or_changes_a_field_breaks_the_schema() {
    let text = Format::Json.document(&made::case("wrong")).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let spoilt = [
        ("/version", json!(2)),
        ("/schema", json!("other")),
        ("/exit_code", json!(2)),
        ("/lessons/0/state", json!("done")),
        ("/lessons/0/outcome/kind", json!("rejected")),
        ("/lessons/0/checks/1/verdict", json!("Wrong")),
        ("/lessons/0/checks/1/place/line", json!(0)),
        ("/lessons/0/checks/1/points/lost", json!(-1)),
        ("/lessons/0/checks/1/tier", json!("C")),
        ("/lessons/0/checks/1", json!({})),
    ];
    for (pointer, value) in spoilt {
        let mut document = whole.clone();
        *document.pointer_mut(pointer).expect(pointer) = value;
        assert_ne!(problems_of(&document), Vec::<String>::new(), "{pointer}");
    }
}

#[test]
fn the_schema_names_every_verdict_word_and_its_own_version() {
    let schema = schema();
    let words = schema["$defs"]["check"]["properties"]["verdict"]["enum"]
        .as_array()
        .unwrap();
    assert_eq!(words.len(), 14);
    for word in words {
        let word = word.as_str().unwrap();
        assert!(wt_grader::Word::parse(word).is_some(), "{word}");
    }
    assert_eq!(schema["properties"]["schema"]["const"], format::SCHEMA);
    assert_eq!(schema["properties"]["version"]["const"], format::VERSION);
}

#[test]
fn earned_lost_and_not_judged_are_all_points() {
    for (name, graded) in made::cases() {
        let points = graded.points();
        assert_eq!(
            points.earned + points.lost + points.not_judged,
            points.possible,
            "{name}"
        );
    }
    let points = made::case("not_judged").points();
    assert_eq!((points.earned, points.lost, points.not_judged), (1, 0, 3));
}

#[test]
fn gradescopes_scores_lose_only_what_the_code_lost() {
    for (name, graded) in made::cases() {
        let Some(text) = Format::Gradescope.document(&graded) else {
            continue;
        };
        let document: Value = serde_json::from_str(&text).unwrap();
        let tests = document["tests"].as_array().unwrap();
        let sum = |field: &str| {
            tests
                .iter()
                .map(|test| test[field].as_u64().unwrap())
                .sum::<u64>()
        };
        let points = graded.points();
        assert_eq!(sum("max_score"), u64::from(points.possible), "{name}");
        assert_eq!(
            sum("score"),
            u64::from(points.possible - points.lost),
            "{name}"
        );
        for test in tests {
            let is_full = test["score"] == test["max_score"];
            assert_eq!(
                test["status"],
                if is_full { "passed" } else { "failed" },
                "{name}"
            );
        }
    }
}
