//! Files and directories that are still there after a power cut, and that only their owner reads.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Result},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

/// Makes a directory, and those above it, where there is none.
pub(super) fn make_dir(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let above = dir.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_dir(above)?;
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        made => made.and_then(|()| sync_dir(above)),
    }
}

/// Waits until the names in a directory are on the disk.
pub(super) fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir)?.sync_all()
}

/// Opens a file to write behind its end; makes it where there is none, and waits for its name.
pub(super) fn append_to(path: &Path) -> Result<File> {
    let new = !path.exists();
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    if new {
        sync_around(path)?;
    }
    Ok(file)
}

/// Puts a text in the place of a file's, all or nothing.
pub(super) fn replace(path: &Path, text: &[u8]) -> Result<()> {
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&aside)?;
    std::io::Write::write_all(&mut file, text)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    sync_around(path)
}

/// Waits for the names beside a path.
fn sync_around(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), sync_dir)
}

/// The bytes of a file; none where there is no file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}
