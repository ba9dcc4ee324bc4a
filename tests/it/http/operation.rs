//! What operators and tools look at: discovery, the OpenAPI document, metrics.

use serde_json::{Value, json};

use super::{Server, allowed, asks, denied};

#[test]
fn discovery_names_the_base_it_is_found_at() {
    let server = Server::start();
    let reply = server.get("/.well-known/authzen-configuration");
    let base = format!("http://{}", server.address);
    let expected = json!({
        "policy_decision_point": base,
        "access_evaluation_endpoint": format!("{base}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{base}/access/v1/evaluations"),
        "search_subject_endpoint": format!("{base}/access/v1/search/subject"),
        "search_resource_endpoint": format!("{base}/access/v1/search/resource"),
        "search_action_endpoint": format!("{base}/access/v1/search/action"),
    });
    assert_eq!((reply.status, reply.header("content-type"), reply.json()), (200, Some("application/json"), expected));
}

#[test]
fn discovery_names_the_public_url_where_one_is_set() {
    let server = Server::with(|settings| settings.public_url = Some("https://pdp.example.com/".to_owned()));
    let document = server.get("/.well-known/authzen-configuration").json();
    assert_eq!(document["policy_decision_point"], "https://pdp.example.com");
    assert_eq!(document["access_evaluation_endpoint"], "https://pdp.example.com/access/v1/evaluation");
}

#[test]
fn the_endpoints_of_discovery_answer() {
    let server = Server::start();
    let document = server.get("/.well-known/authzen-configuration").json();
    let base = document["policy_decision_point"].as_str().unwrap();
    for endpoint in ["access_evaluation_endpoint", "access_evaluations_endpoint"] {
        let path = document[endpoint].as_str().unwrap().strip_prefix(base).unwrap();
        assert!(server.client().post(path, &allowed()).decision());
    }
    for endpoint in ["search_subject_endpoint", "search_resource_endpoint", "search_action_endpoint"] {
        let path = document[endpoint].as_str().unwrap().strip_prefix(base).unwrap();
        assert!(server.client().post(path, &allowed()).json()["results"].is_array());
    }
}

/// Path and method of every operation of the document.
fn operations(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(|method| (path.clone(), method.clone())))
        .collect()
}

#[test]
fn the_openapi_document_is_3_1_and_every_route_of_it_answers() {
    let server = Server::start();
    let document = server.get("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    assert_eq!(operations.len(), 16, "{operations:?}");
    for (path, method) in operations {
        let reply = if method == "post" { server.client().post(&path, &allowed()) } else { server.get(&path) };
        // The to-do list has no tariff, a question is no order, no transaction and not nothing, no entity is `{id}`, no
        // record can be, and on facts from a file nothing is recorded.
        let expected = match path.as_str() {
            "/v1/quotes" | "/v1/transactions" | "/v1/bundle/reload" => 400,
            "/v1/facts/{type}/{id}" => 404,
            "/v1/decisions" => 409,
            "/v1/decisions/{id}" => 400,
            _ => 200,
        };
        assert_eq!(reply.status, expected, "{method} {path}");
        let documented = &document["paths"][&path][&method]["responses"][expected.to_string()]["content"];
        let media_type = reply.header("content-type").unwrap().split(';').next().unwrap();
        assert!(documented.get(media_type).is_some(), "{method} {path} answers {media_type}: {documented}");
        let other = if method == "post" { server.get(&path) } else { server.client().post(&path, &json!({})) };
        assert_eq!(other.status, 405, "{path}");
    }
}

#[test]
fn the_openapi_document_lists_every_error_of_an_evaluation() {
    let server = Server::start();
    let document = server.get("/openapi.json").json();
    let search = ["subject", "resource", "action"].map(|sought| format!("/access/v1/search/{sought}"));
    let evaluation = ["/access/v1/evaluation", "/access/v1/evaluations"].map(ToOwned::to_owned);
    for path in evaluation.iter().chain(&search) {
        let responses = document["paths"][path]["post"]["responses"].as_object().unwrap();
        let statuses: Vec<&str> = responses.keys().map(String::as_str).collect();
        assert_eq!(statuses, ["200", "400", "401", "403", "408", "413", "415", "500", "503"], "{path}");
        for (status, response) in responses.iter().filter(|(status, _)| *status != "200") {
            let schema = &response["content"]["application/json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Message", "{path} {status}");
        }
    }
    assert_eq!(document["components"]["schemas"]["Message"]["type"], "string");
    assert!(references(&document).iter().all(|name| document["components"]["schemas"].get(name).is_some()));
}

/// Every schema that the document refers to.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let own =
                fields.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/components/schemas/"));
            own.map(ToOwned::to_owned).into_iter().chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// The value of a series, zero where it has not begun.
fn metric(text: &str, series: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().unwrap())
}

#[test]
fn decisions_errors_requests_and_times_are_counted() {
    let server = Server::start();
    for question in [
        allowed(),
        allowed(),
        denied(),
        asks("ada", "renameList", "Task", "milk"),
        asks("ada", "renameLst", "List", "x"),
    ] {
        server.evaluate(&question);
    }
    let mut overflow = asks("ada", "addTask", "List", "groceries");
    overflow["action"]["properties"] = json!({"title": "milk", "minutes": i64::MAX});
    server.evaluate_all(&json!({"evaluations": [allowed(), overflow]}));
    let reply = server.get("/metrics");
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for (series, expected) in [
        (r#"mandat_decisions_total{action="renameList",result="permitted"}"#, 3),
        (r#"mandat_decisions_total{action="renameList",result="not_permitted"}"#, 1),
        (r#"mandat_decisions_total{action="renameList",result="not_applicable"}"#, 1),
        (r#"mandat_decisions_total{action="addTask",result="evaluation_error"}"#, 1),
        (r#"mandat_evaluation_errors_total{effect="forbid"}"#, 1),
        (r#"mandat_evaluation_errors_total{effect="permit"}"#, 0),
        (r#"mandat_http_requests_total{route="/access/v1/evaluation",status="200"}"#, 4),
        (r#"mandat_http_requests_total{route="/access/v1/evaluation",status="400"}"#, 1),
        (r#"mandat_http_requests_total{route="/access/v1/evaluations",status="200"}"#, 1),
        ("mandat_decision_duration_seconds_count", 6),
        (r#"mandat_decision_duration_seconds_bucket{le="+Inf"}"#, 6),
        (r#"mandat_http_request_duration_seconds_count{route="/access/v1/evaluation"}"#, 5),
    ] {
        assert_eq!(metric(&reply.text, series), expected, "{series} in\n{}", reply.text);
    }
    assert!(reply.text.contains(r#"mandat_decision_duration_seconds_bucket{le="0.000001"}"#), "buckets begin at 1 µs");
    assert!(!reply.text.contains("renameLst"), "what callers make up is no label");
}

#[test]
fn paths_that_callers_make_up_share_one_series() {
    let server = Server::start();
    for path in ["/a", "/b", "/access/v1/search/people"] {
        assert_eq!(server.get(path).status, 404);
    }
    assert_eq!(metric(&server.get("/metrics").text, r#"mandat_http_requests_total{route="other",status="404"}"#), 3);
}

#[test]
fn two_services_in_one_process_count_for_themselves() {
    let (left, right) = (Server::start(), Server::start());
    left.evaluate(&allowed());
    let series = r#"mandat_decisions_total{action="renameList",result="permitted"}"#;
    assert_eq!(metric(&left.get("/metrics").text, series), 1);
    assert_eq!(metric(&right.get("/metrics").text, series), 0);
}
