//! A replica that is cut off says how old its knowledge is, and answers nothing once that is too old.

use std::time::Duration;

use super::{How, change, cleo_reads, committed, link::Link, list, revision, seed, share, until};
use crate::store::cluster::Cluster;

fn within(max_staleness: Duration) -> How {
    let mut how = How::default();
    how.settings.revision_wait_ms = 50;
    how.keeping.poll = Duration::from_millis(20);
    how.keeping.max_staleness = max_staleness;
    how
}

#[test]
fn a_replica_that_is_cut_off_answers_what_it_knows_until_that_is_too_old() {
    let cluster = Cluster::shared();
    let (database, link) = (cluster.database(), Link::to(cluster.port()));
    let connected = How::default().start(&cluster.url(&database));
    seed(&connected.client());
    let patient = within(Duration::from_secs(3_600)).start(&link.url(&database));
    let strict = within(Duration::from_millis(400)).start(&link.url(&database));
    let question = cleo_reads(&list(0), None);
    until("both are ready and know the list", || {
        [&patient, &strict].iter().all(|server| server.evaluate(&question).status == 200)
    });
    link.cut();
    let changed = committed(&change(&connected.client(), "share", &[share(&list(0), true)]));

    let reply = patient.evaluate(&question);
    assert_eq!((reply.decision(), revision(&reply)), (false, 1), "as it knows it, and says so");
    let reply = patient.evaluate(&cleo_reads(&list(0), Some(changed)));
    assert_eq!(reply.status, 503, "who has seen more is not answered: {reply:?}");
    let age = || patient.get("/readyz").json()["checked_ms_ago"].as_u64().unwrap();
    let before = age();
    until("the age of its knowledge grows", || age() > before + 100);
    assert_eq!(patient.get("/readyz").status, 200);

    until("what the strict one knows is too old", || strict.get("/readyz").status == 503);
    let told = strict.get("/readyz").json();
    assert!(told["reason"].as_str().unwrap().contains("max_staleness_ms"), "{told}");
    assert!(told["checked_ms_ago"].as_u64().unwrap() > 400, "{told}");
    let batch = serde_json::json!({"evaluations": [question]});
    for reply in [strict.evaluate(&question), strict.evaluate_all(&batch)] {
        assert_eq!((reply.status, reply.message().as_str()), (503, "the facts cannot be read at the moment"));
    }

    link.mend();
    for server in [&patient, &strict] {
        until("it recovers by itself", || {
            let reply = server.evaluate(&cleo_reads(&list(0), Some(changed)));
            reply.status == 200 && reply.decision()
        });
        assert_eq!(server.get("/readyz").status, 200);
    }
}

#[test]
fn without_postgresql_nobody_is_ready_and_all_recover() {
    let cluster = Cluster::new(&[]);
    let servers = super::replicas(&cluster, 3, &within(Duration::from_millis(400)));
    let question = cleo_reads(&list(0), None);
    cluster.stop();
    for server in &servers {
        until("it is not ready", || server.get("/readyz").status == 503);
        assert_eq!(server.evaluate(&question).status, 503);
        assert_eq!(change(&server.client(), "nothing", &[share(&list(0), true)]).status, 503);
        assert_eq!(server.get("/healthz").status, 200);
    }
    cluster.start();
    for server in &servers {
        until("it is ready", || server.get("/readyz").status == 200);
        assert!(!server.evaluate(&question).decision(), "what was not acknowledged is not there");
    }
    let changed = committed(&change(&servers[0].client(), "nothing", &[share(&list(0), true)]));
    assert!(servers[1].evaluate(&cleo_reads(&list(0), Some(changed))).decision());
}
