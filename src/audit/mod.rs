//! The decision log: every answer of the service as a record that nobody can change without being found out.
//!
//! Ada's panel asks whether Ada may add a client. Once that is decided,
//! 1. the edge makes a [`record`] of question, answer, bundle and revision, and hands it to the [`recorder`];
//! 2. one thread takes all records that wait ([`writing`]), leaves out and masks what the settings say ([`mask`],
//!    [`people`]), and puts each as a [`line`] behind the last one, whose hash it names;
//! 3. the lines and a signed [`checkpoint`] over them ([`tree`], [`key`]) go to the disk in one commit ([`ledger`]);
//! 4. only then, in the mode `strict`, does the answer leave.
//!
//! A reviewer checks the whole chain ([`verify`]), or hands one record on with a proof that it is in the log ([`proof`]).
//!
//! This room reads no clock: times come with the records.

pub mod checkpoint;
pub mod key;
pub mod ledger;
pub mod line;
pub mod mask;
pub mod people;
pub mod place;
pub mod proof;
pub mod query;
pub mod record;
pub mod recorder;
pub mod tree;
pub mod verify;
pub mod writing;

/// The log could not be written or read: in the mode `strict` an error instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the decision log: {0}")]
pub struct Failed(pub String);

impl From<crate::database::Failed> for Failed {
    fn from(failed: crate::database::Failed) -> Self {
        Self(failed.0)
    }
}
