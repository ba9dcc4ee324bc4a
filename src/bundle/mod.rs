//! The bundle: policies, schema and settings under one digest, loaded whole or not at all.
//!
//! An author changes `clients.cedar` and starts the service. [`Bundle::load`] then
//! 1. reads the directory ([`files`]) and measures every text before a parser sees it ([`nesting`]);
//! 2. parses schema and policies, and turns annotations into ids, titles, rules, obligations ([`policy`]);
//! 3. reads the tariff's versions and the tax rates ([`tariffs`]);
//! 4. validates: strictly against the schema, at the level that `mandat.toml` states, and against the
//!    register of rules ([`rules`]);
//! 5. builds what decisions need: shapes of values ([`shape`]), the index ([`index`]), the digest.
//!
//! Every problem found on the way is reported with its place; with one problem there is no bundle.

pub mod archive;
pub mod clause;
pub mod files;
pub mod index;
pub mod keepers;
pub mod look;
pub mod nesting;
pub mod policy;
mod quotes;
pub mod revision;
pub mod rules;
pub mod shape;
pub mod tariffs;
pub mod tree;
pub mod validation;

use std::{collections::HashMap, path::Path, str::FromStr as _};

use cedar_policy::{Effect, Entities, PolicyId, PolicySet, Schema, SchemaFragment};

use self::{files::Files, keepers::Keepers, rules::Register, tariffs::Tariffs};
pub use self::{index::Index, policy::Policy, shape::Shapes};
use crate::{
    config::Settings,
    problem::{Problem, Problems, Source},
};

/// Stack for loading: Cedar's parser and validator recurse into nested expressions.
const LOADING_STACK: usize = 256 << 20;

/// A validated bundle.
#[derive(Debug)]
pub struct Bundle {
    /// `sha256:` and 64 hexadecimal digits over all files.
    pub digest: String,
    /// Its files as they were read.
    pub files: Files,
    /// What `mandat.toml` says.
    pub settings: Settings,
    /// SHA-256 over the schema's files: where it is the same, so is everything that the schema says.
    pub schema_digest: [u8; 32],
    /// The schema, in Cedar's form.
    pub schema: Schema,
    /// The schema in Cedar's JSON form, for analyses that ask about a wider one; none where it is several files.
    pub schema_form: Option<serde_json::Value>,
    /// The schema's actions, which belong to every slice of the facts.
    pub actions: Entities,
    /// The schema, as values see it.
    pub shapes: Shapes,
    /// Every policy, by file and place.
    pub policies: Vec<Policy>,
    /// Policies by request.
    pub index: Index,
    /// What stored facts must keep.
    pub keepers: Keepers,
    /// All policies in one set: for comparison with Cedar's full scan.
    pub all: PolicySet,
    /// The register of rules.
    pub register: Register,
    /// Prices and taxes.
    pub tariffs: Tariffs,
    /// What may be meant so, but is worth a look.
    pub warnings: Problems,
    by_id: HashMap<PolicyId, usize>,
}

impl Bundle {
    /// Loads and checks the bundle in a directory.
    ///
    /// # Errors
    /// Every problem found, each with file, line and column where it has one.
    pub fn load(dir: &Path) -> Result<Self, Problems> {
        let files = files::read(dir)?;
        Self::from_files(files)
    }

    /// Checks files that were read already.
    ///
    /// # Errors
    /// As [`Bundle::load`].
    pub fn from_files(files: Files) -> Result<Self, Problems> {
        let loading = std::thread::Builder::new().stack_size(LOADING_STACK).spawn(move || build(files));
        let failed = |reason: &str| {
            Problems::from(Problem::new(format!("the bundle could not be loaded: {reason}")).code("E209"))
        };
        match loading {
            Ok(thread) => thread.join().unwrap_or_else(|_| Err(failed("the loading thread failed"))),
            Err(error) => Err(failed(&error.to_string())),
        }
    }

    /// The policy with that id.
    pub fn policy(&self, id: &PolicyId) -> Option<&Policy> {
        self.by_id.get(id).map(|&position| &self.policies[position])
    }
}

fn build(files: Files) -> Result<Bundle, Problems> {
    let mut problems = Problems::default();
    let settings = match files.settings.as_ref().map(Settings::parse).transpose() {
        Ok(settings) => settings.unwrap_or_default(),
        Err(found) => {
            problems.extend(found);
            Settings::default()
        }
    };
    let (schema, schema_form) = parse_schema(&files.schemas, &mut problems);
    let policies = parse_policies(&files.policies, &mut problems);
    let register = parse_register(files.rules.as_ref(), &mut problems);
    let mut warnings = Problems::default();
    let tariffs = Tariffs::read(&files.tariffs, &mut problems, &mut warnings);
    let all = unite(&policies, &mut problems);
    let Some(schema) = schema else { return Err(problems) };
    let actions =
        schema.action_entities().map_err(|error| Problem::new(crate::problem::describe(&error)).code("E205"))?;
    let shapes = Shapes::of(&schema);
    validation::validate(&schema, &policies, &all, settings.policies.level, &mut problems);
    quotes::check(files.settings.as_ref(), &settings, &shapes, &mut problems);
    let encoders = rules::Encoders { policies: &policies, shapes: &shapes, tariffs: &tariffs };
    if let Some(register) = &register {
        tariffs.check_documents(register, &mut problems);
    }
    check_rules(files.rules.as_ref(), register.as_ref(), &encoders, &mut problems);
    if problems.is_empty() && !policies.iter().any(|policy| policy.effect == Effect::Permit) {
        // Files of nothing but comments, or the permits deleted: absence must not look like a decision (T08).
        problems.push(
            Problem::new("the bundle has no permit").code("E202").help(
                "write one in `policies/*.cedar`; without any, everything is denied, which is never what is meant",
            ),
        );
    }
    problems.into_result(())?;
    let by_id = policies.iter().enumerate().map(|(position, policy)| (policy.cedar.id().clone(), position)).collect();
    let index = Index::build(&schema, &policies);
    let keepers = Keepers::of(&shapes, &index);
    Ok(Bundle {
        schema_digest: files::sum(&files.schemas),
        digest: files.digest.clone(),
        files,
        settings,
        schema,
        schema_form,
        actions,
        shapes,
        index,
        keepers,
        all,
        by_id,
        policies,
        register: register.unwrap_or_default(),
        tariffs,
        warnings,
    })
}

fn parse_schema(sources: &[Source], problems: &mut Problems) -> (Option<Schema>, Option<serde_json::Value>) {
    let mut fragments = Vec::new();
    for source in sources {
        if let Err(problem) = nesting::check(source) {
            problems.push(problem);
            continue;
        }
        match SchemaFragment::from_cedarschema_str(&source.text) {
            Ok((fragment, warnings)) => {
                problems.extend(warnings.map(|warning| Problem::from_diagnostic(source, &warning).code("E205")));
                fragments.push(fragment);
            }
            Err(error) => problems.push(Problem::from_diagnostic(source, &error).code("E205")),
        }
    }
    if fragments.len() < sources.len() {
        return (None, None);
    }
    let form = match &fragments[..] {
        [only] => only.clone().to_json_value().ok(),
        _ => None,
    };
    match Schema::from_schema_fragments(fragments) {
        Ok(schema) => (Some(schema), form),
        Err(error) => {
            problems.extend(sources.first().map(|source| Problem::from_diagnostic(source, &error).code("E205")));
            (None, None)
        }
    }
}

fn parse_policies(sources: &[Source], problems: &mut Problems) -> Vec<Policy> {
    let mut policies = Vec::new();
    for source in sources {
        if let Err(problem) = nesting::check(source) {
            problems.push(problem);
            continue;
        }
        match PolicySet::from_str(&source.text) {
            Ok(set) => policies.extend(policy::of_file(source, &set, problems)),
            Err(errors) => {
                problems.extend(errors.iter().map(|error| Problem::from_diagnostic(source, error).code("E204")))
            }
        }
    }
    policies
}

fn parse_register(source: Option<&Source>, problems: &mut Problems) -> Option<Register> {
    match Register::parse(source?) {
        Ok(register) => Some(register),
        Err(problem) => {
            problems.push(problem.code("E230"));
            None
        }
    }
}

/// All policies in one set; an id that is used twice is a problem at its second place.
fn unite(policies: &[Policy], problems: &mut Problems) -> PolicySet {
    let mut all = PolicySet::new();
    for policy in policies {
        if all.add(policy.cedar.clone()).is_err() {
            let first =
                policies.iter().find(|other| other.id == policy.id).map_or_else(String::new, |other| other.at.short());
            problems.push(
                Problem::at(&policy.source, policy.id_span, format!("the id `{}` is used twice", policy.id))
                    .code("E211")
                    .help(format!("the first policy of that id is at {first}")),
            );
        }
    }
    all
}

fn check_rules(
    source: Option<&Source>,
    register: Option<&Register>,
    encoders: &rules::Encoders,
    problems: &mut Problems,
) {
    match (source, register) {
        (Some(source), Some(register)) => {
            register.check(source, encoders, problems);
            rules::check_policies(register, encoders.policies, problems);
            rules::check_tariffs(source, register, encoders.tariffs, problems);
        }
        // A register that does not parse has been reported; without a register no policy may claim rules.
        (Some(_), None) => {}
        (None, _) => rules::check_policies(&Register::default(), encoders.policies, problems),
    }
}
