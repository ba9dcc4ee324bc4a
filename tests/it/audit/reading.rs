//! Auditors read: by what records are about, page by page, and one with the proof that it is in the log.

use mandat::audit::proof::Proof;
use serde_json::Value;

use super::{Logged, ada_adds, adds, trusted};

fn results(logged: &Logged, query: &str) -> Vec<Value> {
    let reply = logged.client().get(&format!("/v1/decisions{query}"));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["results"].as_array().unwrap().clone()
}

fn some() -> Logged {
    let logged = Logged::strict();
    let client = logged.client();
    for question in [ada_adds("museum"), adds("u-bob", "museum"), ada_adds("alpenhost"), adds("u-beat", "museum")] {
        assert_eq!(client.post("/access/v1/evaluation", &question).status, 200);
    }
    logged
}

#[test]
fn records_are_found_by_who_what_and_how_it_was_decided() {
    let logged = some();
    assert_eq!(results(&logged, "").len(), 4);
    assert_eq!(results(&logged, "?subject=User::%22u-ada%22").len(), 2, "by a name that is recorded as a pseudonym");
    assert_eq!(results(&logged, "?subject=User::%22u-ada%22&decision=true").len(), 1);
    assert_eq!(results(&logged, "?subject=User::%22nobody%22").len(), 0);
    assert_eq!(results(&logged, "?resource=Organization::%22alpenhost%22").len(), 4);
    assert_eq!(results(&logged, "?rule=CLI-01&decision=true").len(), 2);
    assert_eq!(results(&logged, "?policy=clients.add").len(), 2);
    assert_eq!(results(&logged, "?action=viewInvoice").len(), 0);
    assert_eq!(results(&logged, "?kind=search").len(), 0);
    assert_eq!(results(&logged, "?caller=anonymous&code=forbidden").len(), results(&logged, "?code=forbidden").len());
    assert_eq!(results(&logged, "?until=2020-01-01T00:00:00Z").len(), 0);
    assert_eq!(results(&logged, "?from=2020-01-01T00:00:00Z").len(), 4);
}

#[test]
fn pages_go_on_where_the_one_before_ended() {
    let logged = some();
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let after = if token.is_empty() { String::new() } else { format!("&token={token}") };
        let page = logged.client().get(&format!("/v1/decisions?limit=1{after}")).json();
        let results = page["results"].as_array().unwrap();
        assert!(results.len() <= 1);
        seen.extend(results.iter().map(|record| record["sequence"].as_u64().unwrap()));
        token = page["next_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [4, 3, 2, 1], "the newest first, each once");
}

#[test]
fn one_record_comes_with_a_proof_that_needs_nothing_but_the_public_key() {
    let logged = some();
    for record in results(&logged, "") {
        let id = record["id"].as_str().unwrap();
        let answer = logged.client().get(&format!("/v1/decisions/{id}")).json();
        assert_eq!(answer["record"], record);
        let proof: Proof = serde_json::from_value(answer["proof"].clone()).unwrap();
        proof.check(&trusted()).unwrap();
        let forged = Proof { line: proof.line.replace("\"decision\":", "\"decision\" :"), ..proof };
        assert!(forged.check(&trusted()).is_err());
    }
    let unknown = logged.client().get("/v1/decisions/00000000-0000-7000-8000-000000000000");
    assert_eq!(unknown.status, 404);
}

#[test]
fn a_query_that_cannot_be_read_is_refused() {
    let logged = some();
    for query in
        ["?subject=ada", "?limit=0", "?limit=101", "?decision=perhaps", "?from=yesterday", "?unheard=of", "?token=1"]
    {
        let reply = logged.client().get(&format!("/v1/decisions{query}"));
        assert_eq!(reply.status, 400, "{query}: {reply:?}");
    }
    assert_eq!(logged.client().get("/v1/decisions/17").status, 400);
}
