//! The matrix cell by cell, with what stands behind each: as text for people, as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Cell, Matrix, Placed, Remaining};
use crate::{bundle::Bundle, problem::Location};

/// Each cell in a line, under it the policies and the remaining conditions.
pub fn text(bundle: &Bundle, matrix: &Matrix) -> String {
    let mut text = String::new();
    let mut situation = None;
    for placed in matrix.placed() {
        if situation.replace(placed.situation) != Some(placed.situation) {
            let _ = writeln!(text, "{}== {}", if text.is_empty() { "" } else { "\n" }, placed.situation);
        }
        let Placed { group, role, row, cell, .. } = placed;
        let _ = writeln!(text, "{:<15} {} as {group}, {role}", cell.answer.word(), row.words());
        for remaining in &cell.remaining {
            let _ = writeln!(text, "    {}", remaining.words());
        }
        for policy in cell.policies(bundle).filter(|_| cell.remaining.is_empty()) {
            let _ = writeln!(text, "    {} {} at {}", policy.effect_name(), policy.id, policy.at.short());
        }
        for (verb, names) in [("obliges", &cell.decision.obligations), ("advises", &cell.decision.advice)] {
            if !names.is_empty() {
                let _ = writeln!(text, "    {verb} {}", names.join(", "));
            }
        }
    }
    text
}

/// Every cell in one list.
pub fn json(bundle: &Bundle, matrix: &Matrix) -> Value {
    let cells: Vec<Value> = matrix.placed().map(|placed| cell(bundle, placed)).collect();
    json!({ "bundle": bundle.digest, "cells": cells })
}

fn cell(bundle: &Bundle, placed: Placed) -> Value {
    let Placed { situation, part, group, role, row, cell } = placed;
    let Cell { query, decision, answer, remaining } = cell;
    json!({
        "situation": situation,
        "part": part,
        "action": row.action,
        "question": row.label,
        "group": group,
        "role": role,
        "principal": { "type": query.request.principal.entity_type, "id": query.request.principal.id },
        "resource": { "type": query.request.resource.entity_type, "id": query.request.resource.id },
        "context": query.request.context,
        "answer": answer.word(),
        "code": decision.code.name(),
        "policies": cell
            .policies(bundle)
            .map(|policy| json!({ "id": &*policy.id, "effect": policy.effect_name(), "at": place(&policy.at) }))
            .collect::<Vec<_>>(),
        "remaining": remaining.iter().map(condition).collect::<Vec<_>>(),
        "obligations": decision.obligations,
        "advice": decision.advice,
    })
}

fn condition(remaining: &Remaining) -> Value {
    let clauses = remaining.clauses.iter().map(|clause| json!({ "text": clause.text, "at": place(&clause.at) }));
    json!({
        "policy": &*remaining.policy,
        "effect": if remaining.effect == cedar_policy::Effect::Permit { "permit" } else { "forbid" },
        "at": place(&remaining.at),
        "clauses": clauses.collect::<Vec<_>>(),
    })
}

fn place(at: &Location) -> Value {
    json!({ "file": &*at.file, "line": at.line, "column": at.column })
}
