//! `policies/properties.toml`: what must hold of the policies, in terms an author can read.
//!
//! ```toml
//! [[only_if]]
//! id      = "clients.only-legal-representatives-add"
//! title   = "Only a legal representative of the partner adds a client"
//! rules   = ["CLI-02"]
//! actions = ["addClient"]
//! holds   = "resource.legalRepresentatives.contains(principal)"
//! ```
//!
//! The seven kinds are named like sentences: *only if*, *never*, *never both*, *never errors*, *never more with*,
//! *unaffected by*, *same as*. Expressions are Cedar's. A property speaks of the environments that its `actions`,
//! `except`, `principals` and `resources` leave; without any of them, of all.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::{
    bundle::rules::Register,
    config::toml_problem,
    problem::{Problem, Problems, Source},
};

/// Its place in a bundle's directory.
pub const PATH: &str = "policies/properties.toml";

/// Something that must hold.
#[derive(Debug, Clone)]
pub struct Property {
    /// Unique in the file.
    pub id: String,
    /// One sentence for people.
    pub title: String,
    /// The rules it stands for.
    pub rules: Vec<String>,
    /// Of which environments it speaks.
    pub scope: Scope,
    /// What must hold there.
    pub kind: Kind,
    /// Cedar: what the facts are taken to keep; requests where it does not hold are not looked at.
    pub assuming: Option<String>,
    /// Where its id stands.
    pub span: (usize, usize),
}

/// Of which environments a property speaks.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only these actions.
    pub actions: Option<Vec<String>>,
    /// All but these actions.
    pub except: Vec<String>,
    /// Only these types of principals.
    pub principals: Option<Vec<String>>,
    /// Only these types of resources.
    pub resources: Option<Vec<String>>,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is allowed unless this holds.
    OnlyIf(String),
    /// Nothing is allowed; with an expression, where this holds.
    Never(Option<String>),
    /// Never may two principals, one of each kind, do it to one resource on the same facts, whatever else their
    /// requests say.
    NeverBoth {
        /// What makes a principal one of the first kind.
        one: String,
        /// What makes a principal one of the other kind.
        other: String,
    },
    /// No policy ever fails on facts that match the schema.
    NeverErrors,
    /// What is allowed with these entries of the context is allowed without them.
    NeverMoreWith(Vec<String>),
    /// This attribute of the principal or the resource, as `resource.payer`, can be anything, or absent where it may
    /// be: the decision is the same.
    UnaffectedBy(String),
    /// The bundle in this directory decides alike; relative to the bundle's own.
    SameAs(String),
}

impl Kind {
    /// As the file calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OnlyIf(_) => "only_if",
            Self::Never(_) => "never",
            Self::NeverBoth { .. } => "never_both",
            Self::NeverErrors => "never_errors",
            Self::NeverMoreWith(_) => "never_more_with",
            Self::UnaffectedBy(_) => "unaffected_by",
            Self::SameAs(_) => "same_as",
        }
    }

    /// For people: what is claimed, with its expressions.
    pub fn words(&self) -> String {
        match self {
            Self::OnlyIf(holds) => format!("allowed only if `{holds}`"),
            Self::Never(None) => "never allowed".to_owned(),
            Self::Never(Some(when)) => format!("never allowed when `{when}`"),
            Self::NeverBoth { one, other } => format!("never allowed to both `{one}` and `{other}`"),
            Self::NeverErrors => "no policy fails".to_owned(),
            Self::NeverMoreWith(entries) => format!("never more with `{}`", entries.join("`, `")),
            Self::UnaffectedBy(attribute) => format!("the same whatever `{attribute}` is"),
            Self::SameAs(bundle) => format!("the same as by `{bundle}`"),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct File {
    only_if: Vec<Said>,
    never: Vec<Said>,
    never_both: Vec<Said>,
    never_errors: Vec<Said>,
    never_more_with: Vec<Said>,
    unaffected_by: Vec<Said>,
    same_as: Vec<Said>,
}

/// Takes what makes a kind out of a property as it is written; the name of the field that is missing.
type Reading = fn(&mut Said) -> Result<Kind, &'static str>;

/// A property as it is written: what all have, then what one kind or another has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    id: Spanned<String>,
    title: String,
    #[serde(default)]
    rules: Vec<String>,
    actions: Option<Vec<String>>,
    #[serde(default)]
    except: Vec<String>,
    principals: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    assuming: Option<String>,
    holds: Option<String>,
    when: Option<String>,
    one: Option<String>,
    other: Option<String>,
    context: Option<Vec<String>>,
    attribute: Option<String>,
    bundle: Option<String>,
}

/// Reads the properties of the bundle in a directory; without the file there are none.
///
/// # Errors
/// The file cannot be read, or what [`parse`] refuses.
pub fn read(dir: &Path, register: &Register) -> Result<(Vec<Property>, Option<Source>), Problems> {
    let (properties, source) = unchecked(dir)?;
    source.iter().try_for_each(|source| check_rules(source, register, &properties))?;
    Ok((properties, source))
}

/// As [`read`], for whoever tells unknown rules in a way of their own.
///
/// # Errors
/// The file cannot be read, is no TOML of this form, or uses an id twice.
pub fn unchecked(dir: &Path) -> Result<(Vec<Property>, Option<Source>), Problems> {
    match std::fs::read_to_string(dir.join(PATH)) {
        Ok(text) => {
            let source = Source::new(PATH, text);
            Ok((properties(&source)?, Some(source)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((Vec::new(), None)),
        Err(error) => Err(Problem::new(format!("cannot read `{PATH}`: {error}")).into()),
    }
}

/// Reads the text of a file of properties, ordered by id.
///
/// # Errors
/// It is no TOML of this form; an id is used twice; a rule is not in the register.
pub fn parse(source: &Source, register: &Register) -> Result<Vec<Property>, Problems> {
    let properties = properties(source)?;
    check_rules(source, register, &properties)?;
    Ok(properties)
}

fn properties(source: &Source) -> Result<Vec<Property>, Problems> {
    let file: File = toml::from_str(&source.text).map_err(|error| toml_problem(source, &error))?;
    let kinds: [(Vec<Said>, Reading); 7] = [
        (file.only_if, |said| Ok(Kind::OnlyIf(said.holds.take().ok_or("holds")?))),
        (file.never, |said| Ok(Kind::Never(said.when.take()))),
        (file.never_both, |said| {
            let one = said.one.take().ok_or("one")?;
            Ok(Kind::NeverBoth { one, other: said.other.take().ok_or("other")? })
        }),
        (file.never_errors, |_| Ok(Kind::NeverErrors)),
        (file.never_more_with, |said| Ok(Kind::NeverMoreWith(said.context.take().ok_or("context")?))),
        (file.unaffected_by, |said| Ok(Kind::UnaffectedBy(said.attribute.take().ok_or("attribute")?))),
        (file.same_as, |said| Ok(Kind::SameAs(said.bundle.take().ok_or("bundle")?))),
    ];
    let mut problems = Problems::default();
    let mut properties: Vec<Property> = Vec::new();
    for (said, kind) in kinds.into_iter().flat_map(|(list, kind)| list.into_iter().map(move |said| (said, kind))) {
        let span = said.id.span();
        match said.property(kind) {
            Ok(property) => properties.push(property),
            Err(reason) => problems.push(Problem::at(source, (span.start, span.len()), reason)),
        }
    }
    problems.into_result(())?;
    properties.sort_by(|left, right| left.id.cmp(&right.id));
    check_ids(source, &properties)?;
    Ok(properties)
}

fn check_ids(source: &Source, properties: &[Property]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for pair in properties.windows(2).filter(|pair| pair[0].id == pair[1].id) {
        problems.push(Problem::at(source, pair[1].span, format!("the id `{}` is used twice", pair[1].id)));
    }
    problems.into_result(())
}

fn check_rules(source: &Source, register: &Register, properties: &[Property]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for property in properties {
        for rule in property.rules.iter().filter(|rule| !register.rules.contains_key(rule.as_str())) {
            problems.push(
                Problem::at(source, property.span, format!("the rule `{rule}` is not in the register"))
                    .help("rules are listed in `policies/rules.toml`"),
            );
        }
    }
    problems.into_result(())
}

impl Said {
    fn property(mut self, kind: fn(&mut Self) -> Result<Kind, &'static str>) -> Result<Property, String> {
        let kind =
            kind(&mut self).map_err(|missing| format!("the property `{}` has no `{missing}`", self.id.get_ref()))?;
        let rest = [
            ("holds", self.holds.is_some()),
            ("when", self.when.is_some()),
            ("one", self.one.is_some()),
            ("other", self.other.is_some()),
            ("context", self.context.is_some()),
            ("attribute", self.attribute.is_some()),
            ("bundle", self.bundle.is_some()),
        ];
        if let Some((name, _)) = rest.iter().find(|(_, left)| *left) {
            return Err(format!("`{name}` says nothing in a property of the kind `{}`", kind.name()));
        }
        let span = self.id.span();
        Ok(Property {
            id: self.id.into_inner(),
            title: self.title,
            rules: self.rules,
            scope: Scope {
                actions: self.actions,
                except: self.except,
                principals: self.principals,
                resources: self.resources,
            },
            kind,
            assuming: self.assuming,
            span: (span.start, span.len()),
        })
    }
}
