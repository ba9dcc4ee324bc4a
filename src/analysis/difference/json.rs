//! A difference for programs.

use serde_json::{Value, json};

use super::{
    Change, Difference, Way, Which,
    example::{Doer, Example, ExampleFacts, Told, Verdict},
    prices::{LineChange, Movement, PriceSource, Prices, ProductChange},
};
use crate::{
    pricing::{money, receipt::Amounts},
    problem::Location,
};

/// All of it.
pub fn value(difference: &Difference) -> Value {
    let side = |(name, digest): &(String, String)| json!({ "name": name, "bundle": digest });
    let look = &difference.look;
    let policies = difference.policies.iter().map(|policy| {
        json!({ "id": &*policy.id, "effect": effect(policy.effect), "fate": policy.fate.word(), "at": place(&policy.at) })
    });
    json!({
        "old": side(&difference.sides[0]),
        "new": side(&difference.sides[1]),
        "way": if look.proof.is_ok() { "proof" } else { "questions" },
        "not_proved_because": look.proof.as_ref().err(),
        "complete": difference.is_complete(),
        "environments": look.environments,
        "differing": look.differing,
        "questions": look.questions,
        "asked": look.asked,
        "unasked": pairs(&look.unasked, "question"),
        "unsettled": pairs(difference.unsettled(), "environment"),
        "none": difference.is_none(),
        "changes": difference.changes.iter().map(change).collect::<Vec<_>>(),
        "policies": policies.collect::<Vec<_>>(),
        "prices": difference.prices.as_ref().map(prices),
        "tax_rates_differ": difference.taxes,
        "settings_differ": difference.settings,
    })
}

fn pairs(pairs: &[(String, String)], name: &str) -> Vec<Value> {
    pairs.iter().map(|(what, reason)| json!({ name: what, "reason": reason })).collect()
}

fn change(change: &Change) -> Value {
    json!({
        "environment": change.environment,
        "direction": change.direction.words(),
        "way": match change.way { Way::Proof => "proof", Way::Questions => "questions" },
        "only": change.only.map(Which::word),
        "policies": change.doers.iter().map(doer).collect::<Vec<_>>(),
        "example": example(&change.example),
        "questions": change.questions,
    })
}

fn doer(doer: &Doer) -> Value {
    json!({
        "id": doer.id,
        "effect": effect(doer.effect),
        "side": doer.side.word(),
        "fate": doer.fate.word(),
        "at": place(&doer.at),
    })
}

fn example(example: &Example) -> Value {
    let told = match &example.told {
        Told::Scenario(name, at) => json!({ "scenario": name, "at": place(at) }),
        Told::Matrix(name) => json!({ "matrix": name }),
        Told::Counterexample => json!({ "counterexample": true }),
    };
    let facts = match &example.facts {
        ExampleFacts::File(which, name, changes) => {
            json!({ "file": &**name, "side": which.word(), "changes": changes })
        }
        ExampleFacts::Entities(entities) => json!({ "entities": entities }),
    };
    json!({
        "from": told,
        "request": example.question(),
        "now": example.now.map(|now| now.to_string()),
        "facts": facts,
        "old": verdict(&example.old),
        "new": verdict(&example.new),
    })
}

fn verdict(verdict: &Verdict) -> Value {
    json!({
        "decision": verdict.allowed,
        "code": verdict.code.name(),
        "determining": verdict.determining,
        "obligations": verdict.obligations,
        "advice": verdict.advice,
    })
}

fn prices(prices: &Prices) -> Value {
    let source = match &prices.source {
        PriceSource::Sample => json!("sample"),
        PriceSource::File(name) => json!({ "file": name }),
    };
    json!({
        "source": source,
        "lines": prices.lines,
        "unread": prices.unread.0,
        "unread_reasons": prices.unread.1,
        "changed": prices.changed,
        "without_price_now": prices.gone,
        "with_price_now": prices.fresh,
        "products": prices.products.iter().map(product).collect::<Vec<_>>(),
        "top": prices.top.iter().map(line).collect::<Vec<_>>(),
    })
}

fn product(product: &ProductChange) -> Value {
    let scale = product.scale;
    json!({
        "product": product.product,
        "currency": product.currency,
        "lines": product.lines,
        "charged": movement(&product.charged, scale),
        "cashback": movement(&product.cashback, scale),
    })
}

fn movement(movement: &Movement, scale: u32) -> Value {
    let amount = |amount| money::text(amount, scale);
    json!({
        "up": movement.up,
        "down": movement.down,
        "before": amount(movement.before),
        "after": amount(movement.after),
        "change": amount(movement.after - movement.before),
        "largest": amount(movement.largest),
    })
}

fn line(line: &LineChange) -> Value {
    let amounts = |amounts: Amounts| {
        let text = |amount| money::text(amount, line.scale);
        json!({ "list": text(amounts.list), "charged": text(amounts.charged), "cashback": text(amounts.cashback) })
    };
    json!({
        "at": line.at.to_string(),
        "product": line.product,
        "currency": line.currency,
        "quantity": line.quantity,
        "tier_count": line.tier_count,
        "whose": line.whose,
        "old": line.old.map(amounts),
        "new": line.new.map(amounts),
        "reason": line.reason,
    })
}

fn effect(effect: cedar_policy::Effect) -> &'static str {
    if effect == cedar_policy::Effect::Permit { "permit" } else { "forbid" }
}

fn place(at: &Location) -> Value {
    json!({ "file": &*at.file, "line": at.line, "column": at.column })
}
