//! A property in an environment as claims.

use std::{collections::HashMap, path::Path};

use cedar_policy::{Policy as CedarPolicy, PolicyId, Schema};
use serde_json::{Value, json};

use super::{
    property::{Kind, Property},
    rewrite::{self, OTHER, Rewrite},
};
use crate::{
    analysis::prover::{Claim, Environment, Untranslatable, environment},
    bundle::Bundle,
    problem::{Problem, Problems},
};

/// What claims are made from.
pub struct Ground<'b> {
    /// The bundle that properties are held against.
    pub bundle: &'b Bundle,
    /// Bundles that properties compare it with, by directory.
    pub(super) others: HashMap<String, Bundle>,
}

/// A claim, and how its counterexample is to be read.
pub struct Posed {
    /// The claim.
    pub claim: Claim,
    /// What tells it from other claims of the same property and environment.
    pub suffix: String,
    /// What a counterexample is about.
    pub reading: Reading,
    /// Entries of the context that the second request lacks, or the attribute whose value is another one.
    pub left_out: Vec<String>,
    /// Whether that attribute is the principal's.
    pub of_principal: bool,
    /// The bundle that is compared with.
    pub beside: Option<String>,
}

impl Posed {
    fn new(claim: Claim, reading: Reading) -> Self {
        Self { claim, suffix: String::new(), reading, left_out: Vec::new(), of_principal: false, beside: None }
    }
}

/// What a counterexample is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A request that must be denied and is allowed.
    Allowed,
    /// A policy that fails.
    Fails,
    /// Two requests ride in one.
    Two,
    /// A request that is allowed, and denied without some entries of its context.
    Without,
    /// A request that is decided otherwise with another value in the facts.
    OtherValue,
    /// A request that another bundle decides otherwise.
    OtherBundle,
}

impl<'b> Ground<'b> {
    /// What is needed for these properties of the bundle in `dir`.
    ///
    /// # Errors
    /// A bundle to compare with cannot be loaded.
    pub fn new(bundle: &'b Bundle, dir: &Path, properties: &[Property]) -> Result<Self, Problems> {
        let mut others = HashMap::new();
        for property in properties {
            let Kind::SameAs(place) = &property.kind else { continue };
            let other = Bundle::load(&dir.join(place)).map_err(|mut problems| {
                problems
                    .push(Problem::new(format!("the property `{}` compares with the bundle `{place}`", property.id)));
                problems
            })?;
            others.insert(place.clone(), other);
        }
        Ok(Self { bundle, others })
    }

    /// The claims of a property in an environment, usually one.
    ///
    /// # Errors
    /// An expression has a mistake, or something cannot be put into terms of logic.
    pub fn pose(&self, property: &Property, environment: &Environment) -> Result<Vec<Posed>, Untranslatable> {
        let mut own = cedar(environment);
        // What is not looked at is denied by both sides of a claim.
        let assumed = property.assuming.as_ref();
        let assumed = assumed.map(|assumed| environment.synthetic("forbid", "assuming", &format!("!({assumed})")));
        let assumed = assumed.transpose()?;
        let bare = own.clone();
        own.extend(assumed.clone());
        let posed = |claim, reading| Ok(vec![Posed::new(claim, reading)]);
        match &property.kind {
            Kind::OnlyIf(holds) => {
                let bound = environment.synthetic("permit", "holds", holds)?;
                posed(Claim::Implies(environment.set(&own)?, environment.set([&bound])?), Reading::Allowed)
            }
            Kind::Never(None) => posed(Claim::AlwaysDenies(environment.set(&own)?), Reading::Allowed),
            Kind::Never(Some(when)) => {
                let situation = environment.synthetic("permit", "when", when)?;
                posed(Claim::NeverBoth(environment.set(&own)?, environment.set([&situation])?), Reading::Allowed)
            }
            Kind::NeverErrors => self.never_errors(environment),
            Kind::NeverMoreWith(entries) => {
                let mut copy = copies(&Rewrite::Without(entries.clone()), &bare)?;
                copy.extend(assumed);
                let claim = Claim::Implies(environment.set(&own)?, environment.set(&copy)?);
                Ok(vec![Posed { left_out: entries.clone(), ..Posed::new(claim, Reading::Without) }])
            }
            Kind::SameAs(place) => {
                let other = self.others.get(place).ok_or_else(|| Untranslatable(format!("there is no `{place}`")))?;
                if !same_schema(self.bundle, other) {
                    return Err(Untranslatable("the two bundles have different schemas".to_owned()));
                }
                let theirs = environment::of(environment.schema, &other.policies);
                let mut theirs =
                    theirs.iter().find(|candidate| candidate.name == environment.name).map(cedar).unwrap_or_default();
                theirs.extend(assumed);
                let claim = Claim::SameDecisions(environment.set(&own)?, environment.set(&theirs)?);
                Ok(vec![Posed { beside: Some(place.clone()), ..Posed::new(claim, Reading::OtherBundle) }])
            }
            Kind::UnaffectedBy(path) => self.unaffected(path, &bare, assumed, environment),
            Kind::NeverBoth { one, other } => self.never_both(one, other, &own, environment),
        }
    }

    fn never_errors(&self, environment: &Environment) -> Result<Vec<Posed>, Untranslatable> {
        let claim = |policy: &&crate::bundle::Policy| {
            let claim = Claim::NeverErrors(environment.policy(&policy.cedar)?);
            Ok(Posed { suffix: format!(", {}", policy.id), ..Posed::new(claim, Reading::Fails) })
        };
        environment.policies.iter().map(claim).collect()
    }

    fn unaffected(
        &self,
        path: &str,
        own: &[CedarPolicy],
        assumed: Option<CedarPolicy>,
        environment: &Environment,
    ) -> Result<Vec<Posed>, Untranslatable> {
        let (variable, attribute) = path
            .split_once('.')
            .filter(|(variable, _)| ["principal", "resource"].contains(variable))
            .ok_or_else(|| Untranslatable(format!("`{path}` must be `principal.…` or `resource.…`")))?;
        let entity = match variable {
            "principal" => environment.request.principal(),
            _ => environment.request.resource(),
        }
        .to_string();
        let schema = self.extended(environment, |_, types| {
            let known = types.get(&entity).and_then(|entity| entity.pointer("/shape/attributes"));
            let form = known
                .and_then(|attributes| attributes.get(attribute))
                .ok_or_else(|| Untranslatable(format!("`{entity}` has no attribute `{attribute}`")))?;
            Ok(json!({ "type": "Record", "attributes": { attribute: form } }))
        })?;
        let wide = with_schema(environment, &schema);
        let rewrite = Rewrite::OtherValue { variable: variable.to_owned(), attribute: attribute.to_owned() };
        let copy = copies(&rewrite, own)?;
        // It is taken to hold of both values.
        let of_other = assumed
            .as_ref()
            .map(|assumed| Ok::<_, Untranslatable>(rewrite.policy(assumed)?.new_id(PolicyId::new("assuming-other"))));
        let assumed: Vec<CedarPolicy> = assumed.into_iter().chain(of_other.transpose()?).collect();
        let claim = Claim::SameDecisions(wide.set(own.iter().chain(&assumed))?, wide.set(copy.iter().chain(&assumed))?);
        Ok(vec![Posed {
            left_out: vec![attribute.to_owned()],
            of_principal: variable == "principal",
            ..Posed::new(claim, Reading::OtherValue)
        }])
    }

    /// Against the principals of every type that may do the same to the same.
    fn never_both(
        &self,
        one: &str,
        other: &str,
        own: &[CedarPolicy],
        environment: &Environment,
    ) -> Result<Vec<Posed>, Untranslatable> {
        let mine = environment.synthetic("forbid", "one", &format!("!({one})"))?;
        let same = |candidate: &Environment| {
            candidate.request.action() == environment.request.action()
                && candidate.request.resource() == environment.request.resource()
        };
        environment::all(self.bundle)
            .into_iter()
            .filter(same)
            .map(|theirs| {
                let kind = theirs.request.principal().to_string();
                let schema = self.extended(environment, |context, _| {
                    let principal = json!({ "type": "Entity", "name": kind });
                    Ok(json!({ "type": "Record", "attributes": { "principal": principal, "context": context } }))
                })?;
                let wide = with_schema(environment, &schema);
                let mut second = cedar(&theirs);
                second.push(theirs.synthetic("forbid", "other", &format!("!({other})"))?);
                let second = copies(&Rewrite::OtherRequest, &second)?;
                let claim = Claim::NeverBoth(wide.set(own.iter().chain([&mine]))?, wide.set(&second)?);
                Ok(Posed { suffix: format!(", and {kind}"), ..Posed::new(claim, Reading::Two) })
            })
            .collect()
    }

    fn extended(
        &self,
        environment: &Environment,
        entries: impl FnOnce(&Value, &Value) -> Result<Value, Untranslatable>,
    ) -> Result<Schema, Untranslatable> {
        let schema = self.bundle.schema_form.as_ref().ok_or_else(|| {
            Untranslatable(format!("the schema cannot get the entry `{OTHER}`: it is more than one file"))
        })?;
        rewrite::with_context_entry(schema, environment.request.action().id().unescaped(), entries)
    }
}

/// Whether policies of both bundles can be asked under one schema; schemas of several files must be the same texts.
fn same_schema(ours: &Bundle, theirs: &Bundle) -> bool {
    let same_form = ours.schema_form.is_some() && ours.schema_form == theirs.schema_form;
    same_form || ours.schema_digest == theirs.schema_digest
}

fn cedar(environment: &Environment) -> Vec<CedarPolicy> {
    environment.policies.iter().map(|policy| policy.cedar.clone()).collect()
}

fn copies(rewrite: &Rewrite, policies: &[CedarPolicy]) -> Result<Vec<CedarPolicy>, Untranslatable> {
    policies.iter().map(|policy| rewrite.policy(policy)).collect()
}

fn with_schema<'s>(environment: &Environment, schema: &'s Schema) -> Environment<'s> {
    Environment { name: environment.name.clone(), request: environment.request.clone(), schema, policies: Vec::new() }
}
