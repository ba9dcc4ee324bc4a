//! What must not be recorded is nowhere: neither in the log nor in anything else that the service writes (threat T20).

use std::collections::BTreeMap;

use mandat::{
    audit::people::Person,
    config::audit::{AuditSettings, Mode},
};

use super::{
    Logged, ada_adds,
    canaries::{CANARIES, found, requests},
    lines,
};
use crate::{
    http::process::{Process, mandat},
    reports::{Desk, FACTS},
    support::programme_dir,
    transactions::{bundle, sample_home, send},
    worlds::TempDir,
};

/// Everything is a person and nothing is kept: what holds where the settings say nothing.
fn silent() -> AuditSettings {
    AuditSettings::default()
}

/// What the log, the metrics and the report of decisions say, after all requests.
fn told_by(settings: AuditSettings) -> [String; 2] {
    let mut bundle = bundle();
    bundle.settings.audit = settings;
    let logged = Logged::with(Mode::Strict, 1_000, bundle);
    for (path, body) in requests().0 {
        let client = logged.client();
        let reply = if path.ends_with("transactions") { send(&client, "k", &body) } else { client.post(path, &body) };
        assert!(reply.status < 500, "{path}: {reply:?}");
    }
    let records = logged.records();
    assert!(records.len() >= requests().0.len(), "each is recorded");
    logged.assert_sound();
    let log = lines(logged.ledger()).join("\n") + &logged.client().get("/metrics").text;
    logged.recorder.close();
    let desk = Desk::new();
    let done = desk.written(&["decisions", "--log", logged.path().to_str().unwrap(), "--facts", FACTS]);
    let report = ["decisions.html", "decisions.csv"].map(|name| desk.read(name)).concat();
    assert!(report.contains("createApplicationPassword"), "it is about these requests: {report}");
    [log, report + &done.out + &done.err]
}

#[test]
fn nothing_that_callers_send_is_recorded_unless_the_settings_say_so() {
    let (_, used) = requests();
    assert!(used >= CANARIES, "only {used} canaries are sent");
    assert_eq!(told_by(silent()).map(|text| found(&text)), [Vec::<usize>::new(), Vec::new()]);
    // The control: the same requests where all is kept and nobody is a person.
    let keep = [
        "context.name",
        "context.user",
        "context.role",
        "context.scope",
        "context.access",
        "context.paymentMode",
        "context.products",
        "context.partner",
    ];
    let keep = BTreeMap::from([("*".to_owned(), keep.map(str::to_owned).to_vec())]);
    let open = AuditSettings { persons: Vec::new(), keep, ..silent() };
    let [log, report] = told_by(open).map(|text| found(&text));
    assert!(log.len() > 20, "with the masks off only {log:?} are recorded");
    assert_eq!(report, Vec::<usize>::new(), "the report names nobody even then");
}

/// What a service writes beside its log, and the metrics, after all requests.
fn written_by(arguments: &[&str]) -> String {
    let (home, dir) = (sample_home(), TempDir::new());
    let log = dir.path().join("d.db");
    let mut command = mandat();
    command.args(["serve", "--log", "json", "--store", &home.place]).args(arguments).arg("--audit").arg(&log);
    let process = Process::start_on(&programme_dir(), command);
    for (path, body) in requests().0 {
        let client = process.client();
        if path.ends_with("transactions") {
            send(&client, "k", &body)
        } else {
            client.post(path, &body)
        };
    }
    let metrics = process.client().get("/metrics").text;
    let (_, written) = process.stop("-TERM");
    assert!(written.contains("decisions are recorded"), "{written}");
    metrics + &written
}

#[test]
fn neither_does_anything_else_that_the_service_writes_name_them() {
    assert_eq!(found(&written_by(&[])), Vec::<usize>::new());
    // The control: ids are there where somebody asked for that much of it.
    assert!(!found(&written_by(&["--log-filter", "mandat=debug"])).is_empty());
}

#[test]
fn the_settings_of_the_programme_keep_everything_but_names_that_people_make_up() {
    let bundle = bundle();
    let keep = &bundle.settings.audit.keep;
    let mut dropped = Vec::new();
    for (action, shape) in bundle.shapes.actions.iter().filter(|(action, _)| !action.starts_with("keep")) {
        for entry in shape.context.keys() {
            let path = format!("context.{entry}");
            let kept = |key: &str| keep.get(key).is_some_and(|paths| paths.contains(&path));
            if entry != "now" && !kept("*") && !kept(action) {
                dropped.push(format!("{action} {entry}"));
            }
        }
    }
    assert_eq!(dropped, ["createApplicationPassword name"]);
}

#[test]
fn whoever_is_erased_cannot_be_found_again_and_the_chain_stays_whole() {
    let logged = Logged::strict();
    let ask = || assert!(logged.client().post("/access/v1/evaluation", &ada_adds("museum")).decision());
    ask();
    let ada = Person { entity_type: "User".to_owned(), id: "u-ada".to_owned() };
    let pseudonym = logged.ledger().pseudonym(&ada).unwrap().unwrap();
    assert_eq!(logged.ledger().person(pseudonym).unwrap(), Some(ada.clone()), "before");
    assert_eq!(logged.ledger().forget(&ada).unwrap(), Some(pseudonym));
    assert_eq!(logged.ledger().person(pseudonym).unwrap(), None);
    assert_eq!(logged.ledger().pseudonym(&ada).unwrap(), None);
    let [other] = logged.ledger().enroll(std::slice::from_ref(&ada)).unwrap()[..] else { unreachable!() };
    assert_ne!(other, pseudonym, "what is recorded later has another pseudonym");
    logged.assert_sound();
}
