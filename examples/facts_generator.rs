//! Facts of the partner programme in any number, for load tests: `facts_generator [ORGANIZATIONS [GIANT]]` prints
//! Cedar's entity JSON, with `--lines` one entity a line.
//!
//! Every tenth organisation is a partner, `org-0`, `org-10` …, and the nine that follow are its clients:
//! two of three with full access, the third with limited access to its first product. Each organisation
//! has four people, `u-<n>-lr`, `u-<n>-admin`, `u-<n>-billing` and `u-<n>-staff`, and three products,
//! `p-<n>-0` to `p-<n>-2`: about nine entities an organisation. With GIANT, one more organisation, `giant`, has so many
//! products, `g-0`, `g-1` …, and its own people `u-giant-lr` and so on. The same numbers give the same facts.

use std::io::{BufWriter, Write as _};

use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let (flags, numbers): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let number = |place: usize| numbers.get(place).and_then(|count| count.parse::<usize>().ok());
    let lines = flags.iter().any(|flag| flag == "--lines");
    let (organizations, giant) = (number(0).unwrap_or(500), number(1).unwrap_or(0));
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (open, between, close) = if lines { ("", "\n", "\n") } else { ("[\n", ",\n", "\n]\n") };
    out.write_all(open.as_bytes())?;
    for (index, entity) in (0..organizations).flat_map(entities).chain(giants(giant)).enumerate() {
        out.write_all(if index == 0 { b"" } else { between.as_bytes() })?;
        write!(out, "{entity}")?;
    }
    out.write_all(close.as_bytes())?;
    out.flush()
}

/// One organisation with very many products.
fn giants(products: usize) -> impl Iterator<Item = Value> {
    let renamed = |entity: Value| {
        let text = entity.to_string().replace("org-0", "giant").replace("u-0-", "u-giant-");
        serde_json::from_str::<Value>(&text).unwrap_or(entity)
    };
    let people = ["lr", "admin", "billing", "staff"].map(|role| user(0, role));
    let own = std::iter::once(organization(0)).chain(people).take(if products > 0 { 5 } else { 0 });
    let products = (0..products).map(|position| {
        let mut product = product(0, position % 3);
        product["uid"]["id"] = json!(format!("g-{position}"));
        product
    });
    own.chain(products).map(renamed)
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
