//! Where statements are made in tests: the programme's tariff, order lines to vary, and everything that is written.

use std::process::{Command, Output, Stdio};

use mandat::{
    cli::statement::{
        input::Blocks,
        pass::{self, Outlet},
        turns::Failure,
    },
    pricing::{
        statement::{Month, Statement, columns::NAMES, ledger::Outcomes},
        tariff::Book,
    },
    problem::{Problems, Source},
};

use crate::{support::programme_dir, worlds::TempDir};

/// A hosting, 35 times, with full access, ordered and paid by the client: 138.88 go to the partner.
pub const HOSTING: [(&str, &str); 15] = [
    ("order_id", "o-1"),
    ("line_id", "1"),
    ("ordered_at", "2026-10-05T12:00:00Z"),
    ("client", "bakery"),
    ("partner", "alpenhost"),
    ("access", "full"),
    ("payment_mode", "client"),
    ("placed_by", "client"),
    ("payer", "client"),
    ("managed", "new"),
    ("product", "web-hosting"),
    ("quantity", "35"),
    ("tier_count", "35"),
    ("currency", "CHF"),
    ("kind", "order"),
];

/// The hosting's row with other values in some columns.
pub fn row(changes: &[(&str, &str)]) -> String {
    assert!(changes.iter().all(|(name, _)| NAMES.contains(name)), "{changes:?}");
    let value = |(name, usual)| changes.iter().find(|(changed, _)| changed == name).map_or(usual, |(_, value)| *value);
    HOSTING.iter().map(|(name, usual)| value((name, *usual))).collect::<Vec<_>>().join(",")
}

/// The header and these rows.
pub fn orders(rows: &[String]) -> String {
    let header = NAMES.join(",");
    std::iter::once(&header).chain(rows).map(|row| format!("{row}\n")).collect()
}

/// Versions 1 and 2 of the programme's tariff.
pub fn programme() -> Book {
    let read = |name: &str| {
        let text = std::fs::read_to_string(programme_dir().join("tariffs").join(name)).unwrap();
        Source::new(name, text)
    };
    book(&["partner.v1.toml", "partner.v2.toml"].map(read))
}

pub fn book(sources: &[Source]) -> Book {
    let sources: Vec<&Source> = sources.iter().collect();
    Book::read(&sources, &mut Problems::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// All that a statement writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub postings: String,
    pub totals: String,
    pub refused: String,
    pub outcomes: Outcomes,
}

impl Written {
    /// Rows of the postings, field by field.
    pub fn postings(&self) -> Vec<Vec<String>> {
        fields(&self.postings)
    }

    /// `(row, code)` of every refused row.
    pub fn codes(&self) -> Vec<(u32, String)> {
        fields(&self.refused).into_iter().map(|row| (row[0].parse().unwrap(), row[3].clone())).collect()
    }

    /// The message of a refused row.
    pub fn message(&self, row: u32) -> String {
        let found = fields(&self.refused).into_iter().find(|fields| fields[0] == row.to_string());
        found.unwrap_or_else(|| panic!("row {row} is not among\n{}", self.refused))[4].clone()
    }
}

/// CSV rows without a header, by a reader that is none of ours.
pub fn fields(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The statement of October 2026 with the programme's tariff.
pub fn settled(orders: &[u8]) -> Written {
    settled_by(&programme(), "2026-10", orders, 1, 1 << 20)
}

pub fn settled_by(book: &Book, month: &str, orders: &[u8], threads: usize, block: usize) -> Written {
    let statement = Statement::new(book, Month::parse(month).unwrap()).unwrap();
    let open = || Blocks::open(orders, block).unwrap_or_else(|fault| panic!("{fault:?}"));
    let (columns, _) = open();
    let price = |counts| {
        let (mut postings, mut refused) = (Vec::new(), Vec::new());
        let outlet = Outlet { postings: &mut postings, refused: &mut refused, expected: 0, progress: &|_| () };
        let (outcomes, totals) = pass::settle((&statement, &columns), counts, open().1, outlet, threads)?;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ok(Written { postings: text(postings), totals: text(totals.csv()), refused: text(refused), outcomes })
    };
    match price((None, None)) {
        Err(Failure::CountsNeeded) => {
            let (counts, ledger) = pass::count((&statement, &columns), open().1, &|_| (), threads).unwrap();
            price((Some(&counts), Some(ledger))).unwrap()
        }
        written => written.unwrap(),
    }
}

/// `mandat statement` of October 2026 in a directory of its own that holds `files`.
pub fn mandat(files: &[(&str, &str)], arguments: &[&str]) -> (Output, TempDir) {
    mandat_with_input(files, arguments, "")
}

pub fn mandat_with_input(files: &[(&str, &str)], arguments: &[&str], input: &str) -> (Output, TempDir) {
    let dir = TempDir::with(files);
    let output = again(&dir, arguments, input);
    (output, dir)
}

/// Once more in the same directory.
pub fn again(dir: &TempDir, arguments: &[&str], input: &str) -> Output {
    use std::io::Write as _;
    let mut process = Command::new(env!("CARGO_BIN_EXE_mandat"))
        .arg("statement")
        .args(arguments)
        .arg("--bundle")
        .arg(programme_dir())
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may be gone already.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A file that the command wrote.
pub fn read(dir: &TempDir, name: &str) -> String {
    std::fs::read_to_string(dir.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
