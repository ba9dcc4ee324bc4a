//! The form of a TOML file, written down once: which keys a table has, of what type, and what they mean.
//!
//! A business author types `retes = 0.2`. One description of the file's form serves three readers: the
//! [`check`](check::check) that names every unknown, missing or mistyped key with its place, the loader,
//! which may then take what it expects, and the JSON schema by which an editor underlines the mistake
//! before the file is saved ([`json_schema`]). So they cannot disagree.

pub mod check;
pub mod json_schema;
pub mod read;
pub mod wording;

/// What may stand behind a key.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Any text.
    Text,
    /// A text of exactly this value.
    Constant(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, a list of some of them, or `"*"` for all.
    AnyOf(&'static [&'static str]),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A list of names.
    Names,
    /// One name, or a list of names.
    NameOrNames,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// A decimal that is no fraction of anything: an amount.
    Amount,
    /// A decimal from 0 to 1.
    Rate,
    /// A date without a time.
    Date,
    /// A table with the keys of the form.
    Table(&'static Table),
    /// A table of names that the author chooses, each with a table of the form.
    Named(&'static Table),
    /// A table of currencies with an amount each.
    Amounts,
    /// A table of names that the author chooses, each with an amount.
    List(&'static Table),
}

/// The keys of a table.
#[derive(Debug)]
pub struct Table {
    /// What the table says, for the editor.
    pub about: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What may stand behind it.
    pub form: Form,
    /// Whether it must be there.
    pub required: bool,
    /// What it says, for the editor.
    pub about: &'static str,
}

/// A key that must be there.
pub const fn required(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, form, required: true, about }
}

/// A key that may be left out.
pub const fn optional(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, form, required: false, about }
}

impl Table {
    /// The key of that name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
