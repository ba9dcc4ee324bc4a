//! A revision that is not known is waited for, briefly, and then there is no answer.

use std::time::Duration;

use serde_json::{Value, json};

use super::{How, change, cleo_reads, committed, link::Link, list, replicas, revision, seed, share};
use crate::{
    http::{Reply, Server},
    store::cluster::Cluster,
};

fn impatient() -> How {
    let mut how = How::default();
    how.settings.revision_wait_ms = 50;
    how
}

/// A single question, a batch and the searches, each from no older revision than that.
fn ask_all(server: &Server, at_least: u64) -> Vec<Reply> {
    let options = json!({"at_least_revision": at_least});
    let question = cleo_reads(&list(0), None);
    let batch = json!({"evaluations": [question, question], "options": options});
    let subject = json!({"subject": {"type": "Person"}, "action": question["action"], "resource": question["resource"],
        "options": options});
    let resource = json!({"subject": question["subject"], "action": question["action"], "resource": {"type": "List"},
        "options": options});
    let action = json!({"subject": question["subject"], "resource": question["resource"], "options": options});
    let post = |path: &str, body: &Value| server.client().post(path, body);
    vec![
        post("/access/v1/evaluation", &cleo_reads(&list(0), Some(at_least))),
        post("/access/v1/evaluations", &batch),
        post("/access/v1/search/subject", &subject),
        post("/access/v1/search/resource", &resource),
        post("/access/v1/search/action", &action),
    ]
}

#[test]
fn a_revision_that_does_not_exist_is_never_answered_from() {
    let servers = replicas(Cluster::shared(), 1, &impatient());
    for reply in ask_all(&servers[0], 1_000) {
        assert_eq!(reply.status, 503, "{reply:?}");
        assert!(reply.message().contains("revision 1000 of the facts is not known here yet, only 1"), "{reply:?}");
    }
    for reply in ask_all(&servers[0], 1) {
        assert_eq!((reply.status, revision(&reply)), (200, 1), "the control: {reply:?}");
    }
}

#[test]
fn every_route_finds_a_revision_that_nobody_announced() {
    let mut deaf = How::deaf();
    deaf.settings.revision_wait_ms = 20_000;
    for route in 0..5 {
        let servers = replicas(Cluster::shared(), 2, &deaf);
        let changed = committed(&change(&servers[0].client(), "share", &[share(&list(0), true)]));
        let reply = ask_all(&servers[1], changed).swap_remove(route);
        assert_eq!((reply.status, revision(&reply)), (200, changed), "{reply:?}");
    }
}

/// A wait for the database that outlasted the wait for a revision would end this test by the client's own patience.
#[test]
fn a_database_that_is_silent_holds_nobody_up() {
    let cluster = Cluster::shared();
    let (database, link) = (cluster.database(), Link::to(cluster.port()));
    let mut how = impatient();
    how.options.answer_within = Duration::from_secs(600);
    let server = how.start(&link.url(&database));
    seed(&server.client());
    assert!(!server.evaluate(&cleo_reads(&list(0), None)).decision());
    link.silence();
    for reply in (0..20).flat_map(|_| ask_all(&server, 2)) {
        assert_eq!(reply.status, 503, "{reply:?}");
    }
    let reply = server.evaluate(&cleo_reads(&list(0), None));
    assert_eq!((reply.decision(), revision(&reply)), (false, 1), "what is known is still answered from");
    link.mend();
    let changed = committed(&change(&server.client(), "share", &[share(&list(0), true)]));
    assert!(server.evaluate(&cleo_reads(&list(0), Some(changed))).decision(), "it has recovered");
}

#[test]
fn a_search_that_began_before_what_the_caller_has_seen_is_not_gone_on_with() {
    let servers = replicas(Cluster::shared(), 1, &How::default());
    let client = servers[0].client();
    let changes: Vec<_> = (0..5).map(|number| share(&list(number), true)).collect();
    let shared = committed(&change(&client, "share", &changes));
    let mut search = json!({"subject": {"type": "Person", "id": "cleo"}, "action": {"name": "readList"},
        "resource": {"type": "List"}, "page": {"limit": 2}});
    let first = client.post("/access/v1/search/resource", &search);
    search["page"]["token"] = first.json()["page"]["next_token"].clone();
    let next = client.post("/access/v1/search/resource", &search);
    assert_eq!((next.status, revision(&next)), (200, shared), "the control: {next:?}");
    let revoked = committed(&change(&client, "revoke", &[share(&list(4), false)]));
    search["options"] = json!({"at_least_revision": revoked});
    let refused = client.post("/access/v1/search/resource", &search);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.message().contains("begin it anew"), "{refused:?}");
}
