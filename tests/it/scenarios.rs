//! The scenarios of the partner programme, as `mandat test` runs them.

use std::process::Command;

use crate::support::programme_dir;

#[test]
fn the_policies_do_what_the_scenarios_say() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_mandat")).arg("test").arg(programme_dir()).output().expect("mandat runs");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains(", 0 failed"), "{report}");
}
