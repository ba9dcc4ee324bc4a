//! The directory as others leave it: links and whole directories exchanged, files half written, and what is no file.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use mandat::{
    bundle::{
        files,
        look::{glimpse, look},
    },
    engine::Engine,
    facts::memory::MemoryFacts,
    http::reload::{Reloads, keep::Watch},
};

use super::{Ground, Stop, edit, load, other_edition, refused, reload, reloaded, todo};
use crate::{
    http::{Server, denied, todo_facts},
    support::copy,
    worlds::TempDir,
};

/// A service whose bundles come from a place that need not be a directory of its own.
fn serve(place: &Path) -> Server {
    let server = Server::reloading(Reloads::of(place, false));
    let bundle = load(place);
    let facts = MemoryFacts::read(&todo_facts(), &bundle.schema).unwrap();
    server.service.activate(Engine::new(bundle, facts)).unwrap();
    server
}

/// Both editions in one directory, `first` and `second`; they differ in every file.
fn releases() -> TempDir {
    let (home, other) = (TempDir::new(), todo());
    copy(other.path(), &home.path().join("first"));
    other_edition(&other);
    for (file, comment) in [
        ("mandat.toml", "#"),
        ("policies/lists.cedar", "//"),
        ("policies/rules.toml", "#"),
        ("policies/tasks.cedar", "//"),
        ("schemas/todo.cedarschema", "//"),
    ] {
        let text = fs::read_to_string(other.path().join(file)).unwrap();
        other.write(file, &format!("{comment} the second edition\n{text}"));
    }
    copy(other.path(), &home.path().join("second"));
    home
}

/// Puts a symbolic link in the place of another one, at once.
fn point(home: &TempDir, to: &str) {
    symlink(to, home.path().join("next")).unwrap();
    fs::rename(home.path().join("next"), home.path().join("current")).unwrap();
}

#[test]
fn a_link_that_is_moved_leads_to_the_new_directory() {
    let home = releases();
    point(&home, "first");
    let server = serve(&home.path().join("current"));
    assert!(!server.evaluate(&denied()).decision());
    point(&home, "second");
    assert_eq!(reloaded(&reload(&server.client())), load(&home.path().join("second")).digest);
    assert!(server.evaluate(&denied()).decision());
}

#[test]
fn a_directory_that_another_one_takes_the_place_of_is_the_other_one() {
    let home = releases();
    let place = home.path().join("first");
    let server = serve(&place);
    fs::rename(&place, home.path().join("old")).unwrap();
    assert_eq!(refused(&reload(&server.client()))[0]["message"], "the bundle has no schema", "between the two moves");
    fs::rename(home.path().join("second"), &place).unwrap();
    assert_eq!(reloaded(&reload(&server.client())), load(&place).digest);
}

#[test]
fn what_is_read_while_the_link_moves_is_one_release_or_the_other_never_both() {
    let home = releases();
    point(&home, "first");
    let server = serve(&home.path().join("current"));
    let digests = ["first", "second"].map(|release| load(&home.path().join(release)).digest);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for release in ["second", "first"].into_iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                point(&home, release);
                std::thread::yield_now();
            }
        });
        let _stop = Stop(&stop);
        for _ in 0..50 {
            let reply = reload(&server.client());
            let taken = reply.header("x-mandat-bundle").unwrap().to_owned();
            let restless = || refused(&reply)[0]["message"] == "the bundle's files change all the time";
            assert!(digests.contains(&taken) && (reply.status == 200 || restless()), "{reply:?}");
        }
    });
    point(&home, "second");
    assert_eq!(reload(&server.client()).json()["bundle"], *digests[1], "and is still well");
}

/// The control: what a plain read in the middle of a deployment gives is a bundle that nobody wrote.
#[test]
fn a_read_in_the_middle_of_a_deployment_would_be_of_neither() {
    let home = releases();
    let path = |release: &str| home.path().join(release);
    let whole = ["first", "second"].map(|release| files::read(&path(release)).unwrap().digest);
    copy(&path("first"), &path("current"));
    let before = look(&path("current"));
    fs::copy(path("second").join("policies/lists.cedar"), path("current").join("policies/lists.cedar")).unwrap();
    assert!(!whole.contains(&files::read(&path("current")).unwrap().digest));
    assert_ne!(look(&path("current")), before, "which two looks tell");
}

#[test]
fn files_are_taken_when_two_looks_find_the_same() {
    let dir = todo();
    let mut watch = Watch::new(dir.path(), look(dir.path()));
    let mut looks = |times| (0..times).map(|_| watch.look()).collect::<Vec<_>>();
    assert_eq!(looks(3), [false; 3], "nothing has changed");
    let whole = fs::read_to_string(dir.path().join("policies/lists.cedar")).unwrap();
    let longer = format!("{whole}// and more\n");
    dir.write("policies/lists.cedar", &longer[..40]);
    assert_eq!(looks(1), [false], "half of it");
    dir.write("policies/lists.cedar", &longer);
    assert_eq!(looks(1), [false], "the rest, which may be half of something, too");
    assert_eq!(looks(1), [true], "nobody has written meanwhile");
    assert_eq!(looks(30), [false; 30], "once");
    dir.write("policies/lists.cedar", &whole);
    dir.write("policies/lists.cedar", &longer);
    assert_eq!(looks(3), [false; 3], "back to what was taken");
    for change in ["tests/scenarios/more.toml", "tests/facts/more.json", "tariffs/new.toml", "mandat.toml"] {
        dir.write(change, "# new");
        assert_eq!(looks(2), [false, true], "{change}");
    }
    fs::remove_file(dir.path().join("mandat.toml")).unwrap();
    assert_eq!(looks(2), [false, true], "gone");
    dir.write("policies/.lists.cedar.swp", "an editor's own");
    assert_eq!(looks(20), [false; 20]);
}

#[test]
fn a_change_that_sizes_and_times_do_not_tell_is_seen_a_little_later() {
    let dir = todo();
    let path = dir.path().join("policies/lists.cedar");
    let times = fs::metadata(&path).unwrap().modified().unwrap();
    let mut watch = Watch::new(dir.path(), look(dir.path()));
    assert!(!watch.look());
    let before = glimpse(dir.path());
    edit(&dir, "policies/lists.cedar", "owner == principal", "owner != principal");
    fs::File::options().write(true).open(&path).unwrap().set_modified(times).unwrap();
    // Where the file system tells changes by another time as well, the first look has it; where not, the tenth.
    let seen = (0..12).filter(|_| watch.look()).count();
    assert_eq!(seen, 1, "{}", glimpse(dir.path()) == before);
}

#[test]
fn what_is_no_plain_file_is_refused_and_waits_for_nobody() {
    type Spoil = fn(&TempDir);
    let spoils: [Spoil; 3] = [
        |dir| {
            let place = dir.path().join("policies/tasks.cedar");
            fs::rename(&place, dir.path().join("elsewhere")).unwrap();
            symlink("../elsewhere", place).unwrap();
        },
        |dir| fifo(&dir.path().join("policies/fifo.cedar")),
        |dir| fifo(&dir.path().join("tests/scenarios/fifo.toml")),
    ];
    for (number, spoil) in spoils.into_iter().enumerate() {
        let ground = Ground::todo();
        ground.edit("mandat.toml", "level = 2", "level = 3");
        spoil(&ground.dir);
        let problems = refused(&ground.reload());
        assert!(problems[0]["message"].as_str().unwrap().contains("it is no regular file"), "{number}: {problems:?}");
    }
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}
