//! One side of a comparison: a bundle with its tests, from a directory or from a revision of git.
//!
//! `mandat diff main .` names a branch and a directory. A name that is both is refused: whoever compares the wrong thing
//! reads a difference that is none. `./name` is always a directory.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::super::{
    matrix::Plan,
    prover::environment,
    scenario::{Case, file},
};
use crate::{
    bundle::{
        Bundle, Policy, files,
        revision::Revision,
        tree::{Directory, Tree},
    },
    problem::{Problem, Problems, Source},
    request::Request,
};

/// Largest scenario file, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A bundle with its scenarios and its matrix.
pub struct Side {
    /// As it was named, of a revision with its commit.
    pub name: String,
    /// The bundle.
    pub bundle: Bundle,
    /// Its scenarios; none where it has none.
    pub cases: Vec<Case>,
    /// What its matrix asks.
    pub plan: Option<Plan>,
    /// Names of its environments, as `User addClient Organization`.
    pub environments: BTreeSet<String>,
    /// What each policy says, by id; see [`Side::said`].
    said: BTreeMap<Arc<str>, String>,
    /// The text of its settings.
    pub settings: Option<Arc<str>>,
    /// Its tariff files by name.
    pub tariffs: BTreeMap<String, Source>,
    tree: Box<dyn Tree>,
}

impl Side {
    /// Loads the bundle that a name stands for. Revisions are those of the repository that holds `bundle`; with `git`
    /// a name that is both is the revision.
    ///
    /// # Errors
    /// The name stands for nothing, or for both a directory and a revision; what it stands for does not load.
    pub fn load(name: &str, bundle: &Path, git: bool) -> Result<Self, Problems> {
        match place(name, bundle, git)? {
            Place::Directory(dir) => Self::of(name.to_owned(), Box::new(Directory::new(dir))),
            Place::Commit(commit) => {
                let short = commit.get(..12).unwrap_or(&commit).to_owned();
                let revision = Revision::open(bundle, commit)
                    .map_err(|reason| Problem::new(format!("the revision `{name}` cannot be read: {reason}")))?;
                let told = if short.starts_with(name) || name.starts_with(&short) {
                    short
                } else {
                    format!("{name} ({short})")
                };
                Self::of(told, Box::new(revision))
            }
        }
    }

    /// Loads a bundle from wherever its files lie.
    ///
    /// # Errors
    /// Everything that is wrong with the bundle, its scenarios and its matrix.
    pub fn of(name: String, tree: Box<dyn Tree>) -> Result<Self, Problems> {
        let loaded = Self::read(name.clone(), tree);
        loaded.map_err(|problems| {
            let mut told = Problems::from(Problem::new(format!("the bundle of `{name}` does not load")));
            told.extend(problems);
            told
        })
    }

    fn read(name: String, tree: Box<dyn Tree>) -> Result<Self, Problems> {
        let files = files::of(&*tree)?;
        let tariffs = files.tariffs.iter().map(|source| (source.name.to_string(), source.clone())).collect();
        let settings = files.settings.as_ref().map(|source| source.text.clone());
        let bundle = Bundle::from_files(files)?;
        let cases = cases(&*tree)?;
        let plan = Plan::of(&*tree)?;
        let environments = environment::all(&bundle).into_iter().map(|environment| environment.name).collect();
        let said = bundle.policies.iter().map(|policy| (policy.id.clone(), said(&policy.cedar))).collect();
        Ok(Self { name, cases, plan, environments, said, settings, tariffs, bundle, tree })
    }

    /// Where its files lie.
    pub fn tree(&self) -> &dyn Tree {
        &*self.tree
    }

    /// What a policy of this side says, however it is laid out and whatever it is called: its scope and conditions as
    /// Cedar reads them.
    pub fn said(&self, policy: &Policy) -> &str {
        self.said.get(&policy.id).map_or("", |said| said)
    }

    /// The name of a request's environment; none where the schema does not know the action.
    pub fn environment_of(&self, request: &Request) -> Option<String> {
        let action = self.bundle.shapes.actions.get(&request.action)?;
        let (principal, resource) = (&request.principal.entity_type, &request.resource.entity_type);
        Some(format!("{principal} {} {resource}", action.uid.id().unescaped()))
    }
}

/// What a policy says, without its annotations. One that cannot be put so says what only it says: its id.
fn said(policy: &cedar_policy::Policy) -> String {
    let Ok(mut json) = policy.to_json() else { return format!("the policy {}", policy.id()) };
    if let Some(fields) = json.as_object_mut() {
        fields.remove("annotations");
    }
    json.to_string()
}

/// The cases of every scenario file, by file name.
fn cases(tree: &dyn Tree) -> Result<Vec<Case>, Problems> {
    const DIR: &str = "tests/scenarios";
    let names = tree.list(DIR).map_err(|reason| Problem::new(format!("cannot read `{DIR}/`: {reason}")))?;
    let mut problems = Problems::default();
    let mut cases = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".toml")).map(|name| format!("{DIR}/{name}")) {
        match tree.read(&name, MAX_FILE) {
            Ok(Some(text)) => match file::parse(&Source::new(name, text)) {
                Ok(read) => cases.extend(read),
                Err(found) => problems.extend(found),
            },
            Ok(None) => problems.push(Problem::new(format!("cannot read `{name}`: it is gone"))),
            Err(reason) => problems.push(Problem::new(format!("cannot read `{name}`: {reason}"))),
        }
    }
    problems.into_result(cases)
}

/// What a name stands for.
enum Place {
    Directory(PathBuf),
    Commit(String),
}

fn place(name: &str, bundle: &Path, git: bool) -> Result<Place, Problem> {
    let path = PathBuf::from(name);
    let is_path = path.is_absolute()
        || matches!(path.components().next(), Some(first) if first.as_os_str().to_string_lossy().starts_with('.'));
    if is_path {
        return if path.is_dir() {
            Ok(Place::Directory(path))
        } else {
            Err(Problem::new(format!("`{name}` is no directory")))
        };
    }
    let commit = Revision::resolve(bundle, name)
        .map_err(|reason| Problem::new(format!("whether `{name}` is a revision cannot be told: {reason}")));
    match (path.is_dir(), commit) {
        (true, Ok(None) | Err(_)) if !git => Ok(Place::Directory(path)),
        (true, Ok(Some(_))) if !git => Err(Problem::new(format!("`{name}` is a directory and a revision of git"))
            .help(format!("write `./{name}` for the directory, or `--git` for the revision"))),
        (_, Ok(Some(commit))) => Ok(Place::Commit(commit)),
        (_, Ok(None)) => {
            let what = if git { "no revision" } else { "neither a directory nor a revision" };
            Err(Problem::new(format!("`{name}` is {what} of the repository that holds `{}`", bundle.display())).help(
                "name a branch, a tag or a commit that `git rev-parse` knows there, or the directory of a bundle",
            ))
        }
        (_, Err(problem)) => Err(problem),
    }
}
