//! Facts of the partner programme in any number, for load tests: `facts_generator [ORGANIZATIONS]` prints
//! Cedar's entity JSON.
//!
//! Every tenth organisation is a partner, `org-0`, `org-10` …, and the nine that follow are its clients:
//! two of three with full access, the third with limited access to its first product. Each organisation
//! has four people, `u-<n>-lr`, `u-<n>-admin`, `u-<n>-billing` and `u-<n>-staff`, and three products,
//! `p-<n>-0` to `p-<n>-2`. The same number gives the same facts.

use serde_json::{Value, json};

fn main() {
    let organizations: usize = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(500);
    let entities: Vec<Value> = (0..organizations).flat_map(entities).collect();
    println!("[");
    for (index, entity) in entities.iter().enumerate() {
        println!("{entity}{}", if index + 1 < entities.len() { "," } else { "" });
    }
    println!("]");
}

fn entities(number: usize) -> Vec<Value> {
    let mut entities = vec![organization(number)];
    entities.extend(["lr", "admin", "billing", "staff"].map(|role| user(number, role)));
    entities.extend((0..3).map(|position| product(number, position)));
    if !is_partner(number) {
        entities.push(partnership(number));
    }
    entities
}

fn is_partner(number: usize) -> bool {
    number.is_multiple_of(10)
}

/// The partner of a client.
fn partner(client: usize) -> usize {
    client - client % 10
}

fn has_full_access(client: usize) -> bool {
    !client.is_multiple_of(3)
}

fn reference(entity_type: &str, id: String) -> Value {
    json!({"type": entity_type, "id": id})
}

fn organization_id(number: usize) -> Value {
    reference("Organization", format!("org-{number}"))
}

fn user_id(number: usize, role: &str) -> Value {
    reference("User", format!("u-{number}-{role}"))
}

fn product_id(number: usize, position: usize) -> Value {
    reference("Product", format!("p-{number}-{position}"))
}

fn partnership_id(client: usize) -> Value {
    reference("Partnership", format!("org-{client}:org-{}", partner(client)))
}

fn organization(number: usize) -> Value {
    let country = ["CH", "DE", "FR", "AT"][number % 4];
    let mut attributes = json!({
        "kind": "company", "country": country, "registryNumber": format!("CHE-{number:09}"),
        "activeWebsite": true, "resellerTermsAccepted": is_partner(number), "affiliate": false,
        "partnerStatus": if is_partner(number) { "active" } else { "none" }, "listedInDirectory": is_partner(number),
        "tenderTypes": if is_partner(number) { json!(["website"]) } else { json!([]) }, "premiumSupport": number.is_multiple_of(2),
        "legalRepresentatives": [user_id(number, "lr")], "administrators": [user_id(number, "admin")],
        "billingUsers": [user_id(number, "billing")], "limitedPartnerships": [],
    });
    if !is_partner(number) && has_full_access(number) {
        attributes["fullPartnership"] = partnership_id(number);
    } else if !is_partner(number) {
        attributes["limitedPartnerships"] = json!([partnership_id(number)]);
    }
    json!({"uid": organization_id(number), "attrs": attributes, "parents": []})
}

fn user(number: usize, role: &str) -> Value {
    json!({"uid": user_id(number, role), "attrs": {}, "parents": [organization_id(number)]})
}

fn product(number: usize, position: usize) -> Value {
    let family = ["web-hosting", "mail-hosting", "domain"][position];
    let mut attributes = json!({
        "organization": organization_id(number), "family": family,
        "payer": organization_id(number), "collaborators": [user_id(number, "staff")], "workGroups": [],
        "partnerCollaborators": [], "tags": ["sample"],
    });
    if position == 0 && !is_partner(number) && !has_full_access(number) {
        attributes["limitedPartnership"] = partnership_id(number);
    }
    json!({"uid": product_id(number, position), "attrs": attributes, "parents": []})
}

fn partnership(client: usize) -> Value {
    let mut attributes = json!({
        "client": organization_id(client), "partner": organization_id(partner(client)), "status": "active",
        "access": if has_full_access(client) { "full" } else { "limited" },
        "products": if has_full_access(client) { json!([]) } else { json!([product_id(client, 0)]) },
        "collaborators": [user_id(partner(client), "staff")],
    });
    if has_full_access(client) {
        attributes["paymentMode"] = json!(if client.is_multiple_of(2) { "client" } else { "partner" });
    }
    json!({"uid": partnership_id(client), "attrs": attributes, "parents": []})
}
