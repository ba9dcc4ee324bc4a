//! Who has changed something and asks another replica is answered from what was changed, or not at all (T05).

use std::time::Duration;

use super::{How, change, cleo_reads, committed, list, replicas, revision, share, times};
use crate::store::cluster::Cluster;

/// Shares and takes back through one replica and asks the others at once: how many answers were stale, of how many.
fn stale(rounds: usize, how: &How, name_the_revision: bool) -> (usize, usize) {
    let servers = replicas(Cluster::shared(), 3, how);
    let clients: Vec<_> = servers.iter().map(crate::http::Server::client).collect();
    let (mut stale, mut answers) = (0, 0);
    for round in 0..rounds {
        let shared = round % 2 == 0;
        let changed = committed(&change(&clients[round % 3], &format!("round-{round}"), &[share(&list(0), shared)]));
        for other in [(round + 1) % 3, (round + 2) % 3] {
            let question = cleo_reads(&list(0), name_the_revision.then_some(changed));
            let reply = clients[other].post("/access/v1/evaluation", &question);
            if name_the_revision {
                assert!(revision(&reply) >= changed, "an answer from before revision {changed}: {reply:?}");
            }
            stale += usize::from(reply.decision() != shared);
            answers += 1;
        }
    }
    (stale, answers)
}

#[test]
fn an_answer_that_must_know_a_revision_is_never_stale() {
    let rounds = times("MANDAT_REPLICA_ROUNDS", 250);
    assert_eq!(stale(rounds, &How::default(), true).0, 0, "on notice and by polling");
    let lost = stale(rounds / 5, &How::deaf(), true).0;
    assert_eq!(lost, 0, "where no notice arrives and nobody polls");
    let (control, answers) = stale(rounds / 5, &How::deaf(), false);
    eprintln!("without a revision and without notices {control} of {answers} answers were stale");
    assert!(control > 0, "the control: nothing went stale, so the test shows nothing");
}

#[test]
fn notices_bring_changes_without_a_poll() {
    let mut how = How::default();
    how.keeping.poll = Duration::from_secs(3_600);
    let (stale, answers) = stale(100, &how, false);
    eprintln!("with notices, asked at once without a revision: {stale} of {answers} answers were stale");
    let servers = replicas(Cluster::shared(), 2, &how);
    let changed = committed(&change(&servers[0].client(), "once", &[share(&list(0), true)]));
    super::until("the notice arrives", || revision(&servers[1].evaluate(&cleo_reads(&list(0), None))) >= changed);
}
