//! Whose price changes, and by how much: on a sample of both tariffs, or on order lines.

use serde_json::{Value, json};

use super::Repository;

const V1: &str = "tariffs/partner.v1.toml";
const V2: &str = "tariffs/partner.v2.toml";

/// The one row of a product and currency.
fn product<'v>(difference: &'v Value, product: &str, currency: &str) -> Option<&'v Value> {
    let products = difference["prices"]["products"].as_array().unwrap();
    products.iter().find(|row| row["product"] == product && row["currency"] == currency)
}

#[test]
fn the_same_tariff_has_no_prices_to_compare() {
    let repository = Repository::programme();
    assert_eq!(repository.changes(&["--by", "questions"])["prices"], Value::Null);
    repository.edit(V2, "# The partner programme's tariff", "# The partner programme's own tariff");
    let difference = repository.changes(&["--by", "questions"]);
    assert_eq!(difference["none"], true, "a comment is no price");
    assert_eq!(difference["prices"]["changed"], 0);
    assert!(difference["prices"]["lines"].as_u64().unwrap() > 1_000, "and a sample was priced");
}

#[test]
fn a_rate_moves_what_is_charged_and_credited_of_its_own_family_only() {
    let repository = Repository::programme();
    let storage = |rate: &str| format!("storage      = {{ title = \"Storage\", partner_discount = {rate}");
    repository.edit(V2, &storage("0.20"), &storage("0.25"));
    let difference = repository.changes(&["--by", "questions"]);
    let products = difference["prices"]["products"].as_array().unwrap();
    let named: Vec<&str> = products.iter().map(|row| row["product"].as_str().unwrap()).collect();
    assert_eq!(named, ["storage-1tb", "storage-1tb"], "in CHF and EUR");
    let row = product(&difference, "storage-1tb", "CHF").unwrap();
    assert_eq!((row["charged"]["up"].as_u64(), row["cashback"]["down"].as_u64()), (Some(0), Some(0)));
    assert!(row["charged"]["down"].as_u64().unwrap() > 0 && row["cashback"]["up"].as_u64().unwrap() > 0, "{row:#}");
    // One item at CHF 6.90: 20 % are 1.38, 75 % of it are 5.175, rounded half up 5.18: 1.72 are left.
    let credited = |line: &&Value| {
        line["quantity"] == 1
            && line["tier_count"] == 1
            && line["currency"] == "CHF"
            && line["old"]["cashback"] != "0.00"
    };
    let all = repository.changes(&["--by", "questions", "--top", "1000"])["prices"]["top"].clone();
    let single: Vec<&Value> = all.as_array().unwrap().iter().filter(credited).collect();
    assert!(!single.is_empty());
    for line in single {
        assert_eq!((&line["old"]["cashback"], &line["new"]["cashback"]), (&json!("1.38"), &json!("1.72")), "{line:#}");
        assert_eq!((&line["old"]["charged"], &line["new"]["charged"]), (&json!("6.90"), &json!("6.90")), "{line:#}");
    }
    for (gate, code) in [("price-down", 1), ("price-up", 0), ("any", 1), ("newly-allowed", 0)] {
        assert_eq!(repository.diff(&["HEAD", "--by", "questions", "--fail-on", gate]).code(), code, "{gate}");
    }
}

#[test]
fn order_lines_of_a_file_are_priced_as_a_statement_would() {
    let repository = Repository::programme();
    let web = |price: &str| format!("list = {{ CHF = {price}, EUR = 5.75 }}");
    repository.edit(V1, &web("9.92"), &web("10.92"));
    let orders = crate::support::programme_dir().join("tests/orders/2026-10.csv");
    let difference = repository.changes(&["--by", "questions", "--orders", orders.to_str().unwrap()]);
    let prices = &difference["prices"];
    let rows = std::fs::read_to_string(&orders).unwrap().lines().count() - 1;
    assert_eq!((prices["lines"].as_u64(), prices["unread"].as_u64()), (Some(rows as u64), Some(0)));
    let first =
        prices["top"].as_array().unwrap().iter().find(|line| line["whose"].as_str().unwrap().starts_with("o-1001/1,"));
    let first = first.unwrap_or_else(|| panic!("{prices:#}"));
    // 35 hostings, 20 % and then 25 % off: 347.20 and a cashback of 138.88; 382.20 and 152.88.
    assert_eq!(first["old"], json!({ "list": "347.20", "charged": "347.20", "cashback": "138.88" }));
    assert_eq!(first["new"], json!({ "list": "382.20", "charged": "382.20", "cashback": "152.88" }));
    assert!(
        first["whose"].as_str().unwrap().starts_with("o-1001/1, bakery through alpenhost: access full"),
        "{first:#}"
    );
    let gate = repository.diff(&["HEAD", "--by", "questions", "--fail-on", "price-up"]);
    assert_eq!(gate.code(), 1);
}

/// What the scale counts on an order is the same whether a row says it or not.
#[test]
fn a_count_that_a_row_leaves_out_is_counted_on_its_order() {
    let repository = Repository::programme();
    let web = |price: &str| format!("list = {{ CHF = {price}, EUR = 5.75 }}");
    repository.edit(V1, &web("9.92"), &web("10.92"));
    let head = "order_id,line_id,ordered_at,client,partner,access,payment_mode,placed_by,payer,managed,product,quantity,\
                tier_count,currency,kind\n";
    let row = |line: u32, quantity: u32, count: &str| {
        format!(
            "o-1,{line},2026-10-01T12:00:00Z,bakery,alpenhost,full,client,client,client,new,web-hosting,{quantity},{count},CHF,order\n"
        )
    };
    repository.write("said.csv", &[head, &row(1, 30, "35"), &row(2, 5, "35")].concat());
    repository.write("counted.csv", &[head, &row(1, 30, ""), &row(2, 5, "")].concat());
    repository.write("alone.csv", &[head, &row(1, 30, "30"), &row(2, 5, "5")].concat());
    let priced = |file: &str| {
        let prices = repository.changes(&["--by", "questions", "--orders", file])["prices"].clone();
        prices["products"][0]["cashback"].clone()
    };
    assert_eq!(priced("counted.csv"), priced("said.csv"));
    assert_ne!(priced("alone.csv"), priced("said.csv"), "the control: counted line by line it is another price");
}

#[test]
fn a_product_taken_out_has_no_price_any_more() {
    let repository = Repository::programme();
    let tariff = std::fs::read_to_string(repository.path().join(V2)).unwrap();
    let without: String =
        tariff.lines().filter(|line| !line.starts_with("domain-swiss")).map(|line| format!("{line}\n")).collect();
    assert_ne!(tariff, without);
    repository.write(V2, &without);
    let prices = repository.changes(&["--by", "questions"])["prices"].clone();
    assert!(prices["without_price_now"].as_u64().unwrap() > 0, "{prices:#}");
    assert_eq!(prices["top"][0]["reason"], "the tariff has no product `domain-swiss`");
    assert_eq!(prices["products"], json!([]), "what both sides price is as it was");
    assert_eq!(repository.diff(&["HEAD", "--by", "questions", "--fail-on", "any"]).code(), 1);
}

#[test]
fn rows_that_are_no_order_line_are_counted_and_a_header_that_is_none_is_3() {
    let repository = Repository::programme();
    repository.edit(V1, "CHF = 9.92", "CHF = 10.92");
    let head = "order_id,line_id,ordered_at,client,partner,access,payment_mode,placed_by,payer,managed,product,quantity,tier_count,currency,kind\n";
    repository.write(
        "bad.csv",
        &format!("{head}o-1,1,yesterday,a,b,full,client,client,client,new,web-hosting,1,1,CHF,order\nx\n"),
    );
    let prices = repository.changes(&["--by", "questions", "--orders", "bad.csv"])["prices"].clone();
    assert_eq!((prices["lines"].as_u64(), prices["unread"].as_u64()), (Some(0), Some(2)));
    assert!(prices["unread_reasons"][0].as_str().unwrap().starts_with("line 2: ordered_at `yesterday`"), "{prices:#}");
    repository.write("none.csv", "a,b\n1,2\n");
    let told = repository.diff(&["HEAD", "--by", "questions", "--orders", "none.csv"]);
    assert_eq!(told.code(), 3);
    assert!(told.errors().contains("the column `order_id` is missing"), "{}", told.errors());
}
