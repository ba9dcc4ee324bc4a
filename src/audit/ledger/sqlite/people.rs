//! The keys of persons, in a file of SQLite: of the log that is in it, or beside the log's own files.

use rusqlite::{OptionalExtension as _, Row, params};

use super::database::Database;
use crate::audit::{
    Failed,
    ledger::Keys,
    people::{self, Person, Pseudonym},
};

/// The table of keys.
pub(in crate::audit::ledger) const MIGRATION: &str = include_str!("../../../../migrations/audit/people.0001.sql");

impl Keys for Database {
    fn enroll(&self, persons: &[Person]) -> Result<Vec<Pseudonym>, Failed> {
        let keys: Vec<people::Key> = persons.iter().map(|_| people::key()).collect::<Result<_, _>>()?;
        self.ask(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let mut enrolled = Vec::with_capacity(persons.len());
            for (person, key) in persons.iter().zip(&keys) {
                let Person { entity_type, id } = person;
                let pseudonym = person.pseudonym(key).to_string();
                transaction
                    .prepare_cached("insert into people values (?, ?, ?, ?) on conflict (type, id) do nothing")?
                    .execute(params![entity_type, id, key, pseudonym.as_bytes()])?;
                let mut kept = transaction.prepare_cached("select key from people where type = ? and id = ?")?;
                let key: people::Key = kept.query_row(params![entity_type, id], |row| row.get(0))?;
                enrolled.push(person.pseudonym(&key));
            }
            transaction.commit()?;
            Ok(enrolled)
        })
    }

    fn pseudonym(&self, person: &Person) -> Result<Option<Pseudonym>, Failed> {
        self.ask(|connection| {
            let mut statement = connection.prepare_cached("select key from people where type = ? and id = ?")?;
            let key = |row: &Row| row.get::<_, people::Key>(0);
            let key = statement.query_row(params![person.entity_type, person.id], key).optional()?;
            Ok(key.map(|key| person.pseudonym(&key)))
        })
    }

    fn person(&self, pseudonym: Pseudonym) -> Result<Option<Person>, Failed> {
        self.ask(|connection| {
            let mut statement = connection.prepare_cached("select type, id from people where pseudonym = ?")?;
            let person = |row: &Row| Ok(Person { entity_type: row.get(0)?, id: row.get(1)? });
            statement.query_row([pseudonym.to_string().as_bytes()], person).optional()
        })
    }

    fn forget(&self, person: &Person) -> Result<Option<Pseudonym>, Failed> {
        let pseudonym = self.pseudonym(person)?;
        self.ask(|connection| {
            // The pages that held the key are overwritten, not only given free.
            connection.pragma_update(None, "secure_delete", true)?;
            connection
                .execute("delete from people where type = ? and id = ?", params![person.entity_type, person.id])?;
            connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
        })?;
        Ok(pseudonym)
    }
}
