//! Tariffs, receipts and statements: what things cost and who earns.

mod quotes;
mod tax;
