//! What an order costs, who is charged and who earns: from tariff files to receipts and statements.
//!
//! Rosa's bakery has a partner with full access, and the bakery pays. It orders 35 web hostings. Then
//! 1. the [`tariff`] in force on that day says what a hosting costs and what a partner's price is;
//! 2. the [`benefit`] table says, for this access, payment mode, orderer and payer, that the partner earns
//!    a cashback;
//! 3. the [`receipt`] works out list, partner discount and quantity tier step by step, in exact decimals,
//!    each step with the rule and the place in the file that it stands for;
//! 4. the [`tax`] that comes on top is told beside the net amounts, never mixed into them;
//! 5. at the end of the month the [`statement`] settles all order lines, a million of them in a second, with
//!    the same arithmetic in integers ([`compiled`]).
//!
//! A *tariff* is a dated price book; *list* is the published price, *preferential* the one with the partner's
//! advantages, *charged* what is asked of the payer. A *discount* lowers the charge, a *cashback* is credited
//! afterwards. Nothing here reads a clock or a file: texts, times and places are passed in.

pub mod benefit;
pub mod compiled;
pub mod money;
pub mod order;
pub mod quote;
pub mod receipt;
pub mod review;
pub mod statement;
pub mod tariff;
pub mod tax;
pub mod toml_form;
pub mod words;
