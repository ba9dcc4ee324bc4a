//! How a bundle's directory looks: whether anything in it has changed, and whether it stands still.
//!
//! An author saves `clients.cedar` and the editor writes it in two pieces; a deployment exchanges the whole directory
//! while it is being read. Nobody wrote what lies there in between. So whoever reads a bundle that others may be
//! writing looks before and after: where both [`Look`]s are the same, what was read between them is one state.
//!
//! A look reads every file, those of the scenarios too, since they have a say in a reload. Somebody who looks again and
//! again takes a [`Glimpse`] first, which asks only for names, sizes and times. Both are plain reads, several times a
//! second: they work where notices of the system do not, on network file systems and directories mounted into
//! containers.

use std::{
    fs::{self, Metadata},
    io::Read as _,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use sha2::{Digest as _, Sha256};

/// The directories that a bundle and its scenarios are read from.
const DIRECTORIES: [&str; 6] = ["policies", "schemas", "tariffs", "tests/scenarios", "tests/prices", "tests/facts"];

/// Most bytes that are read of one file: above the limits of all that is loaded, such a file is refused anyway.
const MOST: u64 = 64 << 20;

/// All that a bundle and its scenarios would be read from, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look([u8; 32]);

/// Names, sizes and times of the files, summed up: the same where most probably nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glimpse([u8; 32]);

/// Reads the files of a directory. What cannot be read is a part of how it looks, and no error.
pub fn look(dir: &Path) -> Look {
    Look(sum_up(dir, |path, metadata, sum| {
        // Whatever is no regular file would be refused; reading it could wait forever.
        let text = if metadata.is_file() { read(path) } else { Err(format!("{:o}", metadata.mode())) };
        match text {
            Ok(text) => sum.part(&text),
            Err(reason) => sum.part(reason.as_bytes()),
        }
    }))
}

/// Asks for names, sizes and times of the files of a directory.
pub fn glimpse(dir: &Path) -> Glimpse {
    Glimpse(sum_up(dir, |_, metadata, sum| {
        for number in [metadata.dev(), metadata.ino(), metadata.len()] {
            sum.part(&number.to_be_bytes());
        }
        for number in [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()] {
            sum.part(&number.to_be_bytes());
        }
    }))
}

struct Sum(Sha256);

impl Sum {
    fn part(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }
}

fn sum_up(dir: &Path, tell: impl Fn(&Path, &Metadata, &mut Sum)) -> [u8; 32] {
    let mut sum = Sum(Sha256::new());
    let file = |name: &str, sum: &mut Sum| {
        let path = dir.join(name);
        sum.part(name.as_bytes());
        // A link is refused where its file would not be; where one becomes the other, that is a change.
        sum.part(&[u8::from(fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()))]);
        match fs::metadata(&path) {
            Ok(metadata) => tell(&path, &metadata, sum),
            Err(error) => sum.part(error.kind().to_string().as_bytes()),
        }
    };
    file("mandat.toml", &mut sum);
    for directory in DIRECTORIES {
        sum.part(directory.as_bytes());
        match names(&dir.join(directory)) {
            Ok(names) => names.iter().for_each(|name| file(&format!("{directory}/{name}"), &mut sum)),
            Err(error) => sum.part(error.kind().to_string().as_bytes()),
        }
    }
    sum.0.finalize().into()
}

/// Names in a directory, sorted; hidden ones, such as an editor's own, are left out as they are when it is loaded.
fn names(directory: &Path) -> std::io::Result<Vec<String>> {
    let names = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<std::io::Result<Vec<String>>>()?;
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let file = fs::File::open(path).map_err(|error| error.kind().to_string())?;
    file.take(MOST).read_to_end(&mut text).map_err(|error| error.kind().to_string())?;
    Ok(text)
}
