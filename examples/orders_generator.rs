//! Order lines of October 2026 in any number, for statements at volume: `orders_generator ROWS [SEED]`
//! prints CSV with the columns of `mandat statement`. The same rows and seed give the same bytes.
//!
//! The organisations are those of `facts_generator`: every tenth is a partner, `org-0`, `org-10` …, and the
//! nine that follow are its clients. By its number a client has limited access (every third), no partnership
//! any more (every seventeenth), or full access, paid by the client (even) or by the partner (odd). One order
//! in eighteen has two to four lines, so that a million rows hold some 50,000 orders of several lines; one
//! in a hundred is a partner's own, and one in two hundred is an order that the benefits refuse.

use std::io::{self, BufWriter, Write};

/// Products of `tariffs/partner.v*.toml`, with what their tier counts and how often they are ordered.
const PRODUCTS: [((&str, Count), u64); 9] = [
    (("web-hosting", Count::Hosting), 35),
    (("mail-hosting", Count::Hosting), 20),
    (("domain-ch", Count::Nothing), 12),
    (("domain-com", Count::Nothing), 8),
    (("domain-eu", Count::Nothing), 4),
    (("domain-swiss", Count::Nothing), 1),
    (("storage-1tb", Count::Storage), 10),
    (("server-small", Count::Portfolio), 7),
    (("server-large", Count::Portfolio), 3),
];

/// What `tier_count` counts: the order's items of these families, all servers of the partner, or no tier at all.
#[derive(Clone, Copy, PartialEq)]
enum Count {
    Hosting,
    Storage,
    Portfolio,
    Nothing,
}

const ORGANIZATIONS: u64 = 22_000;

/// Seconds of October in UTC that are October in Zurich too, at either offset from UTC.
const SECONDS: u64 = 31 * DAY - 2 * 3600;
const DAY: u64 = 86_400;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Some(Ok(rows)), Ok(seed), None) = (arguments.next(), arguments.next().unwrap_or(Ok(1)), arguments.next())
    else {
        return Err(io::Error::other("usage: orders_generator ROWS [SEED]"));
    };
    let mut random = Random(seed);
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    writeln!(
        out,
        "order_id,line_id,ordered_at,client,partner,access,payment_mode,placed_by,payer,managed,product,quantity,\
         tier_count,currency,kind"
    )?;
    let (mut row, mut order) = (0, 0);
    while row < rows {
        order += 1;
        let lines = lines(&mut random, rows - row);
        Order::drawn(&mut random, order, row * SECONDS / rows).write(&mut random, &lines, &mut out)?;
        row += lines.len() as u64;
    }
    out.flush()
}

/// SplitMix64: small, fast and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// One of the given values, each as likely as its weight.
    fn weighted<T: Copy>(&mut self, choices: &[(T, u64)]) -> T {
        let mut left = self.below(choices.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in choices {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        choices[0].0
    }
}

#[derive(Clone, Copy)]
struct Line {
    product: &'static str,
    count: Count,
    quantity: u64,
}

fn lines(random: &mut Random, at_most: u64) -> Vec<Line> {
    let count = if random.one_in(18) { 2 + random.below(3) } else { 1 };
    (0..count.min(at_most)).map(|_| line(random)).collect()
}

fn line(random: &mut Random) -> Line {
    let (product, count) = random.weighted(&PRODUCTS);
    Line { product, count, quantity: quantity(random) }
}

/// Mostly one; the rest lies about the edges of usual bands, or is a large order.
fn quantity(random: &mut Random) -> u64 {
    match random.below(100) {
        0..70 => 1,
        70..82 => 2 + random.below(7),
        82..88 => 9 + random.below(3),
        88..92 => 29 + random.below(3),
        92..94 => 35,
        94..99 => 12 + random.below(40),
        _ => 50 + random.below(451),
    }
}

/// What the lines of an order share.
struct Order {
    number: u64,
    second: u64,
    client: u64,
    partner: Option<u64>,
    access: &'static str,
    payment_mode: &'static str,
    placed_by: &'static str,
    payer: &'static str,
    currency: &'static str,
    kind: &'static str,
}

impl Order {
    fn drawn(random: &mut Random, number: u64, second: u64) -> Self {
        let refused = random.one_in(200);
        let partner = 10 * random.below(ORGANIZATIONS / 10);
        let own = random.one_in(100);
        let client = if own { partner } else { partner + 1 + random.below(9) };
        let (access, payment_mode) = if own { ("own", "-") } else { terms(client) };
        let (placed_by, payer) =
            if refused { refused_parties(access, payment_mode) } else { parties(random, access, payment_mode) };
        let currency = random.weighted(&[("CHF", 7), ("EUR", 3)]);
        let kind = if placed_by == "renewal" || random.one_in(5) { "renewal" } else { "order" };
        let partner = (access != "none").then_some(partner);
        Self { number, second, client, partner, access, payment_mode, placed_by, payer, currency, kind }
    }

    fn write(&self, random: &mut Random, lines: &[Line], out: &mut impl Write) -> io::Result<()> {
        let Self { number, client, access, payment_mode, placed_by, currency, kind, .. } = self;
        let (day, hour, minute, second) =
            (1 + self.second / DAY, self.second / 3600 % 24, self.second / 60 % 60, self.second % 60);
        let partner = self.partner.map(|partner| format!("org-{partner}")).unwrap_or_default();
        let payer = self.payer_column(random, &partner);
        for (index, line) in lines.iter().enumerate() {
            let (line_id, managed, tier_count) = (index + 1, managed(random, access), self.tier_count(line, lines));
            let Line { product, quantity, .. } = line;
            writeln!(
                out,
                "ord-{number:08},{line_id},2026-10-{day:02}T{hour:02}:{minute:02}:{second:02}Z,org-{client},{partner},\
                 {access},{payment_mode},{placed_by},{payer},{managed},{product},{quantity},{tier_count},{currency},{kind}"
            )?;
        }
        Ok(())
    }

    fn tier_count(&self, line: &Line, lines: &[Line]) -> u64 {
        match line.count {
            Count::Nothing => line.quantity,
            Count::Portfolio => line.quantity + self.partner.unwrap_or_default() / 10 % 37,
            count => lines.iter().filter(|other| other.count == count).map(|other| other.quantity).sum(),
        }
    }

    /// Every eighth order names the payer by its id, which the statement takes as well.
    fn payer_column(&self, random: &mut Random, partner: &str) -> String {
        match self.payer {
            "client" if random.one_in(8) => format!("org-{}", self.client),
            "partner" if !partner.is_empty() && random.one_in(8) => partner.to_owned(),
            payer => payer.to_owned(),
        }
    }
}

/// Access and payment mode of a client's partnership.
fn terms(client: u64) -> (&'static str, &'static str) {
    match client {
        _ if client.is_multiple_of(17) => ("none", "-"),
        _ if client.is_multiple_of(3) => ("limited", "-"),
        _ if client.is_multiple_of(2) => ("full", "client"),
        _ => ("full", "partner"),
    }
}

/// Who orders and who pays, in one of the ways that the benefits answer with a price.
fn parties(random: &mut Random, access: &str, payment_mode: &str) -> (&'static str, &'static str) {
    match (access, payment_mode) {
        ("own", _) => (random.weighted(&[("partner", 3), ("renewal", 2)]), "partner"),
        ("full", "client") => (random.weighted(&[("client", 4), ("partner", 3), ("renewal", 3)]), "client"),
        ("full", _) => random.weighted(&[
            (("partner", "partner"), 5),
            (("renewal", "partner"), 3),
            (("client", "client"), 1),
            (("client", "partner"), 1),
            (("renewal", "client"), 1),
        ]),
        _ => (random.weighted(&[("client", 3), ("renewal", 2)]), "client"),
    }
}

/// Who orders and who pays where the benefits refuse the line; a partner's own orders are never refused.
fn refused_parties(access: &str, payment_mode: &str) -> (&'static str, &'static str) {
    match (access, payment_mode) {
        ("full", "client") => ("partner", "partner"),
        ("full" | "none" | "limited", _) => ("partner", "client"),
        _ => ("partner", "partner"),
    }
}

/// Whether the limited partner manages the product; for the others the column says so without a consequence.
fn managed(random: &mut Random, access: &str) -> &'static str {
    match access {
        "limited" => random.weighted(&[("yes", 6), ("no", 3), ("new", 1)]),
        "none" => "no",
        _ => "yes",
    }
}
