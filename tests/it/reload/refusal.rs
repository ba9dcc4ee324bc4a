//! A broken bundle is refused with all that is wrong; the one in force goes on, and whoever looks is told.

use serde_json::json;

use super::{Ground, edit, load, other_edition, refused, reloaded};
use crate::{
    http::{Server, allowed, denied, todo_dir},
    worlds::TempDir,
};

/// What is broken, and what the answer says of it: file, line, column, words.
struct Mistake {
    spoil: fn(&TempDir),
    at: Option<(&'static str, u64, u64)>,
    words: &'static str,
}

const MISTAKES: [Mistake; 7] = [
    Mistake {
        spoil: |dir| {
            edit(dir, "policies/lists.cedar", "when { resource.owner == principal };", "when { resource.owner = };")
        },
        at: Some(("policies/lists.cedar", 5, 25)),
        words: "unexpected token `}`",
    },
    Mistake {
        spoil: |dir| edit(dir, "policies/lists.cedar", "resource.owner == principal", "resource.ownr == principal"),
        at: Some(("policies/lists.cedar", 5, 8)),
        words: "`ownr`",
    },
    Mistake {
        spoil: |dir| edit(dir, "policies/tasks.cedar", "context.now >= resource.dueAt", "context.now > context.now"),
        at: Some(("tests/scenarios/lists.toml", 5, 8)),
        words: "expected allow, got deny",
    },
    Mistake {
        spoil: |dir| {
            edit(dir, "policies/lists.cedar", "The owner reads", "Owners read");
            edit(dir, "tests/scenarios/lists.toml", "expect = \"allow\"", "expects = \"allow\"");
        },
        at: Some(("tests/scenarios/lists.toml", 10, 1)),
        words: "`expects`",
    },
    Mistake {
        spoil: |dir| edit(dir, "mandat.toml", "level = 2", "level = 99"),
        at: Some(("mandat.toml", 5, 9)),
        words: "a level from 0 to 16",
    },
    Mistake {
        spoil: |dir| std::fs::remove_dir_all(dir.path().join("policies")).unwrap(),
        at: None,
        words: "the bundle has no policies",
    },
    Mistake { spoil: |dir| dir.write("policies/lists.ceder", "permit"), at: None, words: "is no file of a bundle" },
];

#[test]
fn every_mistake_is_told_with_its_place_and_the_old_bundle_goes_on() {
    for Mistake { spoil, at, words } in MISTAKES {
        let ground = Ground::todo();
        let digest = load(ground.dir.path()).digest;
        spoil(&ground.dir);
        let reply = ground.reload();
        let problems = refused(&reply);
        let (header, problem) = (reply.header("x-mandat-bundle"), &problems[0]);
        assert!(problem["message"].as_str().unwrap().contains(words), "{words} in {problem}");
        let place = at.map(|(file, line, column)| (json!(file), json!(line), json!(column)));
        let found = problem.get("file").map(|file| (file.clone(), problem["line"].clone(), problem["column"].clone()));
        assert_eq!(found, place, "{problem}");
        assert_eq!(header, Some(digest.as_str()), "the answer names what is in force");
        for (question, decision) in [(allowed(), true), (denied(), false)] {
            let reply = ground.server.evaluate(&question);
            assert_eq!((reply.decision(), reply.header("x-mandat-bundle")), (decision, Some(digest.as_str())));
        }
    }
}

#[test]
fn a_help_goes_with_what_is_wrong() {
    let ground = Ground::todo();
    ground.edit("policies/lists.cedar", "@rules(\"LIST-01\")", "@rules(\"LIST-1\")");
    let problems = refused(&ground.reload());
    let help = problems.iter().find_map(|problem| problem["help"].as_str()).unwrap_or_else(|| panic!("{problems:?}"));
    assert!(help.contains("mend the annotation"), "{help}");
}

#[test]
fn what_became_of_the_last_reload_stands_in_readyz_and_in_the_metrics() {
    let ground = Ground::todo();
    let ready = || ground.server.get("/readyz");
    assert_eq!(ready().json().get("last_reload"), None);
    ground.edit("policies/lists.cedar", "resource.owner == principal", "resource.ownr == principal");
    let count = refused(&ground.reload()).len();
    let reply = ready();
    let told = reply.json()["last_reload"].clone();
    assert_eq!((reply.status, &told["result"], &told["problems"]), (200, &json!("refused"), &json!(count)));
    assert!(told["at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_ne!(told["refused"], reply.json()["bundle"]);
    assert!(told["refused"].as_str().unwrap().starts_with("sha256:"));
    assert!(!reply.text.contains("ownr"), "what is wrong is not for everybody");
    let gauge = |value| {
        assert!(ground.server.get("/metrics").text.contains(&format!("mandat_bundle_reload_refused {value}\n")))
    };
    gauge(1);
    ground.edit("policies/lists.cedar", "resource.ownr", "resource.owner");
    let reply = ground.reload();
    assert_eq!((reply.status, reply.json()["reloaded"].clone()), (200, json!(false)), "it was in force all the time");
    assert_eq!(ready().json()["last_reload"]["result"], "unchanged");
    gauge(0);
    other_edition(&ground.dir);
    let digest = reloaded(&ground.reload());
    assert_eq!(
        (&ready().json()["last_reload"]["result"], &ready().json()["bundle"]),
        (&json!("replaced"), &json!(digest))
    );
    assert!(ground.server.evaluate(&denied()).decision(), "the control: it answers otherwise");
}

#[test]
fn a_bundle_that_has_lost_most_of_its_policies_is_refused() {
    let permits = |count: usize| -> String {
        let permit =
            |n| format!("@id(\"p{n}\")\n@title(\"p\")\npermit (principal is Person, action, resource is List);\n");
        (0..count).map(permit).collect()
    };
    let schema = std::fs::read_to_string(todo_dir().join("schemas/todo.cedarschema")).unwrap();
    let ground =
        Ground::on(TempDir::with(&[("schemas/todo.cedarschema", &schema), ("policies/all.cedar", &permits(9))]));
    ground.dir.write("policies/all.cedar", &permits(4));
    assert_eq!(refused(&ground.reload())[0]["message"], "only 4 of 9 policies are left");
    ground.dir.write("policies/all.cedar", &permits(5));
    reloaded(&ground.reload());
    ground.dir.write("policies/all.cedar", &permits(3));
    reloaded(&ground.reload());
}

#[test]
fn settings_that_cannot_be_taken_up_are_named() {
    let ground = Ground::todo();
    ground.edit(
        "mandat.toml",
        "level = 2",
        "level = 3\n[server]\nlisten = \"127.0.0.1:1\"\ndeadline_ms = 5\n[store]\npoll_ms = 7",
    );
    let reply = ground.reload();
    reloaded(&reply);
    assert_eq!(reply.json()["needs_restart"], json!(["server.listen", "server.deadline_ms", "store.poll_ms"]));
    assert_eq!(ground.reload().json()["needs_restart"][0], "server.listen", "as long as it is so");
}

#[test]
fn a_body_that_is_not_nothing_is_refused_and_a_service_without_a_directory_says_so() {
    let ground = Ground::todo();
    let client = ground.server.client();
    let reply = client.post("/v1/bundle/reload", &json!({"policies": "permit (principal, action, resource);"}));
    assert_eq!(
        (reply.status, reply.json()["type"].clone()),
        (400, json!("urn:mandat:problem:invalid-form")),
        "{reply:?}"
    );
    let reply = client.post("/v1/bundle/reload", &json!({}));
    assert_eq!((reply.status, reply.json()["scenarios"].clone()), (200, json!(0)), "the control");
    let server = Server::start();
    let reply = super::reload(&server.client());
    assert_eq!(
        (reply.status, reply.json()["type"].clone()),
        (409, json!("urn:mandat:problem:no-directory")),
        "{reply:?}"
    );
}
