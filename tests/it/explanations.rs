//! x
use crate::worlds::{World, asks};
use serde_json::{Value, json};

#[test]
fn show() {
    let context = json!({"badge": "red", "pin": 7, "urgent": false, "guest": {"type": "Person", "id": "bob"}});
    for clause in [
        r#"resource.state == "closed""#,
        r#""closed" == resource.state"#,
        r#"resource.state != "open""#,
        r#"!(resource.state == "open")"#,
        r#"resource.owner != principal"#,
        r#"resource.owner == principal.home.owner && resource.owner != principal"#,
        r#"resource.readers.contains(principal)"#,
        r#"!resource.readers.contains(Person::"bob")"#,
        r#"["a", "b"].contains(resource.state)"#,
        r#"!["open", "b"].contains(resource.state)"#,
        r#"resource.readers.containsAll([principal, Person::"bob"])"#,
        r#"resource.readers.containsAny([principal])"#,
        r#"!resource.readers.containsAny([Person::"bob"])"#,
        r#"!resource.readers.containsAll([Person::"bob"])"#,
        r#"principal in Team::"machines""#,
        r#"!(principal in Team::"hq")"#,
        r#"principal in [Team::"machines", Team::"none"]"#,
        r#"resource in Folder::"nowhere""#,
        "resource.size < 5",
        "resource.size <= 5",
        "resource.size > 50",
        "resource.size >= 50",
        "!(resource.size < 50)",
        "!(resource.size > 5)",
        "!(resource.size <= 50)",
        "!(resource.size >= 5)",
        "context.now < datetime(\"2026-01-01\")",
        "context.now >= datetime(\"2027-01-01\")",
        "context has token",
        "!(context has badge)",
        "resource has reviewer && resource.reviewer == principal",
        "!(resource has reviewer)",
        "principal has manager.manager",
        "!(resource has reviewer.level)",
        "context has token.live",
        r#"resource.state like "clo*""#,
        r#"!(resource.state like "op*")"#,
        r#"!(context.badge like "r*")"#,
        "principal is Robot",
        "!(principal is Person)",
        "resource is Document && context has token",
        "context has urgent && context.urgent",
        "resource has secret && !resource.secret",
        "resource.teams.isEmpty()",
        "!resource.readers.isEmpty()",
        "if context has token then true else false",
        "resource.size + 1 == 3",
        "resource.size * 2 > 50",
        "-resource.size > 0",
        "{a: 1, b: resource.size} == {a: 1, b: 2}",
        "[1, 2].contains(resource.size)",
        "[principal].contains(resource.owner) && [Person::\"bob\"].contains(principal)",
        "resource.owner.home.owner == Person::\"bob\"",
        "resource.owner.home == Folder::\"contracts\"",
        "principal.level + resource.size > 9223372036854775807",
        "resource[\"state\"] == \"x\"",
        "context.now.toTime() > duration(\"23h\")",
        "true == (resource.state == \"closed\")",
        "(resource.state == \"closed\") == true",
    ] {
        let policy = format!(
            "@id(\"p\") permit (principal is Person, action == Action::\"edit\", resource is Document) when {{ {clause} }};"
        );
        let policy2 = policy.replace("when {", "when { context has badge && context has pin && ");
        let bundle = crate::worlds::office(&policy).or_else(|_| crate::worlds::office(&policy2));
        let world = match bundle {
            Ok(b) => World::new(std::sync::Arc::new(b), &crate::worlds::office_facts()),
            Err(p) => {
                println!("INVALID {clause}: {p}");
                continue;
            }
        };
        let request = asks("Person::\"ada\"", "edit", "Document::\"lease\"", context.clone());
        let e = world.explain(&request);
        for n in &e.near_misses {
            for m in &n.missing {
                println!("{clause}\n    [{}] FOUND {} CHANGE {}", m.clause, m.finding.found, m.finding.change);
            }
        }
        if e.near_misses.is_empty() {
            println!("{clause}\n    NONE {}", e.reason_admin);
        }
    }
    let _ = Value::Null;
}
