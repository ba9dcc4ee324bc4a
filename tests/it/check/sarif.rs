//! SARIF for code hosts: the parts of the format that they rely on.

use serde_json::Value;

use super::{READ, bundle, run};
use crate::command_line::code;

fn log(dir: &std::path::Path) -> Value {
    let output = run(&["check", "--format", "sarif"], dir);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_bundle_without_a_fault_is_a_run_without_results() {
    let dir = bundle("policies/pages.cedar", READ);
    let log = log(dir.path());
    assert_eq!((&log["version"], &log["runs"][0]["results"]), (&"2.1.0".into(), &Value::Array(vec![])));
    assert_eq!(log["runs"][0]["tool"]["driver"]["name"], "mandat");
}

#[test]
fn every_problem_is_a_result_with_its_rule_and_region() {
    // The umlauts before the place count as one column each.
    let dir = bundle(
        "policies/größe ä.cedar",
        "@id(\"more\")\nforbid (principal is Usr, action, resource);\n@id(\"most\")\nforbid (principal, action, resource) when { \"ö😀\" like \"a*\" && \"ö😀\" > 1 };\n",
    );
    assert_eq!(code(&run(&["check", "--format", "sarif"], dir.path())), 3);
    let log = log(dir.path());
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 2, "{results:?}");
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["text"].as_str().unwrap().contains("To mend it"), "{rule}");
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let number = |name: &str| region[name].as_u64().unwrap();
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        assert!((number("endLine"), number("endColumn")) >= (number("startLine"), number("startColumn")));
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.is_ascii() && uri.ends_with("policies/gr%C3%B6%C3%9Fe%20%C3%A4.cedar"), "{uri}");
    }
    let unknown = results.iter().find(|result| result["ruleId"] == "E220").unwrap();
    let region = &unknown["locations"][0]["physicalLocation"]["region"];
    assert_eq!(*region, serde_json::json!({ "startLine": 2, "startColumn": 22, "endLine": 2, "endColumn": 25 }));
    let typed = results.iter().find(|result| result["ruleId"] == "E221").unwrap();
    let region = &typed["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startColumn"], &region["endColumn"]), (&63.into(), &67.into()), "{typed}");
}

#[test]
fn a_warning_is_one_and_its_file_is_named_as_the_check_was_called() {
    let dir = bundle("policies/pages.cedar", &READ.replace("@title(\"Owners read their pages\")\n", ""));
    let log = log(dir.path());
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"W301".into(), &"warning".into()));
    let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
    assert_eq!(uri, format!("file://{}/policies/pages.cedar", dir.path().display()));
    let here = crate::command_line::mandat(&["check", "tests/bundles/todo", "--format=sarif"], "");
    assert_eq!(code(&here), 0);
}
