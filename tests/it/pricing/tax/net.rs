//! Taxes stand beside net amounts: whatever country and number an order has, its prices are those of a bundle without taxes.

use jiff::Timestamp;
use mandat::{
    bundle::{Bundle, files::Files},
    engine::{Engine, Moment},
    facts::memory::MemoryFacts,
    pricing::{
        order::{Line, Order, Stated},
        tax::Treatment,
        words::{Access, Kind, PlacedBy, Side},
    },
    problem::Source,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{SMALL, config, moment};
use crate::{
    support::programme_dir,
    worlds::{noon, office_facts},
};

/// The office with the programme's prices, and with taxes or without.
fn shop(taxes: Option<&str>) -> Moment {
    let prices = std::fs::read_to_string(programme_dir().join("tariffs/partner.v1.toml")).unwrap();
    // On its own the version stays open, whatever follows it in the programme.
    let open = prices.lines().filter(|line| !line.starts_with("effective_until")).collect::<Vec<_>>().join("\n");
    let bundle = Bundle::from_files(Files {
        policies: vec![Source::new("policies/test.cedar", "@id(\"all\") permit (principal, action, resource);")],
        schemas: vec![Source::new("schemas/office.cedarschema", include_str!("../../worlds/office.cedarschema"))],
        tariffs: std::iter::once(Source::new("tariffs/partner.v1.toml", open))
            .chain(taxes.map(|text| Source::new("tariffs/vat.toml", text)))
            .collect(),
        ..Files::default()
    });
    let bundle = bundle.unwrap_or_else(|problems| panic!("{problems}"));
    let facts = MemoryFacts::build(&office_facts(), &bundle.schema).unwrap();
    Engine::new(bundle, facts).moment().unwrap()
}

/// Hostings, mail and domains for a client of a partner with full access.
fn order(at: Timestamp, payer: Side, quantities: [u32; 3], country: Option<&str>, number: Option<&str>) -> Order {
    let line = |(product, quantity): (&str, u32)| Line {
        id: product.to_owned(),
        product: product.to_owned(),
        quantity,
        tier_count: Some(quantity),
        existing: None,
        managed: None,
        kind: Kind::Order,
    };
    Order {
        at,
        currency: "CHF".to_owned(),
        actor: None,
        client: Some("bakery".to_owned()),
        partner: Some("studio".to_owned()),
        placed_by: PlacedBy::Partner,
        payer: payer.word().to_owned(),
        agreement: None,
        stated: Some(Stated {
            access: Access::Full,
            payment: Some(payer),
            country: country.map(str::to_owned),
            vat_number: number.map(str::to_owned),
        }),
        lines: ["web-hosting", "mail-hosting", "domain-ch"].into_iter().zip(quantities).map(line).collect(),
    }
}

/// What an order costs, with its tax.
struct Costs {
    net: String,
    charged: Decimal,
    treatment: Option<Treatment>,
    tax: Option<Decimal>,
}

fn costs(shop: &Moment, order: &Order) -> Costs {
    let quote = shop.quote(order, &noon()).unwrap_or_else(|fault| panic!("{fault:?}"));
    let price = quote.price.unwrap();
    let amounts: Vec<_> = price.receipts.iter().map(|receipt| receipt.amounts).collect();
    Costs {
        net: format!("{amounts:?} {:?}", price.totals),
        charged: price.totals.charged,
        treatment: price.tax.as_ref().map(|tax| tax.treatment),
        tax: price.tax.as_ref().and_then(|tax| tax.amount(price.totals.charged, 2)),
    }
}

#[test]
fn net_amounts_are_never_changed_by_taxes() {
    let (with, without) = (shop(Some(SMALL)), shop(None));
    let country = prop_oneof![
        Just(None),
        proptest::sample::select(vec!["CH", "LI", "AT", "FR", "GR", "IE", "NO", "MC"]).prop_map(Some),
    ];
    let number = proptest::sample::select(vec![None, Some("ATU12345678"), Some("ATU1"), Some("FR12345678901")]);
    let payer = proptest::sample::select(vec![Side::Client, Side::Partner]);
    let cases = (country, number, payer, proptest::array::uniform3(1..=1_000_u32));
    let property = |(country, number, payer, quantities)| {
        let order = order(moment("2026-06-01"), payer, quantities, country, number);
        let (taxed, plain) = (costs(&with, &order), costs(&without, &order));
        prop_assert_eq!(&taxed.net, &plain.net);
        prop_assert_eq!(plain.treatment, None);
        prop_assert!(taxed.charged > Decimal::ZERO);
        // That the taxes differ shows that it was not for want of one that the prices are the same.
        let bears = matches!(taxed.treatment, Some(Treatment::SwissVat | Treatment::EuVat));
        prop_assert_eq!(taxed.tax.is_some_and(|tax| tax > Decimal::ZERO), bears);
        prop_assert_eq!(taxed.tax.is_none(), taxed.treatment == Some(Treatment::Unknown));
        Ok(())
    };
    proptest!(config(), |(case in cases)| {
        property(case)?;
    });
}
