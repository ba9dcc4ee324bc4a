//! What stored facts must keep: each policy is broken once, from its own side and from the other.

use mandat::bundle::{Bundle, keepers::Keepers};
use serde_json::{Value, json};

use super::{Directory, Home, House, add, broken, committed, put, remove, set, uid, unset};
use crate::support::programme;

fn partnership(client: &str, partner: &str, status: &str) -> Value {
    let (client, partner) = (uid(&format!("Organization::{client}")), uid(&format!("Organization::{partner}")));
    json!({
        "client": client, "partner": partner, "status": status, "access": "limited", "products": [], "collaborators": [],
    })
}

/// A policy and changes that would break it.
fn cases() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        ("facts.organizations.known-words", vec![set("Organization::gallery", "kind", "guild")]),
        (
            "facts.organizations.legal-representative",
            vec![set("Organization::gallery", "legalRepresentatives", json!([]))],
        ),
        ("facts.organizations.partner-or-affiliate", vec![set("Organization::alpenhost", "affiliate", true)]),
        (
            "facts.organizations.full-partnership",
            vec![set("Organization::gallery", "fullPartnership", uid("Partnership::bakery:alpenhost"))],
        ),
        ("facts.organizations.full-partnership-stays-named", vec![unset("Organization::bakery", "fullPartnership")]),
        ("facts.partnerships.known-words", vec![set("Partnership::theatre:alpenhost", "access", "wide")]),
        (
            "facts.partnerships.two-sides",
            vec![put("Partnership::gallery:gallery", partnership("gallery", "gallery", "requested"))],
        ),
        (
            "facts.partnerships.same-sides",
            vec![set("Partnership::florist:alpenhost", "client", uid("Organization::gallery"))],
        ),
        ("facts.partnerships.full-access-says-who-pays", vec![unset("Partnership::bakery:alpenhost", "paymentMode")]),
        (
            "facts.partnerships.limited-access-has-no-payment-mode",
            vec![set("Partnership::museum:alpenhost", "paymentMode", "client")],
        ),
        ("facts.partnerships.full-is-named", vec![set("Partnership::florist:alpenhost", "status", "active")]),
        ("facts.partnerships.limited-is-named", vec![set("Partnership::florist:pixelwerk", "status", "active")]),
        ("facts.partnerships.named-is-full", vec![set("Partnership::bakery:alpenhost", "status", "ended")]),
        ("facts.partnerships.named-is-limited", vec![set("Partnership::museum:alpenhost", "status", "ended")]),
        (
            "facts.partnerships.begins-pending",
            vec![put("Partnership::gallery:alpenhost", partnership("gallery", "alpenhost", "refused"))],
        ),
        ("facts.partnerships.status-steps", vec![set("Partnership::florist:alpenhost", "status", "invited")]),
        (
            "facts.products.stay-with-organization",
            vec![set("Product::museum-shop", "organization", uid("Organization::bakery"))],
        ),
        (
            "facts.products.limited-partnership",
            vec![set("Product::museum-shop", "limitedPartnership", uid("Partnership::museum:alpenhost"))],
        ),
        (
            "facts.products.one-manager-at-a-time",
            vec![
                remove("Partnership::museum:pixelwerk", "products", uid("Product::museum-domain")),
                add("Partnership::museum:alpenhost", "products", uid("Product::museum-domain")),
                set("Product::museum-domain", "limitedPartnership", uid("Partnership::museum:alpenhost")),
            ],
        ),
        (
            "facts.invoices.stay-with-holder",
            vec![set("Invoice::museum-limited", "organization", uid("Organization::alpenhost"))],
        ),
        ("facts.tenders.stay-cancelled", vec![set("Tender::website-cancelled", "status", "open")]),
        ("facts.support-grants.stay-revoked", vec![set("SupportGrant::rosa-taken-back", "revoked", false)]),
        ("facts.tokens.stay-revoked", vec![set("ApiToken::ada-revoked", "revoked", false)]),
        ("facts.tokens.stay-idle", vec![set("ApiToken::ada-unused-400-days", "lastUsedAt", "2026-10-01T00:00:00Z")]),
        (
            "facts.application-passwords.stay-revoked",
            vec![set("ApplicationPassword::ada-old-laptop", "revoked", false)],
        ),
    ]
}

/// The forbids of the bundle that state what facts must keep.
fn stated() -> Vec<String> {
    let bundle = programme();
    let keeps =
        bundle.policies.iter().filter(|policy| policy.id.starts_with("facts.") && policy.effect_name() == "forbid");
    keeps.map(|policy| policy.id.to_string()).collect()
}

#[test]
fn each_is_broken_by_a_transaction_which_is_refused_and_changes_nothing() {
    let house = House::sample();
    for (policy, changes) in cases() {
        let found = broken(&house.change(&changes));
        assert!(found.iter().any(|(id, _)| id == policy), "{policy} is not among {found:?}");
    }
    assert_eq!(house.revision(), 1);
}

#[test]
fn none_is_missing_in_the_table() {
    let mut stated = stated();
    let mut shown: Vec<String> = cases().into_iter().map(|(policy, _)| policy.to_owned()).collect();
    stated.sort_unstable();
    shown.sort_unstable();
    assert_eq!(stated, shown);
}

#[test]
fn the_control_without_invariants_takes_every_one_of_them() {
    for (policy, changes) in cases() {
        let house = House::sample_with(|bundle| bundle.keepers = Keepers::default());
        assert!(committed(&house.change(&changes)), "{policy}");
    }
}

/// Changes of an entity that break what another one must keep: the policy, the other entity, the changes.
fn from_the_other_side() -> [(&'static str, &'static str, Vec<Value>); 3] {
    [
        // The partnership forgets the product that names it.
        (
            "facts.products.limited-partnership",
            "Product::museum-site",
            vec![remove("Partnership::museum:alpenhost", "products", uid("Product::museum-site"))],
        ),
        // The client forgets a partnership with limited access.
        (
            "facts.partnerships.limited-is-named",
            "Partnership::museum:alpenhost",
            vec![remove("Organization::museum", "limitedPartnerships", uid("Partnership::museum:alpenhost"))],
        ),
        // The partnership that the client names as full becomes another client's.
        (
            "facts.organizations.full-partnership",
            "Organization::bakery",
            vec![set("Partnership::bakery:alpenhost", "client", uid("Organization::gallery"))],
        ),
    ]
}

#[test]
fn a_change_of_what_is_referred_to_breaks_the_one_that_refers() {
    let house = House::sample();
    for (policy, entity, changes) in from_the_other_side() {
        let found = broken(&house.change(&changes));
        assert!(found.contains(&(policy.to_owned(), entity.to_owned())), "{policy} of {entity} is not among {found:?}");
    }
    assert_eq!(house.revision(), 1);
}

#[test]
fn the_control_that_does_not_look_through_references_misses_it() {
    let blind = |bundle: &mut Bundle| bundle.keepers = std::mem::take(&mut bundle.keepers).without_looking_through();
    for (policy, entity, changes) in from_the_other_side() {
        let house = House::sample_with(blind);
        let reply = house.change(&changes);
        let missed = reply.status == 200 || !broken(&reply).contains(&(policy.to_owned(), entity.to_owned()));
        assert!(missed, "{policy} of {entity}");
    }
    let house = House::sample_with(blind);
    assert!(committed(&house.change(&from_the_other_side()[0].2)), "and nothing else notices the product");
}

/// A street, a house in it, a flat in that: what a flat must keep is read two references away.
const SCHEMA: &str = "entity Engine;
entity Street = { closed: Bool };
entity House = { at: { street: Street } };
entity Flat = { house: House };
action keepFlat appliesTo { principal: Engine, resource: Flat };
";
const POLICIES: &str = r#"
@id("flats.keep") permit (principal, action == Action::"keepFlat", resource);
@id("flats.reachable") @title("A flat can be reached")
forbid (principal, action == Action::"keepFlat", resource) when { resource.house.at.street.closed };
"#;

fn streets(change: impl FnOnce(&mut Bundle)) -> House {
    let dir = Directory::new();
    for (name, text) in [("schemas/streets.cedarschema", SCHEMA), ("policies/flats.cedar", POLICIES)] {
        let path = dir.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut bundle = Bundle::load(&dir.0).unwrap_or_else(|problems| panic!("{problems}"));
    change(&mut bundle);
    let house = House::with(Home::in_a_file(), bundle);
    let street = |name: &str, closed: bool| put(name, json!({ "closed": closed }));
    let built = [
        street("Street::open", false),
        street("Street::shut", true),
        put("House::1", json!({ "at": { "street": uid("Street::open") } })),
        put("Flat::1a", json!({ "house": uid("House::1") })),
    ];
    assert!(committed(&house.change(&built)));
    house
}

#[test]
fn an_invariant_that_looks_two_references_far_is_kept_from_both() {
    let house = streets(|_| {});
    let broken_flat = [("flats.reachable".to_owned(), "Flat::1a".to_owned())];
    assert_eq!(broken(&house.change(&[set("Street::open", "closed", true)])), broken_flat, "the far one changes");
    let moved = set("House::1", "at", json!({ "street": uid("Street::shut") }));
    assert_eq!(broken(&house.change(&[moved])), broken_flat, "the near one changes");
    assert!(committed(&house.change(&[set("Street::shut", "closed", false)])), "nobody lives there");
    assert_eq!(house.revision(), 2);
    let blind = streets(|bundle| bundle.keepers = std::mem::take(&mut bundle.keepers).without_looking_through());
    assert!(committed(&blind.change(&[set("Street::open", "closed", true)])), "the control does not look so far");
}
