//! The JSON schema of a form, for editors: draft 7, which the TOML language servers read.

use serde_json::{Map, Value, json};

use super::{Form, Table};

/// A date of the years that the loader takes.
const DATE: &str = "^(19|[2-8][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$";

/// The schema of a file of that form.
pub fn of(table: &'static Table, title: &str) -> Value {
    let mut schema = of_table(table);
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!(title));
    Value::Object(schema)
}

fn of_table(table: &'static Table) -> Map<String, Value> {
    let described = |form: Form, about: &str| {
        let mut schema = of_form(form);
        schema.insert("description".to_owned(), json!(about));
        Value::Object(schema)
    };
    let properties: Map<String, Value> =
        table.keys.iter().map(|key| (key.name.to_owned(), described(key.form, key.about))).collect();
    let required: Vec<&str> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    object(json!({
        "type": "object",
        "description": table.about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    }))
}

fn of_form(form: Form) -> Map<String, Value> {
    object(match form {
        Form::Text => json!({ "type": "string" }),
        Form::Constant(word) => json!({ "const": word }),
        Form::Word(words) => json!({ "enum": words }),
        Form::AnyOf(words) => {
            let alone: Vec<&str> = words.iter().copied().chain(["*"]).collect();
            json!({ "anyOf": [{ "enum": alone }, { "type": "array", "minItems": 1, "items": { "enum": words } }] })
        }
        Form::Words(words) => json!({ "type": "array", "minItems": 1, "items": { "enum": words } }),
        Form::Names => json!({ "type": "array", "items": { "type": "string" } }),
        Form::NameOrNames => {
            json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
        }
        Form::Integer(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Form::Amount => json!({ "type": "number", "minimum": 0 }),
        Form::Rate => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Form::Date => json!({ "type": "string", "format": "date", "pattern": DATE }),
        Form::Table(table) => return of_table(table),
        Form::Named(table) => json!({ "type": "object", "additionalProperties": of_table(table) }),
        Form::Amounts => json!({ "type": "object", "additionalProperties": { "type": "number", "minimum": 0 } }),
        Form::List(table) => json!({ "type": "array", "items": of_table(table) }),
    })
}

fn object(schema: Value) -> Map<String, Value> {
    match schema {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
