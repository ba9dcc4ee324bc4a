//! The key that checkpoints are signed with: 32 random bytes in a file that only its owner reads.
//!
//! The first start makes it. Whoever has it can sign another history, so a file that others may read is refused rather
//! than used (threat T28). The public key, which everybody may have, is what checks are made with.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use ed25519_dalek::{SigningKey, VerifyingKey};

use super::{
    Failed,
    line::{hex, unhex},
};

/// Longest key file that is read, in bytes.
const MAX_FILE: u64 = 1_024;

/// Reads the key of a file, and makes one where there is none.
///
/// # Errors
/// The file cannot be read or written, others may read it, or it holds no key.
pub fn open(path: &Path) -> Result<SigningKey, Failed> {
    match read(path) {
        Ok(Some(key)) => Ok(key),
        Ok(None) => make(path),
        Err(error) => Err(error),
    }
}

/// Reads the key of a file; none where there is no file.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path) -> Result<Option<SigningKey>, Failed> {
    let failed = |reason: String| Failed(format!("the signing key `{}`: {reason}", path.display()));
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    if !about.is_file() || about.len() > MAX_FILE {
        return Err(failed("it is no file with a key in it".to_owned()));
    }
    if about.mode() & 0o077 != 0 {
        return Err(failed(format!(
            "others than its owner may read it (mode {:o}); whoever reads it can sign another log: `chmod 600` it, and make \
             a new one if somebody may have",
            about.mode() & 0o777
        )));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let seed = unhex(text.trim_end().as_bytes()).ok_or_else(|| failed("expected 64 hexadecimal digits".to_owned()))?;
    Ok(Some(SigningKey::from_bytes(&seed)))
}

fn make(path: &Path) -> Result<SigningKey, Failed> {
    let failed = |error: std::io::Error| Failed(format!("the signing key `{}`: {error}", path.display()));
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| failed(error.into()))?;
    // Written aside and linked into place, so that no start ever finds half a key, and two first starts have one.
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(format!("{}\n", hex(&seed)).as_bytes())?;
        file.sync_all()?;
        match fs::hard_link(&aside, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    };
    let written = write();
    let _ = fs::remove_file(&aside);
    written.map_err(failed)?;
    read(path)?.ok_or_else(|| Failed(format!("the signing key `{}` is gone", path.display())))
}

/// Reads a public key: 64 hexadecimal digits.
///
/// # Errors
/// It is none.
pub fn public(digits: &str) -> Result<VerifyingKey, String> {
    let bytes = unhex(digits.trim().as_bytes()).ok_or("a public key has 64 hexadecimal digits, lowercase")?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| "these 64 digits are no public key".to_owned())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::{open, public};
    use crate::audit::line::hex;

    #[test]
    fn the_first_start_makes_a_key_that_only_its_owner_reads() {
        let dir = std::env::temp_dir().join(format!("mandat-key-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("log.key");
        let key = open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(open(&path).unwrap().to_bytes(), key.to_bytes(), "the next start finds it");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing is left aside");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(open(&path).unwrap_err().0.contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "no key").unwrap();
        assert!(open(&path).unwrap_err().0.contains("64 hexadecimal digits"));
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(public(&hex(key.verifying_key().as_bytes())), Ok(key.verifying_key()));
        assert!(public("ab").is_err());
    }
}
