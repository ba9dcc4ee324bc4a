//! Tariffs, receipts and statements: what things cost and who earns.

mod arithmetic;
mod editor_schema;
pub(crate) mod loader;
mod oracle;
mod properties;
mod quotes;
mod random;
mod statement;
mod table;
mod tax;
