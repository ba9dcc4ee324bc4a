//! What a price costs: 10,000 random orders of the programme's tariff, in the form for volume and with receipts, on
//! one thread and on all cores.
//!
//! Figures are per batch of 10,000; criterion's throughput says how many orders a second that is.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{hint::black_box, path::Path, thread};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mandat::{
    http::quote_answer::LineAnswer,
    pricing::{
        benefit::Case,
        compiled::{Compiled, Order},
        order,
        receipt::{self, Line},
        tariff::Tariff,
        words::{Kind, Outcome, Side},
    },
    problem::{Problems, Source},
};

const ORDERS: usize = 10_000;

fn tariff() -> Tariff {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tariffs/partner.v1.toml");
    let source = Source::new("tariffs/partner.v1.toml", std::fs::read_to_string(path).unwrap());
    Tariff::parse(&source, &mut Problems::default()).unwrap()
}

/// A generator of numbers that are random enough: xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// Orders that have an answer: all cases but the refused ones, all products, both currencies.
fn orders(tariff: &Tariff) -> Vec<(Line<'_>, usize)> {
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    let products: Vec<&str> = tariff.products.keys().map(|id| &**id).collect();
    let answered = |case: &Case| tariff.benefits.row(*case).is_some_and(|row| row.outcome != Outcome::Refused);
    let cases: Vec<Case> = Case::all().filter(answered).collect();
    let mut one = || {
        let quantity = [1, 1, 1, 2, 9, 10, 34, 35, 120][numbers.below(9)];
        let case = cases[numbers.below(cases.len())];
        let tier_count = Some(quantity + numbers.below(40) as u32);
        let currency = ["CHF", "EUR"][numbers.below(2)];
        (
            Line { product: products[numbers.below(products.len())], currency, quantity, tier_count, case },
            case.number().unwrap(),
        )
    };
    (0..ORDERS).map(|_| one()).collect()
}

fn sum_compiled(compiled: &Compiled, orders: &[Order]) -> i64 {
    orders.iter().map(|order| compiled.price(black_box(order)).map_or(0, |priced| priced.charged)).sum()
}

fn count_steps(tariff: &Tariff, lines: &[(Line, usize)]) -> usize {
    lines.iter().map(|(line, _)| receipt::price(tariff, black_box(line)).map_or(0, |receipt| receipt.steps.len())).sum()
}

/// Receipts as the service sends them.
fn write_receipts(tariff: &Tariff, lines: &[(Line, usize)]) -> usize {
    let asked = order::Line {
        id: "1".to_owned(),
        product: String::new(),
        quantity: 1,
        tier_count: None,
        existing: None,
        managed: None,
        kind: Kind::Order,
    };
    let written = |(line, _): &(Line, usize)| {
        let receipt = receipt::price(tariff, black_box(line)).ok()?;
        serde_json::to_vec(&LineAnswer::of(&asked, &receipt, Side::Client)).ok()
    };
    lines.iter().map(|line| written(line).map_or(0, |text| text.len())).sum()
}

/// The same work on every core, each with its share.
fn shared<T: Sync>(items: &[T], work: impl Fn(&[T]) + Sync) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for share in items.chunks(items.len().div_ceil(cores)) {
            scope.spawn(|| work(share));
        }
    });
}

fn pricing(criterion: &mut Criterion) {
    let tariff = tariff();
    let compiled = Compiled::of(&tariff);
    let lines = orders(&tariff);
    let number = |(line, case): &(Line, usize)| Order {
        product: compiled.product(line.product.as_bytes()).unwrap(),
        currency: compiled.currency(line.currency.as_bytes()).unwrap(),
        case: *case as u32,
        quantity: line.quantity,
        tier_count: line.tier_count.unwrap_or(0),
    };
    let numbers: Vec<Order> = lines.iter().map(number).collect();
    // Enough for threads to be worth starting.
    let many: Vec<Order> = numbers.iter().cycle().take(100 * ORDERS).copied().collect();
    let many_lines: Vec<(Line, usize)> = lines.iter().cycle().take(10 * ORDERS).copied().collect();

    let mut group = criterion.benchmark_group("pricing");
    group.throughput(Throughput::Elements(ORDERS as u64));
    group.bench_function("compiled, one thread", |bencher| bencher.iter(|| sum_compiled(&compiled, &numbers)));
    group.bench_function("receipts, one thread", |bencher| bencher.iter(|| count_steps(&tariff, &lines)));
    group.bench_function("receipts as JSON, one thread", |bencher| bencher.iter(|| write_receipts(&tariff, &lines)));
    group.throughput(Throughput::Elements(many.len() as u64));
    group.bench_function("compiled, all cores", |bencher| {
        bencher.iter(|| {
            shared(&many, |share| {
                black_box(sum_compiled(&compiled, share));
            })
        });
    });
    group.throughput(Throughput::Elements(many_lines.len() as u64));
    group.bench_function("receipts, all cores", |bencher| {
        bencher.iter(|| {
            shared(&many_lines, |share| {
                black_box(count_steps(&tariff, share));
            })
        });
    });
    group.finish();
}

criterion_group!(benches, pricing);
criterion_main!(benches);
