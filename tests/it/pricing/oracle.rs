//! The engine's prices beside those of `tests/oracle/pricing.py`, which shares nothing with it but the tariff files.
//!
//! A hundred thousand random order lines go to both as a statement's CSV: all cases, thresholds and the items
//! beside them, a million items, both sides of a change of version, counts given and left out, mistakes. They
//! have to agree on every row. `MANDAT_ORACLE_ORDERS` asks for more rows, and for other ones.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::Arc,
};

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use mandat::{
    pricing::{
        compiled::Compiled,
        receipt::MAX_LIST,
        tariff::{Book, Tariff},
        words::{CountedItems, Kind, Outcome, RoundingMode, RoundingPoint, Side},
    },
    problem::{Problems, Source},
};
use rust_decimal::Decimal;

use super::{
    arithmetic::{amounts, book, compiled_price},
    random::{self, Ordered},
};
use crate::{properties::tape::Tape, support::programme_dir};

/// Rows of the programme's tariff unless `MANDAT_ORACLE_ORDERS` says otherwise.
const ROWS: usize = 100_000;
/// What part of as many rows each random tariff has.
const PART: usize = 50;
/// Most items of a line that counts with others: their sum has to stay a count.
const MOST_TOGETHER: u32 = 200_000;

const ORDERS: &str = "order_id,line_id,ordered_at,client,partner,access,payment_mode,placed_by,payer,managed,product,\
                      quantity,tier_count,currency,kind\n";
const PRICES: &str = "row,outcome,list,preferential,charged,cashback\n";

/// How many rows are wanted, and where the random numbers start: elsewhere each time in a long run.
fn wanted() -> (usize, u64) {
    let asked = std::env::var("MANDAT_ORACLE_ORDERS").ok();
    let rows = asked.as_ref().map(|rows| rows.parse().expect("MANDAT_ORACLE_ORDERS is a number of rows"));
    (rows.unwrap_or(ROWS), asked.map_or(0, |_| u64::from(std::process::id())))
}

/// Random numbers without end: SplitMix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap()
    }

    fn tape(&mut self, numbers: usize) -> Tape {
        Tape::of((0..numbers).map(|_| self.next()).collect())
    }
}

/// Orders as a statement reads them, and what they cost.
struct Batch<'b> {
    book: &'b Book,
    compiled: Vec<(Arc<Tariff>, Compiled)>,
    zone: TimeZone,
    orders: String,
    prices: String,
    rows: usize,
    seen: BTreeMap<&'static str, usize>,
}

impl<'b> Batch<'b> {
    fn new(book: &'b Book, rows: usize, seed: u64) -> Self {
        let compiled = book.timeline().iter().map(|tariff| (tariff.clone(), Compiled::of(tariff))).collect();
        let zone = book.timeline()[0].timezone.clone();
        let (orders, prices) = (ORDERS.to_owned(), PRICES.to_owned());
        let mut batch = Self { book, compiled, zone, orders, prices, rows: 0, seen: BTreeMap::new() };
        let mut numbers = Numbers(seed);
        while batch.rows < rows {
            batch.order(&mut numbers.tape(96), rows - batch.rows);
        }
        batch
    }

    /// An order of one line, perhaps with a mistake, or of some that count together.
    fn order(&mut self, tape: &mut Tape, most: usize) {
        let (written, at) = self.moment(tape);
        let tariff = self.book.at(at).cloned();
        // A line of a day without a tariff is worded by the first one.
        let words = tariff.clone().unwrap_or_else(|| self.book.timeline()[0].clone());
        let count = if tape.chance(50) { (2 + tape.below(3)).min(most) } else { 1 };
        let mut lines: Vec<Ordered> = (0..count)
            .map(|_| match count {
                1 => random::any_line(tape, &words),
                _ => {
                    let line = random::line(tape, &words);
                    Ordered { quantity: line.quantity.min(MOST_TOGETHER), ..line }
                }
            })
            .collect();
        lines.iter_mut().for_each(|line| payable(line, &words));
        for line in &mut lines {
            line.tier_count = line.tier_count.filter(|_| tape.chance(50));
        }
        let counted: Vec<Ordered> = lines.iter().filter(|line| self.has_price(&words, line)).cloned().collect();
        let order = format!("o-{}", self.rows);
        for (number, line) in lines.iter().enumerate() {
            self.row(tape, &format!("{order},{number},{written}"), line);
            // A line that is refused is so whatever the others count.
            let sum = || self.has_price(&words, line).then(|| sum(&words, &counted, line)).flatten();
            let counted = Ordered { tier_count: line.tier_count.or_else(sum), ..line.clone() };
            self.price(tariff.as_deref(), &counted);
        }
    }

    /// Whether a line has a price once its order is counted; only such lines count.
    fn has_price(&self, tariff: &Tariff, line: &Ordered) -> bool {
        let tier = tariff.products.get(&*line.product).and_then(|product| product.family.tier.as_ref());
        let is_counted = tier.is_some_and(|tier| tariff.tiers[tier].items == CountedItems::Ordered);
        let line = Ordered { tier_count: line.tier_count.or(is_counted.then_some(line.quantity)), ..line.clone() };
        let (_, compiled) = self.compiled.iter().find(|(known, _)| known.version == tariff.version).unwrap();
        compiled_price(compiled, &line.line()).is_ok_and(|priced| priced.outcome != Outcome::Refused)
    }

    /// A moment as somebody may write it, and the one that is meant.
    fn moment(&self, tape: &mut Tape) -> (String, Timestamp) {
        let at = random::moment(tape);
        let local = at.to_zoned(self.zone.clone());
        match tape.below(4) {
            0 => (at.to_string(), at),
            1 => (at.display_with_offset(local.offset()).to_string(), at),
            2 => (at.display_with_offset(Offset::constant(-5)).to_string(), at),
            _ => (local.date().to_string(), local.date().to_zoned(self.zone.clone()).unwrap().timestamp()),
        }
    }

    fn row(&mut self, tape: &mut Tape, start: &str, line: &Ordered) {
        let (client, partner) = ("c-1", "p-1");
        let id = if line.case.payer == Side::Client { client } else { partner };
        let payer = if tape.chance(30) { id } else { line.case.payer.word() };
        let payment = line.case.payment.map_or_else(|| *tape.pick(&["", "-"]), Side::word);
        let count = line.tier_count.map_or_else(String::new, |count| count.to_string());
        let kind = *tape.pick(&["", Kind::Order.word(), Kind::Renewal.word()]);
        writeln!(
            self.orders,
            "{start},{client},{partner},{},{payment},{},{payer},{},{},{},{count},{},{kind}",
            line.case.access.word(),
            line.case.by.word(),
            line.case.managed.word(),
            line.product,
            line.quantity,
            line.currency
        )
        .unwrap();
    }

    fn price(&mut self, tariff: Option<&Tariff>, line: &Ordered) {
        let scale = tariff.and_then(|tariff| tariff.currencies.get(&*line.currency)).map_or(0, |known| known.scale);
        let compiled =
            self.compiled.iter().find(|(known, _)| Some(known.version) == tariff.map(|tariff| tariff.version));
        let priced = compiled.ok_or("no tariff").and_then(|(_, compiled)| compiled_price(compiled, &line.line()));
        let (outcome, amounts) = match priced {
            Ok(priced) => (priced.outcome.word(), amounts(&priced, scale)),
            Err(error) => {
                assert_ne!(error, "too large", "the oracle knows no bound: {line:?}");
                ("error", None)
            }
        };
        self.rows += 1;
        *self.seen.entry(outcome).or_default() += 1;
        write!(self.prices, "{},{outcome}", self.rows + 1).unwrap();
        match amounts {
            Some(priced) => {
                writeln!(self.prices, ",{},{},{},{}", priced.list, priced.preferential, priced.charged, priced.cashback)
            }
            None => writeln!(self.prices, ",,,,"),
        }
        .unwrap();
    }

    /// What Python says of them: its answer, and how it ended.
    fn compare(&self, tariffs: &Path, dir: &Path) -> (String, ExitStatus) {
        fs::write(dir.join("orders.csv"), &self.orders).unwrap();
        fs::write(dir.join("prices.csv"), &self.prices).unwrap();
        let output = Command::new("python3")
            .arg(programme_dir().join("tests/oracle/pricing.py"))
            .arg("compare")
            .args([tariffs, &dir.join("orders.csv"), &dir.join("prices.csv")])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap_or_else(|error| panic!("python3 does not start ({error}); install Python 3.11 or newer"));
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(complaint.is_empty(), "Python 3.11 or newer with its time zones (tzdata) is needed:\n{complaint}");
        (answer, output.status)
    }
}

/// No line is too large: Python's numbers have no bound to compare.
fn payable(line: &mut Ordered, tariff: &Tariff) {
    let price = tariff.products.get(&*line.product).and_then(|product| product.prices.get(&*line.currency));
    if price.is_some_and(|price| price.list * Decimal::from(line.quantity) > MAX_LIST) {
        line.quantity = line.quantity.min(1_000);
    }
}

/// What a line's scale counts on its order where nobody said.
fn sum(tariff: &Tariff, lines: &[Ordered], line: &Ordered) -> Option<u32> {
    let family = |line: &Ordered| tariff.products.get(&*line.product).map(|product| product.family.clone());
    let tier = tariff.tiers.get(family(line)?.tier.as_ref()?)?;
    let counts = |line: &&Ordered| family(line).is_some_and(|family| tier.of.contains(&family.id));
    let sum = lines.iter().filter(counts).fold(0_u32, |sum, line| sum.saturating_add(line.quantity));
    (tier.items == CountedItems::Ordered).then_some(sum)
}

/// An empty directory for a test.
fn directory(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oracle-{name}"));
    drop(fs::remove_dir_all(&dir));
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn agrees(batch: &Batch, tariffs: &Path, dir: &Path) {
    let (answer, status) = batch.compare(tariffs, dir);
    assert_eq!(answer, format!("{} orders, 0 differences\n", batch.rows), "see {}", dir.display());
    assert!(status.success(), "{status}");
}

#[test]
fn the_oracle_prices_the_programmes_orders_alike() {
    let (rows, seed) = wanted();
    let batch = Batch::new(book(), rows, seed);
    assert_eq!(batch.rows, rows);
    for outcome in Outcome::WORDS.iter().chain(&["error"]) {
        let found = batch.seen.get(outcome).copied().unwrap_or_default();
        assert!(found * 50 > rows, "`{outcome}` came up too seldom to show anything: {:?}", batch.seen);
    }
    agrees(&batch, &programme_dir().join("tariffs"), &directory("programme"));
}

#[test]
fn the_oracle_prices_the_orders_of_random_tariffs_alike() {
    let (rows, start) = wanted();
    // Twice each way to round, with whatever else comes up.
    let modes = RoundingMode::ALL.iter().flat_map(|mode| RoundingPoint::ALL.iter().map(move |point| (*mode, *point)));
    for (number, (mode, point)) in (start..).zip(modes.clone().chain(modes)) {
        let dir = directory(&format!("random-{}", number - start));
        let text = random::tariff_that_rounds(&mut Numbers(number).tape(2_000), mode, point);
        let tariffs = dir.join("tariffs");
        fs::create_dir(&tariffs).unwrap();
        fs::write(tariffs.join("random.toml"), &text).unwrap();
        let source = Source::new("random.toml", text);
        let book = Book::read(&[&source], &mut Problems::default()).unwrap_or_else(|problems| panic!("{problems}"));
        agrees(&Batch::new(&book, rows / PART, number), &tariffs, &dir);
    }
}

/// The control: where Python reads a rate that is a thousandth higher, it says so.
#[test]
fn a_rate_that_the_oracle_reads_otherwise_is_noticed() {
    let dir = directory("control");
    let tariffs = dir.join("tariffs");
    fs::create_dir(&tariffs).unwrap();
    for name in ["partner.v1.toml", "partner.v2.toml"] {
        let text = fs::read_to_string(programme_dir().join("tariffs").join(name)).unwrap();
        let changed = text.replacen("partner_discount = 0.20", "partner_discount = 0.201", 1);
        assert_ne!(changed, text);
        fs::write(tariffs.join(name), changed).unwrap();
    }
    let batch = Batch::new(book(), 2_000, 0);
    let (answer, status) = batch.compare(&tariffs, &dir);
    let last = answer.lines().last().unwrap();
    let differences: usize = last.strip_prefix("2000 orders, ").unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(differences > 20, "{last}");
    assert_eq!(status.code(), Some(1));
    agrees(&batch, &programme_dir().join("tariffs"), &dir);
}
