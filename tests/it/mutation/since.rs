//! What changed since a revision, from git's difference.

use mandat::analysis::mutation::since::Changed;

const POLICY: &str = "\
diff --git a/policies/orders.cedar b/policies/orders.cedar
--- a/policies/orders.cedar
+++ b/policies/orders.cedar
@@ -12 +12,2 @@ permit (
-  old
+  new
+  newer
@@ -30,2 +31,0 @@ forbid (
-  gone
-  gone too
";

#[test]
fn changed_and_shortened_places_are_known_by_their_lines() {
    let changed = Changed::of(POLICY, "");
    assert!(!changed.everything);
    let touched = |first, last| changed.touches("policies/orders.cedar", first, last);
    assert!(touched(12, 12) && touched(13, 20) && touched(1, 99));
    assert!(touched(31, 31) && touched(32, 40), "where lines were taken out, what stands around is meant");
    assert!(!touched(1, 11) && !touched(14, 30) && !touched(33, 99));
    assert!(!changed.touches("policies/clients.cedar", 1, 99));
}

#[test]
fn a_new_file_is_changed_throughout() {
    let changed = Changed::of("", "policies/new.cedar\ntests/scenarios/new.toml\n");
    assert!(!changed.everything && changed.touches("policies/new.cedar", 700, 700));
}

#[test]
fn more_scenarios_let_no_mutant_live_and_fewer_may() {
    let hunk = |ranges: &str| {
        format!("--- a/tests/scenarios/orders.toml\n+++ b/tests/scenarios/orders.toml\n@@ {ranges} @@\n")
    };
    assert!(!Changed::of(&hunk("-9,0 +10,7"), "").everything);
    assert!(Changed::of(&hunk("-9,7 +8,0"), "").everything);
    assert!(Changed::of(&hunk("-9 +9"), "").everything);
}

#[test]
fn schema_facts_and_settings_matter_to_everything() {
    for file in ["schemas/mandat.cedarschema", "tests/facts/programme.json", "mandat.toml", "policies/rules.toml"] {
        let difference = format!("--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-old\n+new\n");
        assert_eq!(Changed::of(&difference, "").everything, file != "policies/rules.toml", "{file}");
    }
}

#[test]
fn a_file_that_is_gone_matters_to_everything() {
    let difference = "--- a/policies/orders.cedar\n+++ /dev/null\n@@ -1,9 +0,0 @@\n";
    assert!(Changed::of(difference, "").everything);
}
