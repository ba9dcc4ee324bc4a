//! What is compared: directories and revisions, read without touching anything.

use std::fs;

use mandat::{
    analysis::difference::Side,
    bundle::{files, revision::Revision, tree::Tree as _},
};

use super::Repository;
use crate::{support::copy, worlds::TempDir};

#[test]
fn a_revision_is_read_as_its_checkout_would_be_and_nothing_is_touched() {
    let repository = Repository::programme();
    let checkout = files::read(&repository.path()).unwrap();
    repository.edit("policies/clients.cedar", "@id(\"clients.add\")", "@id(\"clients.plus\")");
    let status = repository.git(&["status", "--porcelain"]);
    let commit = Revision::resolve(&repository.path(), "main").unwrap().unwrap();
    let revision = Revision::open(&repository.path(), commit).unwrap();
    assert_eq!(files::of(&revision).unwrap().digest, checkout.digest);
    let facts = revision.read("tests/facts/programme.json", 1 << 30).unwrap().unwrap();
    assert_eq!(facts, fs::read_to_string(repository.path().join("tests/facts/programme.json")).unwrap());
    assert_eq!(repository.git(&["status", "--porcelain"]), status);
}

/// `git archive` would leave files out and write others anew: who reads a revision must get what is decided by.
#[test]
fn attributes_of_the_repository_change_nothing_that_is_read() {
    let repository = Repository::todo();
    let before = files::read(&repository.path()).unwrap();
    repository.write(".gitattributes", "policies/lists.cedar export-ignore\npolicies/tasks.cedar export-subst\n");
    repository.commit("with attributes");
    let commit = Revision::resolve(&repository.path(), "HEAD").unwrap().unwrap();
    assert_eq!(files::of(&Revision::open(&repository.path(), commit).unwrap()).unwrap().digest, before.digest);
}

#[test]
fn a_bundle_below_the_top_of_its_repository_is_found() {
    let dir = TempDir::new();
    copy(&crate::http::todo_dir(), &dir.path().join("bundles/todo"));
    dir.write("README", "not the bundle's\n");
    let repository = Repository::committed(dir);
    repository.edit("bundles/todo/policies/lists.cedar", "resource.archived };", "!resource.archived };");
    let told = repository.diff(&["HEAD", "--bundle", "bundles/todo", "--by", "questions"]);
    assert_eq!(told.code(), 0, "{}", told.errors());
    assert!(told.text().contains("newly allowed: Person renameList List"), "{}", told.text());
    assert!(told.text().starts_with("difference from HEAD ("), "{}", told.text());
    assert!(told.text().lines().next().unwrap().ends_with("to ./bundles/todo"), "{}", told.text());
}

#[test]
fn links_and_oversized_files_of_a_revision_are_refused_like_those_of_a_directory() {
    let repository = Repository::todo();
    std::os::unix::fs::symlink("lists.cedar", repository.path().join("policies/other.cedar")).unwrap();
    repository.write("policies/large.cedar", &"/".repeat((1 << 20) + 1));
    repository.write("policies/deep.cedar/inner", "");
    repository.commit("with a link");
    let commit = Revision::resolve(&repository.path(), "HEAD").unwrap().unwrap();
    let of_revision = files::of(&Revision::open(&repository.path(), commit).unwrap()).unwrap_err();
    assert_eq!(of_revision.to_string(), files::read(&repository.path()).unwrap_err().to_string());
    for told in
        ["`policies/other.cedar`: it is no regular file", "`policies/large.cedar`: it is larger than 1048576 bytes"]
    {
        assert!(of_revision.to_string().contains(told), "{of_revision}");
    }
}

#[test]
fn what_is_no_side_is_3_and_says_which_name_is_wrong() {
    let repository = Repository::todo();
    repository.git(&["branch", "other"]);
    copy(&crate::http::todo_dir(), &repository.path().join("other"));
    repository.write("broken/schemas/a.cedarschema", "entity User;");
    for (arguments, told) in [
        (&["nowhere", "."][..], "`nowhere` is neither a directory nor a revision"),
        (&["./nowhere", "."], "`./nowhere` is no directory"),
        (&["other", "."], "`other` is a directory and a revision of git"),
        (&["HEAD", "./broken"], "the bundle of `./broken` does not load"),
        (&["--git", "policies", "."], "`policies` is no revision"),
        (&["HEAD^{tree}", "."], "neither a directory nor a revision"),
        (&["--", "--upload-pack=touch", "."], "neither a directory nor a revision"),
    ] {
        let output = repository.diff(arguments);
        assert_eq!(output.code(), 3, "{arguments:?}: {}", output.text());
        assert!(output.errors().contains(told), "{arguments:?}: {}", output.errors());
    }
    // The controls: the same name, said clearly.
    for arguments in [&["./other", "HEAD"][..], &["--git", "other", "HEAD"]] {
        assert_eq!(repository.diff(arguments).code(), 0, "{arguments:?}");
    }
}

#[test]
fn without_a_repository_directories_can_still_be_compared() {
    let dir = TempDir::new();
    copy(&crate::http::todo_dir(), dir.path());
    let path = dir.path().to_string_lossy().into_owned();
    let side = Side::load(&path, dir.path(), false).unwrap();
    assert_eq!((side.name, side.cases.len()), (path, 7));
    let Err(problems) = Side::load("main", dir.path(), false) else { panic!("there is no repository") };
    assert!(problems.to_string().contains("`main` is neither a directory nor a revision"), "{problems}");
}
