//! A bundle's directory that is not what it should be (threats T08 and T27): nothing missing is taken for
//! nothing forbidden, nothing outside is read, nothing hangs.

use std::{os::unix::fs::symlink, sync::mpsc, time::Duration};

use mandat::bundle::Bundle;

use super::fifo;
use crate::worlds::TempDir;

const SCHEMA: (&str, &str) =
    ("schemas/s.cedarschema", "entity User; action act appliesTo { principal: User, resource: User };");
const POLICY: (&str, &str) = ("policies/p.cedar", "@id(\"all\") permit (principal, action, resource);");

fn right() -> TempDir {
    TempDir::with(&[SCHEMA, POLICY])
}

/// What is wrong with the directory, or `loads`; a directory that hangs fails the test.
fn load(dir: &TempDir) -> String {
    let (sender, receiver) = mpsc::channel();
    let path = dir.path().to_owned();
    std::thread::spawn(move || {
        sender.send(Bundle::load(&path).map(|_| "loads".to_owned()).unwrap_or_else(|problems| words(&problems)))
    });
    receiver.recv_timeout(Duration::from_secs(60)).expect("loading ends")
}

#[test]
fn a_directory_without_policies_is_an_error() {
    assert_eq!(load(&right()), "loads", "the control");
    assert_eq!(load(&TempDir::with(&[SCHEMA])), "the bundle has no policies");
    let emptied = right();
    std::fs::remove_file(emptied.path().join("policies/p.cedar")).unwrap();
    assert_eq!(load(&emptied), "the bundle has no policies", "a directory that is there but empty");
    assert_eq!(load(&TempDir::with(&[SCHEMA, ("policies/p.cedar", "")])), "the bundle has no permit");
    assert_eq!(load(&TempDir::with(&[POLICY])), "the bundle has no schema");
    let nowhere = TempDir::new();
    assert_eq!(load(&nowhere), "the bundle has no schema\nthe bundle has no policies");
}

#[test]
fn a_file_of_another_name_is_no_policy_to_skip() {
    for name in [
        "policies/p.ceder",
        "policies/p.cedar~",
        "policies/p.cedar.bak",
        "policies/P.CEDAR",
        "policies/rules.tml",
        "policies/p",
        "schemas/s.cedarschema.orig",
    ] {
        let dir = right();
        dir.write(name, POLICY.1);
        assert_eq!(load(&dir), format!("`{name}` is no file of a bundle"));
    }
    for name in ["policies/README.md", "policies/.p.cedar.swp", "schemas/README.md", "README.md", "other/p.cedar"] {
        let dir = right();
        dir.write(name, "not a policy");
        assert_eq!(load(&dir), "loads", "{name}");
    }
}

#[test]
fn nothing_is_read_through_a_symbolic_link() {
    let outside = TempDir::with(&[("secret.cedar", "@id(\"outside\") forbid (principal, action, resource);"), SCHEMA]);
    for name in ["policies/link.cedar", "policies/rules.toml", "schemas/link.cedarschema", "mandat.toml"] {
        let dir = right();
        symlink(outside.path().join("secret.cedar"), dir.path().join(name)).unwrap();
        assert_eq!(load(&dir), format!("cannot read `{name}`: it is no regular file"));
    }
    let dir = TempDir::with(&[POLICY]);
    symlink(outside.path().join("schemas"), dir.path().join("schemas")).unwrap();
    assert_eq!(load(&dir), "cannot read `schemas/`: it is a symbolic link\nthe bundle has no schema");
    assert!(
        std::fs::read_to_string(dir.path().join("schemas/s.cedarschema")).is_ok(),
        "the control: the link leads to a schema"
    );
}

#[test]
fn pipes_directories_and_large_files_are_refused_without_reading() {
    let dir = right();
    fifo(&dir.path().join("policies/pipe.cedar"));
    assert_eq!(load(&dir), "cannot read `policies/pipe.cedar`: it is no regular file");
    let dir = right();
    std::fs::create_dir(dir.path().join("policies/dir.cedar")).unwrap();
    assert_eq!(load(&dir), "cannot read `policies/dir.cedar`: it is no regular file");
    let dir = right();
    std::fs::File::create(dir.path().join("policies/large.cedar")).unwrap().set_len((1 << 20) + 1).unwrap();
    assert_eq!(load(&dir), "cannot read `policies/large.cedar`: it is larger than 1048576 bytes");
    let dir = TempDir::with(&[SCHEMA, ("policies", "a file")]);
    assert!(load(&dir).contains("cannot read `policies/`"), "{}", load(&dir));
}

#[test]
fn text_that_is_no_utf_8_and_names_that_are_none_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = right();
    std::fs::write(dir.path().join("policies/latin.cedar"), b"// caf\xe9").unwrap();
    assert!(load(&dir).starts_with("cannot read `policies/latin.cedar`"), "{}", load(&dir));
    let dir = right();
    std::fs::write(dir.path().join("policies").join(std::ffi::OsStr::from_bytes(b"caf\xe9.cedar")), POLICY.1).unwrap();
    assert!(load(&dir).starts_with("cannot read `policies/caf"), "{}", load(&dir));
}

#[test]
fn the_digest_tells_every_byte_and_every_name() {
    let digest = |files: &[(&str, &str)]| Bundle::load(TempDir::with(files).path()).unwrap().digest;
    let base = digest(&[SCHEMA, POLICY]);
    assert_eq!(base, digest(&[SCHEMA, POLICY]));
    assert_eq!((base.len(), &base[..7]), (7 + 64, "sha256:"));
    let changed = [
        digest(&[SCHEMA, ("policies/q.cedar", POLICY.1)]),
        digest(&[SCHEMA, ("policies/p.cedar", &format!("{} ", POLICY.1))]),
        digest(&[SCHEMA, POLICY, ("mandat.toml", "")]),
        digest(&[SCHEMA, POLICY, ("policies/rules.toml", "")]),
        digest(&[SCHEMA, POLICY, ("policies/q.cedar", "")]),
    ];
    for (number, other) in changed.iter().enumerate() {
        assert!(*other != base && !changed[number + 1..].contains(other), "{number}");
    }
}

/// Problems in words, without their codes and helps.
fn words(problems: &mandat::problem::Problems) -> String {
    problems.iter().map(|problem| problem.message().to_owned()).collect::<Vec<_>>().join("\n")
}
