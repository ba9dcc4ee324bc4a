//! Statements: a month of order lines, to the cent, whatever the threads, with every bad row told.

mod counts;
mod example;
mod files;
mod identity;
mod moments;
mod office;
mod records;
mod refusals;
mod reversals;
mod year;
