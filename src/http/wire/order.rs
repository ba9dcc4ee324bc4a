//! Orders as they come over the wire, for quotes.
//!
//! Other than on AuthZEN's routes an unknown field is a mistake: `tier_cuont` would silently make another
//! price. Numbers are whole; amounts never come in.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::pricing::{
    order::{Line, Mistake, Order, Rejected, Stated},
    receipt::MAX_QUANTITY,
    words::{Access, Kind, Managed, PlacedBy, Side, nearest},
};

/// An order, and whether its decision is to be explained.
pub struct Asked {
    /// The order.
    pub order: Order,
    /// Whether an allowed decision is explained too.
    pub explain: bool,
}

/// An order: what is to be priced, and under which terms.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `order` reads field by field")]
pub struct OrderDocument {
    /// When the period starts that is paid for, RFC 3339; now if left out.
    at: Option<String>,
    /// ISO 4217 code of all lines.
    currency: String,
    /// Who places the order; needed where the terms come from the facts, but for automatic renewals.
    actor: Option<ActorDocument>,
    /// The client's id.
    client: Option<String>,
    /// The partner's id.
    partner: Option<String>,
    /// `client`, `partner` or `renewal`.
    placed_by: String,
    /// `client`, `partner`, or the id of one of the two.
    payer: String,
    /// The id of the partnership, whose terms stand in the facts.
    partnership: Option<String>,
    /// The terms, where the caller is the source of truth; not together with `partnership`.
    terms: Option<TermsDocument>,
    /// 1 to 1,000 lines.
    lines: Vec<LineDocument>,
    /// `{"explain": true}` explains an allowed decision too; `{"at_least_revision": 42}` takes no older facts.
    #[schema(value_type = Option<Object>)]
    options: Option<Value>,
}

/// Who places an order.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `order` reads field by field")]
pub struct ActorDocument {
    /// Entity type as the schema spells it.
    r#type: String,
    /// Identifier.
    id: String,
}

/// Terms as the caller states them.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `order` reads field by field")]
pub struct TermsDocument {
    /// `none`, `own`, `limited` or `full`.
    access: String,
    /// `client` or `partner`; with full access only, and always.
    payment_mode: Option<String>,
    /// The payer's country, ISO 3166-1 alpha-2, for the tax.
    country: Option<String>,
    /// The payer's VAT number, for the tax.
    vat_number: Option<String>,
}

/// One line of an order.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `order` reads field by field")]
pub struct LineDocument {
    /// The caller's name for it; its position if left out.
    id: Option<String>,
    /// The product's id in the tariff.
    product: String,
    /// Items.
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: u32,
    /// What the product's quantity scale counts, these items included.
    #[schema(minimum = 1, maximum = 1_000_000)]
    tier_count: Option<u32>,
    /// The id of the product in the facts, where it exists already.
    existing: Option<String>,
    /// `yes`, `no` or `new`, where the terms are stated.
    managed: Option<String>,
    /// `order` or `renewal`; left out, an order, but in an automatic renewal a renewal.
    kind: Option<String>,
    /// The order's currency, again; another one is a mistake.
    currency: Option<String>,
}

/// Longest text of a field, in bytes: errors repeat it.
const MAX_TEXT: usize = 256;

/// Most lines of an order.
pub const MAX_LINES: usize = 1_000;

const ORDER: &[&str] =
    &["at", "currency", "actor", "client", "partner", "placed_by", "payer", "partnership", "terms", "lines", "options"];
const LINE: &[&str] = &["id", "product", "quantity", "tier_count", "existing", "managed", "kind", "currency"];
const TERMS: &[&str] = &["access", "payment_mode", "country", "vat_number"];

/// Reads an order; one that does not say when is of `now`.
///
/// # Errors
/// The first field that is missing, unknown or of the wrong form.
pub fn order(body: Value, now: Timestamp) -> Result<Asked, Rejected> {
    let mut fields = Fields::of("", body, ORDER)?;
    let currency = fields.text("currency")?.ok_or_else(|| fields.missing("currency"))?;
    let at = match fields.text("at")? {
        Some(at) => moment(&at).ok_or_else(|| fields.bad("at", "expected a moment such as 2026-10-01T12:00:00Z"))?,
        None => now,
    };
    let agreement = fields.text("partnership")?;
    let stated = fields.take("terms").map(|terms| stated(terms, agreement.is_some())).transpose()?;
    let actor = fields.take("actor").map(actor).transpose()?;
    let placed_by = fields.word("placed_by", PlacedBy::WORDS, PlacedBy::of)?;
    let explain = explain(fields.take("options"))?;
    let usual = if placed_by == Some(PlacedBy::Renewal) { Kind::Renewal } else { Kind::Order };
    let lines = lines(fields.take("lines"), &currency, usual)?;
    let placed_by = placed_by.ok_or_else(|| fields.missing("placed_by"))?;
    check_renewal(placed_by, &lines)?;
    Ok(Asked {
        order: Order {
            at,
            currency,
            actor,
            client: fields.text("client")?,
            partner: fields.text("partner")?,
            placed_by,
            payer: fields.text("payer")?.ok_or_else(|| fields.missing("payer"))?,
            agreement,
            stated,
            lines,
        },
        explain,
    })
}

/// A moment of RFC 3339, and nothing that only looks like one to a generous parser.
fn moment(text: &str) -> Option<Timestamp> {
    let digit = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let form: String = text.chars().map(digit).collect();
    let rest = form.strip_prefix("0000-00-00T00:00:00")?;
    let zone = rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches('0'));
    let known = matches!(zone, "Z" | "+00:00" | "-00:00") && !rest.starts_with(".Z") && !text.contains(":60");
    known.then(|| text.parse().ok()).flatten()
}

/// An error in the words of the wire: what the engine calls an agreement is a partnership there.
pub fn in_wire_words(rejected: Rejected) -> Rejected {
    match &*rejected.field {
        "agreement" => Rejected { field: "partnership".to_owned(), ..rejected },
        _ => rejected,
    }
}

/// What renews itself is nothing new.
fn check_renewal(placed_by: PlacedBy, lines: &[Line]) -> Result<(), Rejected> {
    if placed_by != PlacedBy::Renewal {
        return Ok(());
    }
    match lines.iter().position(|line| line.kind != Kind::Renewal) {
        Some(position) => {
            let reason = "an automatic renewal starts nothing new; every line is a \"renewal\"";
            Err(Rejected::new(Mistake::Terms, format!("lines[{position}].kind"), reason))
        }
        None => Ok(()),
    }
}

fn stated(terms: Value, agreed: bool) -> Result<Stated, Rejected> {
    if agreed {
        let reason = "the agreement's terms come from the facts; name the agreement or state terms, not both";
        return Err(Rejected::new(Mistake::Terms, "terms", reason));
    }
    let mut fields = Fields::of("terms", terms, TERMS)?;
    Ok(Stated {
        access: fields.word("access", Access::WORDS, Access::of)?.ok_or_else(|| fields.missing("access"))?,
        payment: fields.word("payment_mode", Side::WORDS, Side::of)?,
        country: fields.text("country")?,
        vat_number: fields.text("vat_number")?,
    })
}

fn actor(actor: Value) -> Result<(String, String), Rejected> {
    let mut fields = Fields::of("actor", actor, &["type", "id"])?;
    let mut part = |name| fields.text(name)?.ok_or_else(|| fields.missing(name));
    Ok((part("type")?, part("id")?))
}

/// The oldest revision of the facts that may price an order.
///
/// # Errors
/// What stands there is no revision; what else is wrong with the order is told when it is read.
pub fn at_least_revision(body: &Value) -> Result<Option<u64>, Rejected> {
    match body.pointer("/options/at_least_revision") {
        None | Some(Value::Null) => Ok(None),
        Some(revision) => revision.as_u64().map(Some).ok_or_else(|| {
            let expected = "expected a revision, a whole number from an earlier answer";
            Rejected::new(Mistake::Form, "options.at_least_revision", expected)
        }),
    }
}

fn explain(options: Option<Value>) -> Result<bool, Rejected> {
    let Some(options) = options else { return Ok(false) };
    let mut fields = Fields::of("options", options, &["explain", "at_least_revision"])?;
    match fields.take("explain") {
        None => Ok(false),
        Some(Value::Bool(explain)) => Ok(explain),
        Some(_) => Err(fields.bad("explain", "expected true or false")),
    }
}

fn lines(lines: Option<Value>, currency: &str, usual: Kind) -> Result<Vec<Line>, Rejected> {
    let expected = |reason: String| Err(Rejected::new(Mistake::Form, "lines", reason));
    match lines {
        Some(Value::Array(lines)) if lines.is_empty() => expected("empty; an order has a line at least".to_owned()),
        Some(Value::Array(lines)) if lines.len() > MAX_LINES => {
            expected(format!("{} lines, more than {MAX_LINES}", lines.len()))
        }
        Some(Value::Array(lines)) => {
            let lines = lines.into_iter().enumerate().map(|(position, item)| line(position, item, currency, usual));
            distinct(lines.collect::<Result<_, _>>()?)
        }
        Some(_) => expected("expected a list".to_owned()),
        None => expected("missing".to_owned()),
    }
}

/// Two lines of one id would be one posting.
fn distinct(lines: Vec<Line>) -> Result<Vec<Line>, Rejected> {
    let mut seen = std::collections::HashSet::new();
    let repeated = lines.iter().position(|line| !seen.insert(line.id.clone()));
    match repeated {
        Some(position) => {
            let reason = "another line has it too; give every line an id of its own";
            Err(Rejected::new(Mistake::Form, format!("lines[{position}].id"), reason))
        }
        None => Ok(lines),
    }
}

fn line(position: usize, item: Value, currency: &str, usual: Kind) -> Result<Line, Rejected> {
    let mut fields = Fields::of(&format!("lines[{position}]"), item, LINE)?;
    if fields.text("currency")?.is_some_and(|other| other != currency) {
        let reason = "another one than the order's; nothing is converted, so order apart";
        return Err(Rejected::new(Mistake::MixedCurrencies, fields.path("currency"), reason));
    }
    Ok(Line {
        id: fields.text("id")?.unwrap_or_else(|| (position + 1).to_string()),
        product: fields.text("product")?.ok_or_else(|| fields.missing("product"))?,
        quantity: fields.number("quantity", Mistake::Quantity)?.ok_or_else(|| fields.missing("quantity"))?,
        tier_count: fields.number("tier_count", Mistake::Count)?,
        existing: fields.text("existing")?,
        managed: fields.word("managed", Managed::WORDS, Managed::of)?,
        kind: fields.word("kind", Kind::WORDS, Kind::of)?.unwrap_or(usual),
    })
}

/// The fields of an object, taken out one by one.
struct Fields {
    place: String,
    fields: Map<String, Value>,
}

impl Fields {
    fn of(place: &str, value: Value, known: &[&str]) -> Result<Self, Rejected> {
        let fields = Self { place: place.to_owned(), fields: Map::new() };
        let Value::Object(object) = value else {
            let field = if place.is_empty() { "body" } else { place };
            return Err(Rejected::new(Mistake::Form, field, "expected an object"));
        };
        if let Some(unknown) = object.keys().find(|name| !known.contains(&name.as_str())) {
            let help = match nearest(unknown, known.iter().copied()) {
                Some(near) => format!("an unknown field; did you mean `{near}`?"),
                None => format!("an unknown field; known are {}", known.join(", ")),
            };
            let field = if place.is_empty() { "body" } else { place };
            return Err(Rejected::new(Mistake::Form, field, help));
        }
        Ok(Self { fields: object, ..fields })
    }

    fn path(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    fn missing(&self, name: &str) -> Rejected {
        self.bad(name, "missing")
    }

    fn bad(&self, name: &str, reason: &str) -> Rejected {
        Rejected::new(Mistake::Form, self.path(name), reason)
    }

    /// JSON's `null` stands for a field that is missing.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Rejected> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() > MAX_TEXT => {
                Err(self.bad(name, &format!("longer than {MAX_TEXT} bytes")))
            }
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(Value::String(_)) => Err(self.bad(name, "empty")),
            Some(_) => Err(self.bad(name, "expected a string")),
        }
    }

    fn word<T>(&mut self, name: &str, words: &[&str], of: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Rejected> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let unknown = || self.bad(name, &format!("expected one of {}", words.join(", ")));
        of(&text).map(Some).ok_or_else(unknown)
    }

    fn number(&mut self, name: &str, mistake: Mistake) -> Result<Option<u32>, Rejected> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let whole = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match whole.filter(|number| (1..=MAX_QUANTITY).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let reason = format!("expected a whole number from 1 to {MAX_QUANTITY}");
                Err(Rejected::new(mistake, self.path(name), reason))
            }
        }
    }
}
