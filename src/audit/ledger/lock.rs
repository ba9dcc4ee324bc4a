//! Who writes a chain, told by locks on files: the system releases them when a process ends, however it ends.

use std::{
    fs::{File, TryLockError},
    io::Result,
};

/// A lock that is held until it is dropped.
pub(super) struct Lock(File);

/// Takes the first lock that nobody holds, and tells its number; each has a file of its own.
pub(super) fn first_free(open: impl Fn(u32) -> Result<File>) -> Result<(u32, Lock)> {
    let mut writer = 1;
    loop {
        let file = open(writer)?;
        match file.try_lock() {
            Ok(()) => return Ok((writer, Lock(file))),
            Err(TryLockError::WouldBlock) => writer += 1,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

impl Drop for Lock {
    /// Closing the file would be enough, were it not that a process that is just being started has it open as well.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
