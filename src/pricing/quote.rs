//! All lines of an order priced by one version of the tariff, with their sums.

use rust_decimal::Decimal;

use super::{
    benefit::Case,
    order::{Mistake, Order, Rejected, Terms},
    receipt::{self, Receipt, Unpriced},
    tariff::{Book, Tariff},
    words::{CountedItems, nearest},
};

/// Sums over the lines that have a price, net of tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Published prices.
    pub list: Decimal,
    /// What the payer is asked for.
    pub charged: Decimal,
    /// What the partner is credited.
    pub cashback: Decimal,
}

/// The version of a tariff that prices an order.
///
/// # Errors
/// None is in force then.
pub fn tariff_of<'b>(book: &'b Book, order: &Order) -> Result<&'b Tariff, Rejected> {
    book.at(order.at).map(|tariff| &**tariff).ok_or_else(|| {
        let reason = match book.timeline().is_empty() {
            true => "the bundle has no tariff".to_owned(),
            false => format!("no tariff is in force at {}; there are prices {}", order.at, book.span()),
        };
        Rejected::new(Mistake::NoTariff, "at", reason)
    })
}

/// The families of the lines' products.
///
/// # Errors
/// The tariff has no such product.
pub fn families<'t>(tariff: &'t Tariff, order: &Order) -> Result<Vec<&'t str>, Rejected> {
    let family = |(position, line): (usize, &super::order::Line)| match tariff.products.get(&*line.product) {
        Some(product) => Ok(&*product.family.id),
        None => Err(unknown_product(tariff, &line.product, position)),
    };
    order.lines.iter().enumerate().map(family).collect()
}

fn unknown_product(tariff: &Tariff, product: &str, position: usize) -> Rejected {
    let meant = nearest(product, tariff.products.keys().map(|id| &**id));
    let help = meant.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let reason = format!("the tariff has no such product{help}");
    Rejected::new(Mistake::UnknownProduct, format!("lines[{position}].product"), reason)
}

/// Prices every line.
///
/// # Errors
/// The first line that cannot be priced, with the field at fault.
pub fn price<'t>(tariff: &'t Tariff, order: &Order, terms: &Terms) -> Result<Vec<Receipt<'t>>, Rejected> {
    let families = families(tariff, order)?;
    if !tariff.currencies.contains_key(&*order.currency) {
        let known: Vec<&str> = tariff.currencies.keys().map(|code| &**code).collect();
        let reason = format!("the tariff has no prices in it; it has {}", known.join(", "));
        return Err(Rejected::new(Mistake::UnknownCurrency, "currency", reason));
    }
    let line = |((position, line), managed): ((usize, &super::order::Line), &_)| {
        let case = Case {
            access: terms.access,
            payment: terms.payment,
            by: order.placed_by,
            payer: terms.payer,
            managed: *managed,
        };
        let tier_count = line.tier_count.or_else(|| counted(tariff, order, &families, families[position]));
        let line = receipt::Line {
            product: &line.product,
            currency: &order.currency,
            quantity: line.quantity,
            tier_count,
            case,
        };
        receipt::price(tariff, &line).map_err(|fault| rejected(tariff, fault, position))
    };
    order.lines.iter().enumerate().zip(&terms.managed).map(line).collect()
}

/// What the quantity scale of a family counts on this order; nothing where only the caller knows.
fn counted(tariff: &Tariff, order: &Order, families: &[&str], family: &str) -> Option<u32> {
    let product = tariff.products.values().find(|product| &*product.family.id == family)?;
    let tier = tariff.tiers.get(product.family.tier.as_ref()?)?;
    let counts = |family: &str| tier.of.iter().any(|counted| &**counted == family);
    let lines = order.lines.iter().zip(families).filter(|(_, family)| counts(family));
    let sum = lines.fold(0_u32, |sum, (line, _)| sum.saturating_add(line.quantity));
    // A line whose own family does not count brings its items with it: a count holds the line's items.
    (tier.items == CountedItems::Ordered).then_some(sum)
}

fn rejected(tariff: &Tariff, fault: Unpriced, position: usize) -> Rejected {
    let (kind, field) = match &fault {
        Unpriced::UnknownProduct(product) => return unknown_product(tariff, product, position),
        Unpriced::UnknownCurrency { .. } => (Mistake::UnknownCurrency, "product"),
        Unpriced::BadQuantity => (Mistake::Quantity, "quantity"),
        Unpriced::CountTooSmall { .. } | Unpriced::CountMissing(_) => (Mistake::Count, "tier_count"),
        Unpriced::BadCase => return Rejected::new(Mistake::Terms, "terms", fault.to_string()),
        Unpriced::TooLarge => (Mistake::TooLarge, "quantity"),
    };
    Rejected::new(kind, format!("lines[{position}].{field}"), fault.to_string())
}

/// The sums of the lines.
pub fn totals(receipts: &[Receipt]) -> Totals {
    let priced = receipts.iter().filter_map(|receipt| receipt.amounts);
    priced.fold(Totals::default(), |sum, line| Totals {
        list: sum.list + line.list,
        charged: sum.charged + line.charged,
        cashback: sum.cashback + line.cashback,
    })
}
