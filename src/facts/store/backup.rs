//! Backups: a store's whole history as lines of JSON, from either kind of store into either.
//!
//! The first line says what this is, the last one counts the lines between and holds their SHA-256: what was
//! cut off or altered is refused, and since a restore is one transaction, nothing of it is kept.

use std::io::{BufRead, Read as _, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    Activation, Commit, Past, Record, Remembered, Revision, Store, Writing,
    record::{read, uid},
    token::Token,
};
use crate::facts::Unavailable;

/// The form that is written. All from the first one on are read: the second brought bundles.
const FORM: u32 = 2;

/// Longest line, in bytes.
const MAX_LINE: u64 = 64 << 20;

/// Versions that are written together.
const CHUNK: usize = 1_000;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// What the file is.
    MandatBackup {
        form: u32,
    },
    Commit {
        revision: Revision,
        at: Timestamp,
        who: String,
        why: String,
    },
    Put {
        r#type: String,
        id: String,
        schema: String,
        entity: Value,
    },
    Deleted {
        r#type: String,
        id: String,
    },
    Answer {
        caller: String,
        key: String,
        digest: String,
        status: u16,
        answer: String,
        revision: Revision,
    },
    Bundle {
        digest: String,
        files: String,
    },
    Activation {
        at: Timestamp,
        bundle: String,
    },
    Token {
        id: String,
        digest: String,
        service: String,
        roles: Vec<String>,
        created_at: Timestamp,
        expires_at: Option<Timestamp>,
        last_used_at: Option<Timestamp>,
        revoked_at: Option<Timestamp>,
    },
    /// What came before.
    End {
        lines: u64,
        sha256: String,
    },
}

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The newest revision.
    pub revision: Revision,
    /// Lines between the first and the last.
    pub lines: u64,
}

fn failed(error: &dyn std::fmt::Display) -> Unavailable {
    Unavailable(format!("the backup: {error}"))
}

/// Writes a store's history up to its newest revision.
///
/// # Errors
/// The store cannot be read, or the file not be written.
pub fn backup(store: &dyn Store, out: &mut dyn Write) -> Result<Extent, Unavailable> {
    let revision = store.head()?;
    let mut writer = Writer { out, hash: Sha256::new(), lines: 0 };
    writer.raw(&Line::MandatBackup { form: FORM })?;
    store.history(revision, &mut |past| writer.line(&line(past)?))?;
    let lines = writer.lines;
    let sha256 = hex(&writer.hash.clone().finalize());
    writer.raw(&Line::End { lines, sha256 })?;
    writer.out.flush().map_err(|error| failed(&error))?;
    Ok(Extent { revision, lines })
}

struct Writer<'w> {
    out: &'w mut dyn Write,
    hash: Sha256,
    lines: u64,
}

impl Writer<'_> {
    fn raw(&mut self, line: &Line) -> Result<String, Unavailable> {
        let mut text = serde_json::to_string(line).map_err(|error| failed(&error))?;
        text.push('\n');
        if text.len() as u64 > MAX_LINE {
            return Err(failed(&format!("a line would be longer than {MAX_LINE} bytes, and could not be restored")));
        }
        self.out.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
        Ok(text)
    }

    fn line(&mut self, line: &Line) -> Result<(), Unavailable> {
        let text = self.raw(line)?;
        self.hash.update(text);
        self.lines += 1;
        Ok(())
    }
}

fn line(past: Past) -> Result<Line, Unavailable> {
    Ok(match past {
        Past::Commit { revision, commit: Commit { at, who, why } } => Line::Commit { revision, at, who, why },
        Past::Put { uid, text, schema } => Line::Put {
            r#type: uid.type_name().to_string(),
            id: uid.id().unescaped().to_owned(),
            schema,
            entity: serde_json::from_str(&text).map_err(|error| failed(&error))?,
        },
        Past::Deleted { uid } => {
            Line::Deleted { r#type: uid.type_name().to_string(), id: uid.id().unescaped().to_owned() }
        }
        Past::Remembered { caller, key, answer: Remembered { digest, status, answer, revision } } => {
            Line::Answer { caller, key, digest: hex(&digest), status, answer, revision }
        }
        Past::Bundle { digest, files } => Line::Bundle { digest, files },
        Past::Activation(Activation { at, bundle }) => Line::Activation { at, bundle },
        Past::Token(token) => Line::Token {
            id: token.id,
            digest: hex(&token.digest),
            service: token.service,
            roles: token.roles,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
        },
    })
}

/// Fills an empty store from a backup; all of it or nothing.
///
/// # Errors
/// The store is not empty or cannot be written, or the backup is cut off, altered, or none.
pub fn restore(store: &dyn Store, file: &mut dyn BufRead) -> Result<Extent, Unavailable> {
    let mut writing = store.begin()?;
    if writing.base() > 0 || !store.tokens()?.is_empty() || store.bundle_at(Timestamp::MAX)?.is_some() {
        return Err(Unavailable("the store is not empty; restore into a new one".to_owned()));
    }
    let mut reader = Reader { file, hash: Sha256::new(), lines: 0 };
    match reader.next()? {
        (Line::MandatBackup { form: 1..=FORM }, _) => {}
        (Line::MandatBackup { form }, _) => {
            return Err(failed(&format!(
                "it has the form {form}, and this version of mandat reads forms up to {FORM}"
            )));
        }
        _ => return Err(failed(&"the first line is none of a backup")),
    }
    let mut restoring = Restoring { writing: &mut *writing, revision: 0, puts: Vec::new(), schema: String::new() };
    loop {
        let (line, text) = reader.next()?;
        if let Line::End { lines, sha256 } = line {
            if lines != reader.lines || sha256 != hex(&reader.hash.clone().finalize()) {
                return Err(failed(&"it was cut off or altered: its last line does not fit the others"));
            }
            if !reader.is_at_end()? {
                return Err(failed(&"it was altered: something follows its last line"));
            }
            break;
        }
        reader.hash.update(text);
        reader.lines += 1;
        restoring.take(line)?;
    }
    restoring.flush()?;
    let revision = restoring.revision;
    writing.commit()?;
    Ok(Extent { revision, lines: reader.lines })
}

struct Reader<'r> {
    file: &'r mut dyn BufRead,
    hash: Sha256,
    lines: u64,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<(Line, Vec<u8>), Unavailable> {
        let mut text = Vec::new();
        (&mut *self.file).take(MAX_LINE).read_until(b'\n', &mut text).map_err(|error| failed(&error))?;
        if text.last() != Some(&b'\n') {
            return Err(failed(&"it was cut off: the last line is missing"));
        }
        let number = self.lines + 2;
        let line = serde_json::from_slice(&text).map_err(|error| failed(&format!("line {number}: {error}")))?;
        Ok((line, text))
    }

    fn is_at_end(&mut self) -> Result<bool, Unavailable> {
        Ok(self.file.fill_buf().map_err(|error| failed(&error))?.is_empty())
    }
}

struct Restoring<'r> {
    writing: &'r mut dyn Writing,
    revision: Revision,
    puts: Vec<Record>,
    schema: String,
}

impl Restoring<'_> {
    fn take(&mut self, line: Line) -> Result<(), Unavailable> {
        match line {
            Line::Commit { revision, at, who, why } => {
                self.flush()?;
                self.revision = self.writing.revise(&Commit { at, who, why })?;
                if self.revision != revision {
                    return Err(failed(&format!("revision {revision} stands where {} is expected", self.revision)));
                }
                Ok(())
            }
            Line::Put { r#type, id, schema, entity } => {
                if schema != self.schema || self.puts.len() >= CHUNK {
                    self.flush()?;
                    self.schema = schema;
                }
                let entity = read(uid(&r#type, &id)?, &entity.to_string())?;
                self.puts.push(Record::of(&entity).map_err(|reason| failed(&reason))?);
                Ok(())
            }
            Line::Deleted { r#type, id } => {
                self.flush()?;
                self.writing.delete(&[uid(&r#type, &id)?])
            }
            Line::Answer { caller, key, digest, status, answer, revision } => {
                self.flush()?;
                let answer = Remembered { digest: digest_of(&digest)?, status, answer, revision };
                self.writing.remember(&caller, &key, &answer)
            }
            Line::Bundle { digest, files } => {
                self.flush()?;
                self.writing.keep_bundle(&digest, &files)
            }
            Line::Activation { at, bundle } => self.writing.activate(&Activation { at, bundle }),
            Line::Token { id, digest, service, roles, created_at, expires_at, last_used_at, revoked_at } => {
                let digest = digest_of(&digest)?;
                let token = Token { id, digest, service, roles, created_at, expires_at, last_used_at, revoked_at };
                self.writing.keep_token(&token)
            }
            Line::MandatBackup { .. } | Line::End { .. } => Err(failed(&"a first line stands among the others")),
        }
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        if !self.puts.is_empty() {
            self.writing.put(&self.puts, &self.schema)?;
            self.puts.clear();
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn digest_of(text: &str) -> Result<[u8; 32], Unavailable> {
    let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| failed(&"a digest is no SHA-256"))
}
