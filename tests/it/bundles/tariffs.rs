//! Mistakes between a bundle's files about money: the tariff, the taxes, the register of rules, and `[quotes]`.

use super::{Mistake, RULES, files, load, place};
use crate::{pricing::loader::PRINT, worlds::TempDir};
use mandat::bundle::Bundle;

/// The rules that the tariff names.
const PRICES: &str = "
[rules.PRINT-01]
statement = \"Partners pay a fifth less for cards.\"
kind = \"computation\"
source = { document = \"house\", heading = \"Prices\" }
encoded_by = [\"tariff:print/family.cards\"]

[rules.PRINT-02]
statement = \"Limited access earns cashback on what the partner manages.\"
kind = \"computation\"
source = { document = \"house\", heading = \"Prices\" }
encoded_by = [\"tariff:print/benefits.L1\"]
";

const TAXES: &str = "\
schema = \"tax/1\"
id = \"vat\"
timezone = \"Europe/Zurich\"
rounding = \"half_up\"
source.guide = { kind = \"seed\" }
swiss_vat = { countries = [\"CH\"], rates = [{ from = 2024-01-01, rate = 0.081 }], source = \"guide\" }
eu_reverse_charge = { source = \"guide\" }
eu_vat = { source = \"guide\", country = {} }
outside = { countries = [\"NO\"], source = \"guide\" }
";

const QUOTES: &str = "\
[quotes]
organization = \"User\"
product = \"Page\"
agreement = { type = \"Page\", client = \"owner\", partner = \"owner\", status = \"owner\", active = \"yes\", access = \"owner\", payment = \"owner\" }
partner = { status = \"level\", active = \"yes\" }
client_agreements = [\"manager\"]
managed_by = \"owner\"
product_of = \"owner\"
family_of = \"owner\"
tax = { country = \"level\", vat_number = \"level\" }
order = { action = \"read\", payer = \"owner\", family = \"note\" }
renewal = { action = \"read\", payer = \"owner\" }
";

/// The right files with a change to one of them.
fn change(
    name: &'static str,
    file: &'static str,
    from: &str,
    to: &str,
    at: &'static str,
    under: &'static str,
) -> Mistake {
    let mut files = priced();
    let text = &mut files.iter_mut().find(|(name, _)| *name == file).unwrap().1;
    assert_eq!(text.matches(from).count(), 1, "{from}");
    *text = text.replace(from, to);
    Mistake { name, files, at, under }
}

/// A bundle with prices.
fn priced() -> Vec<(&'static str, String)> {
    vec![
        ("mandat.toml", QUOTES.to_owned()),
        ("policies/rules.toml", RULES.to_owned() + PRICES),
        ("tariffs/print.toml", PRINT.to_owned()),
        ("tariffs/vat.toml", TAXES.to_owned()),
    ]
}

#[rustfmt::skip]
pub(super) fn mistakes() -> Vec<Mistake> {
    let (rules, tariff, settings) = ("policies/rules.toml", "tariffs/print.toml", "mandat.toml");
    let mut mistakes = vec![
        change("a rule encoded by an unknown entry of the tariff", rules, "family.cards\"", "family.cards\", \"tariff:print/family.crads\"", "policies/rules.toml:11:1", "[rules.PRINT-01]"),
        change("a rule encoded by an entry of an unknown tariff", rules, "family.cards\"", "family.cards\", \"tariff:paint/family.cards\"", "policies/rules.toml:11:1", "[rules.PRINT-01]"),
        change("a rule encoded by an unknown entry of the taxes", rules, "family.cards\"", "family.cards\", \"tax:outsides\"", "policies/rules.toml:11:1", "[rules.PRINT-01]"),
        change("an entry of the tariff that names an unknown rule", tariff, "[\"PRINT-01\"]", "[\"PRINT-01\", \"PRINT-09\"]", "tariffs/print.toml:25:1", "cards"),
        change("an entry of the taxes that names an unknown rule", "tariffs/vat.toml", "[\"NO\"],", "[\"NO\"], rules = [\"VAT-09\"],", "tariffs/vat.toml:9:1", "outside"),
        change("an entry of the tariff that the register does not list", tariff, "\"discount\", source = \"contract\"", "\"discount\", source = \"contract\", rules = [\"PRINT-02\"]", "policies/rules.toml:17:1", "[rules.PRINT-02]"),
        change("a document that a tariff cites and the register does not list", tariff, "document = \"house\"", "document = \"hous\"", "tariffs/print.toml:9:40", "\"hous\""),
        change("an unknown entity type for quotes", settings, "\"User\"", "\"Usr\"", "mandat.toml:2:16", "\"Usr\""),
        change("an unknown attribute for quotes", settings, "managed_by = \"owner\"", "managed_by = \"onwer\"", "mandat.toml:7:14", "\"onwer\""),
        change("an unknown attribute of an organisation for quotes", settings, "[\"manager\"]", "[\"agreements\"]", "mandat.toml:6:22", "\"agreements\""),
        change("an unknown action for quotes", settings, "order = { action = \"read\"", "order = { action = \"raed\"", "mandat.toml:11:20", "\"raed\""),
        change("an unknown attribute of an action's context for quotes", settings, "family = \"note\"", "family = \"nothing\"", "mandat.toml:11:54", "\"nothing\""),
        change("a setting of quotes that is missing", settings, "product_of = \"owner\"\n", "", "mandat.toml:1:1", "[quotes]"),
    ];
    let mut files = priced();
    files.push(("tariffs/vat-2027.toml", TAXES.to_owned()));
    mistakes.push(Mistake { name: "two tables of taxes", files, at: "", under: "" });
    mistakes
}

#[test]
fn without_a_mistake_the_bundle_with_prices_loads() {
    let bundle = load(&files(&priced())).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(bundle.tariffs.book.versions().len(), 1);
    assert_eq!(bundle.tariffs.taxes.map(|table| table.countries.len()), Some(2));
    assert!(bundle.warnings.is_empty(), "{}", bundle.warnings);
}

#[test]
fn mistakes_in_tariffs_taxes_and_policies_are_found_at_once() {
    let mut wrong = priced();
    wrong[2].1 = wrong[2].1.replace("EUR = 7.00", "EUR = 7.001").replace("CHF = 24.00", "CHF = 42.00");
    wrong[3].1 = wrong[3].1.replace("0.081", "8.1");
    wrong.push(("policies/more.cedar", "@id(\"more\")\nforbid (principal is Usr, action, resource);\n".to_owned()));
    let Err(problems) = load(&files(&wrong)) else { panic!("the bundle loads") };
    let places: Vec<String> = problems.iter().map(place).collect();
    assert_eq!(
        places,
        ["policies/more.cedar:2:22", "tariffs/print.toml:31:115", "tariffs/print.toml:32:69", "tariffs/vat.toml:6:72",],
        "{problems}"
    );
}

/// A warning keeps nothing from loading, and is kept to be told.
#[test]
fn a_tariff_that_is_worth_a_look_loads() {
    let mut looked = priced();
    looked[2].1 = looked[2].1.replace("falls  = \"intended\"\n", "");
    let bundle = load(&files(&looked)).unwrap_or_else(|problems| panic!("{problems}"));
    let codes: Vec<_> = bundle.warnings.iter().map(|warning| warning.code_text().unwrap()).collect();
    assert_eq!(codes, ["W044"]);
}

#[test]
fn a_file_beside_the_tariffs_is_no_tariff() {
    let dir = TempDir::new();
    files(&priced()).iter().for_each(|(name, text)| dir.write(name, text));
    assert!(Bundle::load(dir.path()).is_ok());
    dir.write("tariffs/notes.md", "# Notes\n");
    dir.write("schemas/tariff.schema.json", "{}\n");
    let digest = Bundle::load(dir.path()).unwrap_or_else(|problems| panic!("{problems}")).digest;
    dir.write("schemas/tariff.schema.json", "{ }\n");
    assert_eq!(Bundle::load(dir.path()).unwrap().digest, digest, "what serves editors decides nothing");
    dir.write("tariffs/print.v3.tmol", PRINT);
    let Err(problems) = Bundle::load(dir.path()) else { panic!("the bundle loads") };
    assert!(problems.to_string().starts_with("E201: `tariffs/print.v3.tmol` is no file of a bundle; "), "{problems}");
    let help = problems.iter().next().unwrap().help_text().map(str::to_owned);
    assert_eq!(help.as_deref(), Some("`tariffs/` holds *.toml; rename it or move it away"));
}
