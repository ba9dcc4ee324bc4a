//! The keys of persons, in a table beside the log.
//!
//! Once a row is deleted, no statement finds it any more. In PostgreSQL's own files its bytes last until their place is used
//! again, and in its write-ahead log and backups for as long as those are kept.

use tokio_postgres::Error;

use crate::{
    audit::{
        Failed,
        ledger::Keys,
        line::{Hash, hash},
        people::{self, Person, Pseudonym},
    },
    database::server::Server,
};

/// New keys for those who have none. In the order in which they come, so that two writers cannot wait for each other.
const ENROLL: &str = "
    insert into audit_people (person, type, id, key, pseudonym)
    select * from unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::text[])
    on conflict (person) do nothing";

const KEYS: &str = "
    select people.key from unnest($1::bytea[]) with ordinality as wanted (person, place)
    join audit_people people using (person) order by wanted.place";

impl Keys for Server {
    fn enroll(&self, persons: &[Person]) -> Result<Vec<Pseudonym>, Failed> {
        let keys: Vec<people::Key> = persons.iter().map(|_| people::key()).collect::<Result<_, _>>()?;
        let names: Vec<Hash> = persons.iter().map(name).collect();
        let names: Vec<&[u8]> = names.iter().map(|name| &name[..]).collect();
        let types: Vec<&[u8]> = persons.iter().map(|person| person.entity_type.as_bytes()).collect();
        let ids: Vec<&[u8]> = persons.iter().map(|person| person.id.as_bytes()).collect();
        let new: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
        let pseudonyms: Vec<String> =
            persons.iter().zip(&keys).map(|(person, key)| person.pseudonym(key).to_string()).collect();
        // Whoever is there already stays as it is, so that it may be asked twice.
        let kept = self.ask(async |connection| {
            let enroll = connection.prepare_cached(ENROLL).await?;
            connection.execute(&enroll, &[&names, &types, &ids, &new, &pseudonyms]).await?;
            let rows = connection.query(&connection.prepare_cached(KEYS).await?, &[&names]).await?;
            rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Vec<u8>>, Error>>()
        })?;
        if kept.len() != persons.len() {
            return Err(Failed("a person was erased while it was given a key".to_owned()));
        }
        persons.iter().zip(kept).map(|(person, key)| Ok(person.pseudonym(&key_of(key)?))).collect()
    }

    fn pseudonym(&self, person: &Person) -> Result<Option<Pseudonym>, Failed> {
        let name = name(person);
        let key = self.ask(async |connection| {
            let ask = connection.prepare_cached("select key from audit_people where person = $1").await?;
            let row = connection.query_opt(&ask, &[&&name[..]]).await?;
            row.map(|row| row.try_get::<_, Vec<u8>>(0)).transpose()
        })?;
        key.map(|key| Ok(person.pseudonym(&key_of(key)?))).transpose()
    }

    fn person(&self, pseudonym: Pseudonym) -> Result<Option<Person>, Failed> {
        let shown = pseudonym.to_string();
        let found = self.ask(async |connection| {
            let ask = connection.prepare_cached("select type, id from audit_people where pseudonym = $1").await?;
            let row = connection.query_opt(&ask, &[&shown]).await?;
            row.map(|row| Ok::<(Vec<u8>, Vec<u8>), Error>((row.try_get(0)?, row.try_get(1)?))).transpose()
        })?;
        let text = |bytes| String::from_utf8(bytes).map_err(|_| Failed("a person's name is no text".to_owned()));
        found.map(|(entity_type, id)| Ok(Person { entity_type: text(entity_type)?, id: text(id)? })).transpose()
    }

    fn forget(&self, person: &Person) -> Result<Option<Pseudonym>, Failed> {
        let pseudonym = self.pseudonym(person)?;
        let name = name(person);
        self.ask(async |connection| {
            let forget = connection.prepare_cached("delete from audit_people where person = $1").await?;
            connection.execute(&forget, &[&&name[..]]).await
        })?;
        Ok(pseudonym)
    }
}

/// By what a person is found: ids may be longer than an index takes.
fn name(person: &Person) -> Hash {
    let mut name = (person.entity_type.len() as u64).to_be_bytes().to_vec();
    name.extend_from_slice(person.entity_type.as_bytes());
    name.extend_from_slice(person.id.as_bytes());
    hash(&name)
}

fn key_of(bytes: Vec<u8>) -> Result<people::Key, Failed> {
    bytes.try_into().map_err(|_| Failed("a person's key has not 32 bytes".to_owned()))
}
