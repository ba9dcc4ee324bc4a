//! What a store promises, whichever database it is: each test runs on both.

mod bundles;
mod identity;
mod keeping;
mod links;
mod versions;
mod writing;
