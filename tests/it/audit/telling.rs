//! Records told in words: every kind says what it is, and a kind of a later version is told too.

use mandat::cli::audit::telling::Told;
use serde_json::{Value, json};

const ID: &str = "01a21de6-c0f8-7000-80e5-e4c5d6b7099c";

fn told(more: Value) -> Told {
    let mut record = json!({
        "writer": 1, "sequence": 7, "previous": "0".repeat(64), "id": ID, "at": "2026-11-27T16:46:31.672498Z",
        "caller": "panel",
    });
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Told::masked(record.to_string().as_bytes()).unwrap()
}

fn asked(action: &str) -> Value {
    json!({
        "subject": {"type": "User", "id": "u-ada"}, "action": {"name": action},
        "resource": {"type": "Organization", "id": "alpenhost"},
        "context": {"products": [{"type": "Product", "id": "clinic-site"}]},
    })
}

#[test]
fn a_list_has_every_record_in_one_line() {
    let line = |more: Value| {
        let line = told(more).line();
        line.strip_prefix(&format!("{ID}  2026-11-27T16:46:31Z  ")).expect("name and time first").to_owned()
    };
    let about = "User::\"u-ada\" addClient Organization::\"alpenhost\"";
    let allowed = json!({"question": asked("addClient"), "decision": true, "rules": ["CLI-01"]});
    let of = |kind: &str, more: Value| {
        let mut record = more;
        record["kind"] = kind.into();
        line(record)
    };
    assert_eq!(of("decision", allowed.clone()), format!("allow      {about}  [CLI-01]"));
    assert_eq!(
        of("transaction", json!({"outcome": "denied", "evaluations": [allowed, allowed]})),
        format!("denied     {about} and 1 more  [CLI-01]")
    );
    assert_eq!(
        of("decision", json!({"question": asked("addClient"), "error": {"status": 503, "reason": "late"}})),
        format!("no answer  {about}")
    );
    assert_eq!(of("lost", json!({"count": 3, "reason": "queue"})), "lost       3 records (queue)");
    assert_eq!(of("retention", json!({"of": 1, "through": 9})), "retention  dropped lines up to 9 of chain 1");
    assert_eq!(of("reload", json!({"outcome": "replaced", "by": "watch"})), "replaced   by watch");
    assert_eq!(of("unheard-of", json!({})), "unheard-of", "a kind of a later version");
}

#[test]
fn one_record_says_all_that_it_holds() {
    let priced =
        json!({"tariff": "partner v1", "list": "10.00", "charged": "8.00", "cashback": "0.00", "currency": "CHF"});
    let whole = told(json!({
        "kind": "quote", "request": "q\u{1b}[31m", "question": asked("orderProduct"), "decision": true, "code": "permitted",
        "policies": ["orders.order"], "obligations": ["tellPayer"], "priced": priced, "as_of": "2026-10-01T00:00:00Z",
        "dropped": ["context.note"], "bundle": "sha256:0", "revision": 4,
    }))
    .whole(None);
    for part in [
        "answered    2026-11-27T16:46:31.672498Z, to the service `panel`, as its request `q\\u{1b}[31m`\n",
        "as of       2026-10-01T00:00:00Z",
        "  with      products [Product::\"clinic-site\"]\n",
        "answer      Allow (permitted)\n",
        "by policy   orders.order\n",
        "obligation  tellPayer\n",
        "quote       partner v1: list 10.00, charged 8.00, cashback 0.00 CHF\n",
        "facts       revision 4\n",
        "left out    context.note\n",
    ] {
        assert!(whole.contains(part), "{part:?} is not in\n{whole}");
    }
    let found =
        json!({"kind": "search", "sought": "subject", "results": [{"type": "User", "id": "u-ada"}], "more": false});
    assert!(told(found).whole(None).contains("search      for subject: User::\"u-ada\"\n"));
    let change = json!({"change": "set", "entity": {"type": "Partnership", "id": "p"}, "attribute": "status"});
    let whole =
        told(json!({"kind": "transaction", "outcome": "committed", "changes": [change], "committed": 2})).whole(None);
    assert!(
        whole.contains("change      set Partnership::\"p\" status\ntransaction committed, made revision 2\n"),
        "{whole}"
    );
}
