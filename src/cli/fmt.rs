//! `mandat fmt [DIR]`: lays policies and tariffs out; nothing but blanks and line ends changes.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::{BundleDir, Exit, output};
use crate::{
    analysis::layout::{self, Change},
    bundle::files,
    problem::Problem,
};

/// Arguments of `mandat fmt`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
    /// Change nothing: list the files that would change, with the first line that differs.
    #[arg(long)]
    check: bool,
}

/// Writes what is not laid out as it should be, or only lists it.
pub fn run(arguments: &Arguments) -> Exit {
    let dir = arguments.dir.path();
    let files = match files::read(&dir) {
        Ok(files) => files,
        Err(problems) => {
            output::problems(&problems, false);
            return Exit::Invalid;
        }
    };
    let (changes, refused) = layout::changes(&files);
    for (source, reason) in &refused {
        let problem = Problem::new(format!("`{}` is left as it is: {reason}", source.name));
        output::problems(&problem.help("`mandat check` tells what is wrong with it").into(), false);
    }
    let done = if arguments.check { list(&changes) } else { write_all(&dir, &changes) };
    if refused.is_empty() { done } else { Exit::Invalid }
}

fn list(changes: &[Change]) -> Exit {
    for change in changes {
        println!("{}:{}", change.source.name, change.line);
    }
    if changes.is_empty() { Exit::Success } else { Exit::Failure }
}

fn write_all(dir: &Path, changes: &[Change]) -> Exit {
    for change in changes {
        let path = dir.join(&*change.source.name);
        if let Err(error) = replace(&path, &change.source.text, &change.text) {
            let problem = Problem::new(format!("cannot write `{}`: {error}", change.source.name));
            output::problems(&problem.into(), false);
            return Exit::Failure;
        }
        println!("{}", change.source.name);
    }
    Exit::Success
}

/// Puts a whole new file in the old one's place, so that nobody ever reads half of one. A file that was saved since it
/// was read is left to whoever saved it.
fn replace(path: &Path, before: &str, text: &str) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let temporary = temporary(path);
    let written = fs::File::create_new(&temporary).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.set_permissions(metadata.permissions())?;
        file.sync_all()
    });
    let same = || fs::read_to_string(path).is_ok_and(|now| now == before);
    let moved = written.and_then(|()| match same() {
        true => fs::rename(&temporary, path),
        false => Err(std::io::Error::other("it was saved meanwhile; run `mandat fmt` again")),
    });
    if moved.is_err() {
        // What is left of it; if even that fails, the first error says more.
        let _ = fs::remove_file(&temporary);
    }
    moved
}

/// Beside the file, so that it can be moved in one step; hidden, so that no bundle reads it.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}
