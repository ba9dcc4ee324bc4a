//! `mandat who-can` and `mandat what-can` on the sample facts.

use crate::command_line::{code, mandat};

const FACTS: [&str; 2] = ["--facts", "tests/facts/programme.json"];

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = mandat(&[arguments, &FACTS].concat(), "");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code(&output), text(output.stdout), text(output.stderr))
}

#[test]
fn who_can_manage_a_product_is_listed_with_the_policies_that_let_them() {
    let (code, printed, _) = run(&["who-can", "manageProduct", "Product::\"bakery-site\"", "--explain"]);
    assert_eq!(code, 0);
    assert!(printed.contains("User::\"u-rosa\"  by products.manage.lead\n"), "{printed}");
    assert!(printed.contains("User::\"u-carl\"  by products.manage.full-partner-collaborator\n"), "{printed}");
    assert!(!printed.contains("u-fritz"), "who left the partner is not among them: {printed}");
}

#[test]
fn who_can_takes_a_context_and_names_that_shells_have_stripped() {
    let context = r#"{"client": {"type": "Organization", "id": "gallery"}, "access": "limited"}"#;
    let (code, printed, _) = run(&["who-can", "addClient", "Organization::alpenhost", "--context", context]);
    assert_eq!((code, printed.as_str()), (0, "User::\"u-ada\"\nUser::\"u-beat\"\n"));
    let (code, printed, _) =
        run(&["who-can", "addClient", "Organization::alpenhost", "--context", context, "--limit", "1"]);
    assert_eq!((code, printed.as_str()), (0, "User::\"u-ada\"\nand more, see --limit\n"));
    let (_, printed, _) = run(&["who-can", "addClient", "Organization::gallery", "--context", context]);
    assert_eq!(printed, "nobody\n");
}

#[test]
fn what_can_lists_resources_by_action_and_counts_what_was_not_asked() {
    let (code, printed, _) = run(&["what-can", "User::u-urs", "--resource-type", "Product"]);
    assert_eq!(code, 0);
    assert!(printed.contains("manageProduct\n  Product::\"bakery-site\"\nsetTags\n"), "{printed}");
    assert!(printed.contains("not asked about, since the context is another: "), "{printed}");
    let (_, printed, _) = run(&["what-can", "User::u-urs", "--action", "manageProduct"]);
    assert_eq!(printed, "manageProduct\n  Product::\"bakery-site\"\n");
    let (_, printed, _) = run(&["what-can", "User::u-nora", "--action", "manageProduct"]);
    assert_eq!(printed, "nothing\n");
}

#[test]
fn what_can_lists_the_actions_on_a_resource() {
    let (code, printed, _) = run(&["what-can", "User::u-urs", "--resource", "Product::bakery-site"]);
    assert_eq!(code, 0);
    assert!(printed.starts_with("manageProduct\nsetTags\nviewProduct\nviewTags\n"), "{printed}");
}

#[test]
fn both_answer_programs() {
    let (_, printed, _) = run(&["who-can", "viewSupportCode", "User::u-ada", "--json"]);
    assert_eq!(printed, "{\"results\":[{\"type\":\"User\",\"id\":\"u-ada\"}],\"complete\":true}\n");
    let (_, printed, _) = run(&["what-can", "User::u-ada", "--action", "viewSupportCode", "--json"]);
    let found = r#"{"results":[{"action":"viewSupportCode","resources":[{"type":"User","id":"u-ada"}],"complete":true}],"unasked":[]}"#;
    assert_eq!(printed.trim_end(), found);
}

#[test]
fn misspelt_names_are_3() {
    for arguments in [
        &["who-can", "managePorduct", "Product::bakery-site"][..],
        &["who-can", "manageProduct", "bakery-site"],
        &["who-can", "manageProduct", "Porduct::bakery-site"],
        &["who-can", "manageProduct", "Product::bakery-site", "--principal-type", "Visitor"],
        &["who-can", "addClient", "Organization::alpenhost"],
        &["who-can", "addClient", "Organization::alpenhost", "--context", "[1"],
        &["what-can", "Usher::u-ada"],
        &["what-can", "User::u-ada", "--action", "managePorduct"],
        &["what-can", "User::u-ada", "--resource-type", "Porduct"],
    ] {
        let (code, printed, errors) = run(arguments);
        assert_eq!((code, printed.as_str()), (3, ""), "{arguments:?}");
        assert!(!errors.is_empty());
    }
}

#[test]
fn check_shows_how_each_search_goes() {
    let output = mandat(&["check", "--searches"], "");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("User viewSupportCode User\n  who   User of resource\n"), "{printed}");
}
