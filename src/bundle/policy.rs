//! One policy with what its annotations say of it.
//!
//! To Cedar `@id` is a remark; here it becomes the policy's id, so a missing or duplicate one is refused
//! (hazard 3). The other annotations carry what people and services need from a decision: a title, the
//! rules and readings it stands for, obligations and advice. An annotation we do not know is a typing
//! error until proven otherwise.

use std::sync::Arc;

use cedar_policy::{Effect, PolicyId};
use cedar_policy_core::ast;

use super::clause::{self, Clause};
use crate::problem::{Location, Problem, Problems, Source};

/// A policy of the bundle.
#[derive(Debug)]
pub struct Policy {
    /// From `@id`, unique in the bundle.
    pub id: Arc<str>,
    /// Permit or forbid.
    pub effect: Effect,
    /// From `@title`: one sentence for people; empty where there is none.
    pub title: Arc<str>,
    /// From `@rules`: the rules it encodes.
    pub rules: Vec<Arc<str>>,
    /// From `@reading`: the readings of unclear rules it stands on.
    pub readings: Vec<Arc<str>>,
    /// From `@obligation`: what the caller must do when this permit determines an Allow.
    pub obligations: Vec<Arc<str>>,
    /// From `@advice`: what the caller may want to do.
    pub advice: Vec<Arc<str>>,
    /// Whether it repeats, on purpose, what the permits already imply.
    pub backstop: bool,
    /// From `@backstop`: the reason.
    pub backstop_reason: Arc<str>,
    /// From `@allow`: the lints that it silences for itself.
    pub allowed: Vec<Allowance>,
    /// Where `@allow` stands.
    pub allow_span: (usize, usize),
    /// Where it starts.
    pub at: Location,
    /// Where `@id` stands, for problems with the policy as a whole.
    pub id_span: (usize, usize),
    /// Where `@rules` stands, for problems with the register.
    pub rules_span: (usize, usize),
    /// Its conditions, cut into clauses; `None` where it has none.
    pub clauses: Option<Clause>,
    /// The context entry without which it cannot apply; see [`clause::guard`].
    pub guard: Option<String>,
    /// Cedar's policy, under the id.
    pub cedar: cedar_policy::Policy,
    /// The file it is from.
    pub source: Source,
}

impl Policy {
    /// `permit` or `forbid`.
    pub fn effect_name(&self) -> &'static str {
        match self.effect {
            Effect::Permit => "permit",
            Effect::Forbid => "forbid",
        }
    }

    /// Its `when` and `unless` clauses; none where it has none.
    pub(super) fn condition(&self) -> Option<Arc<ast::Expr>> {
        let core: &ast::Policy = self.cedar.as_ref();
        core.non_scope_constraints_arc().cloned()
    }

    /// Its scope and its clauses.
    pub(super) fn whole_condition(&self) -> Arc<ast::Expr> {
        let core: &ast::Policy = self.cedar.as_ref();
        Arc::new(core.condition())
    }
}

/// A lint that an author has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// Its code, `W303`.
    pub code: Arc<str>,
    /// Why it is right here.
    pub reason: Arc<str>,
}

const KNOWN: [&str; 8] = ["id", "title", "rules", "reading", "obligation", "advice", "backstop", "allow"];

/// The policies of one file, in its order.
pub fn of_file(source: &Source, set: &cedar_policy::PolicySet, problems: &mut Problems) -> Vec<Policy> {
    let core: &ast::PolicySet = set.as_ref();
    for template in core.templates() {
        let place = template.slots().find_map(|slot| slot.loc.as_ref()).or(template.loc()).map_or((0, 0), span);
        problems.push(
            Problem::at(
                source,
                place,
                "a policy with `?principal` or `?resource` is a template; templates are not used here",
            )
            .code("E213")
            .help("write one policy for each case, or move what differs into the facts"),
        );
    }
    let mut policies: Vec<Policy> =
        core.static_policies().filter_map(|policy| read(source, policy, set, problems)).collect();
    policies.sort_by_key(|policy| (policy.at.line, policy.at.column));
    policies
}

fn read(source: &Source, core: &ast::Policy, set: &cedar_policy::PolicySet, problems: &mut Problems) -> Option<Policy> {
    let place = core.loc().map_or((0, 0), span);
    let mut id = annotation(core, "id");
    report_unknown(source, core, problems);
    if id.is_empty() {
        problems.push(
            Problem::at(source, first_line(source, place), "the policy has no id")
                .code("E210")
                .help("write `@id(\"area.what\")` above it; decisions name policies by their id"),
        );
        // The bundle is refused already; with a name for the policy its other mistakes are found too.
        id = source.location(place.0).to_string();
    }
    let cedar = set.policy(&PolicyId::new(core.id()))?.new_id(PolicyId::new(&id));
    let effect = cedar.effect();
    let annotation_span = |name: &str| {
        let found = core.annotations().find(|(key, _)| key.as_ref() == name).and_then(|(_, value)| value.loc.as_ref());
        found.map_or_else(|| first_line(source, place), span)
    };
    let policy = Policy {
        at: source.location(place.0),
        title: annotation(core, "title").into(),
        rules: list(core, "rules"),
        readings: list(core, "reading"),
        obligations: list(core, "obligation"),
        advice: list(core, "advice"),
        backstop: core.annotations().any(|(key, _)| key.as_ref() == "backstop"),
        backstop_reason: annotation(core, "backstop").into(),
        allowed: allowances(core).filter_map(Result::ok).collect(),
        allow_span: annotation_span("allow"),
        id_span: annotation_span("id"),
        rules_span: annotation_span("rules"),
        clauses: Clause::of(core, source),
        guard: clause::guard(core),
        source: source.clone(),
        id: id.into(),
        effect,
        cedar,
    };
    problems.extend(allowances(core).filter_map(Result::err).map(|fault| {
        Problem::at(source, policy.allow_span, format!("`@allow` of `{}`: {fault}", policy.id))
            .code("E215")
            .help("write the code of a warning, a colon and the reason, several separated by `;`")
    }));
    if effect == Effect::Forbid && !(policy.obligations.is_empty() && policy.advice.is_empty()) {
        problems.push(
            Problem::at(
                source,
                first_line(source, place),
                format!("the forbid `{}` carries an obligation or advice", policy.id),
            )
            .code("E214")
            .help("obligations and advice belong to permits: they are returned with an Allow"),
        );
    }
    Some(policy)
}

fn report_unknown(source: &Source, core: &ast::Policy, problems: &mut Problems) {
    for (key, value) in core.annotations().filter(|(key, _)| !KNOWN.contains(&key.as_ref())) {
        let place = value.loc.as_ref().map_or((0, 0), span);
        problems.push(
            Problem::at(source, place, format!("`@{key}` is no annotation we know"))
                .code("E212")
                .help(format!("known are {}", KNOWN.map(|name| format!("@{name}")).join(", "))),
        );
    }
}

/// What `@allow` names, entry by entry; whether a code is that of a lint, `mandat check` knows.
fn allowances(core: &ast::Policy) -> impl Iterator<Item = Result<Allowance, String>> {
    let text = annotation(core, "allow");
    let given = core.annotations().any(|(key, _)| key.as_ref() == "allow");
    let entries: Vec<String> = text.split(';').map(|entry| entry.trim().to_owned()).collect();
    entries.into_iter().filter(move |_| given).map(|entry| {
        let (code, reason) = entry.split_once(':').unwrap_or((&entry, ""));
        let (code, reason) = (code.trim(), reason.trim());
        let digits = code.strip_prefix('W').filter(|digits| digits.len() == 3);
        if !digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit())) {
            return Err(format!("`{code}` is no code of a warning"));
        }
        if reason.is_empty() {
            return Err(format!("{code} has no reason"));
        }
        Ok(Allowance { code: code.into(), reason: reason.into() })
    })
}

fn annotation(core: &ast::Policy, name: &str) -> String {
    let found = core.annotations().find(|(key, _)| key.as_ref() == name);
    found.map(|(_, value)| value.val.trim().to_owned()).unwrap_or_default()
}

fn list(core: &ast::Policy, name: &str) -> Vec<Arc<str>> {
    annotation(core, name).split(',').map(str::trim).filter(|item| !item.is_empty()).map(Arc::from).collect()
}

fn span(place: &cedar_policy_core::parser::Loc) -> (usize, usize) {
    (place.start(), place.end() - place.start())
}

/// The first line of a stretch of text: enough to underline a policy.
fn first_line(source: &Source, (start, length): (usize, usize)) -> (usize, usize) {
    let line = source.text.get(start..start + length).and_then(|text| text.lines().next()).unwrap_or("");
    (start, line.len())
}
