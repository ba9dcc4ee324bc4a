//! Where the log of a service lies, by its settings and by where its facts last.
//!
//! With `log = "store"` it lies beside the facts: `mandat.db` has its log in `mandat.decisions.db`, a database holds both.
//! Facts from a file last nowhere, and neither does what is decided on them.

use std::path::{Path, PathBuf};

use crate::config::audit::AuditSettings;

/// A log and the key that signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where the log is: a file, a directory, or the URL of a database.
    pub log: String,
    /// The file of the signing key.
    pub key: PathBuf,
}

/// The place of a log; none where nothing is recorded.
pub fn of(settings: &AuditSettings, store: Option<&str>) -> Option<Place> {
    let log = match (&*settings.log, store) {
        ("off", _) | ("store", None) => return None,
        ("store", Some(url)) if url.contains("://") => url.to_owned(),
        ("store", Some(file)) => Path::new(file).with_extension("decisions.db").display().to_string(),
        (place, _) => place.to_owned(),
    };
    let key = settings.key.as_ref().map_or_else(|| key_beside(&log), PathBuf::from);
    Some(Place { log, key })
}

/// Where the key lies if no setting says so: beside the log, and of a database's log in the working directory.
pub fn key_beside(log: &str) -> PathBuf {
    if log.contains("://") { PathBuf::from("mandat.decisions.key") } else { Path::new(log).with_extension("key") }
}

#[cfg(test)]
mod tests {
    use super::{Place, of};
    use crate::config::audit::AuditSettings;

    #[test]
    fn the_log_lies_beside_the_facts_unless_the_settings_say_otherwise() {
        let place = |log: &str, store| of(&AuditSettings { log: log.to_owned(), ..AuditSettings::default() }, store);
        let at = |log: &str, key: &str| Some(Place { log: log.to_owned(), key: key.into() });
        assert_eq!(
            place("store", Some("/var/m/mandat.db")),
            at("/var/m/mandat.decisions.db", "/var/m/mandat.decisions.key")
        );
        assert_eq!(place("store", Some("postgres://db/m")), at("postgres://db/m", "mandat.decisions.key"));
        assert_eq!(place("/var/log/mandat", Some("mandat.db")), at("/var/log/mandat", "/var/log/mandat.key"));
        assert_eq!(place("store", None), None);
        assert_eq!(place("off", Some("mandat.db")), None);
    }
}
