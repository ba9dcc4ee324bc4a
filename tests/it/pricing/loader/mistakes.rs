//! One small change each to `print.toml`, and what must be told of it.

use super::PRINT;

/// A mistake: what is written in place of the right text, and what must be told and underlined.
pub(crate) struct Mistake {
    pub(crate) name: &'static str,
    from: &'static str,
    to: &'static str,
    pub(crate) code: &'static str,
    /// `line:column`
    pub(crate) at: &'static str,
    pub(crate) under: &'static str,
}

impl Mistake {
    /// The tariff with the mistake.
    pub(crate) fn text(&self) -> String {
        assert_eq!(PRINT.matches(self.from).count(), 1, "{}: {}", self.name, self.from);
        PRINT.replace(self.from, self.to)
    }
}

const fn m(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    at: &'static str,
    under: &'static str,
) -> Mistake {
    Mistake { name, from, to, code, at, under }
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Mistake> {
    [FORM, TYPES, WORDS_AND_NUMBERS, PRICES, TIERS, BENEFITS, NAMES].into_iter().flatten()
}

#[rustfmt::skip]
const FORM: &[Mistake] = &[
    m("a bracket that is not closed", "[pricing]", "[pricing", "E001", "16:9", ""),
    m("a text that is not closed", "\"net_of_vat\"", "\"net_of_vat", "E001", "17:31", ""),
    m("a key twice", "version        = 2", "version        = 2\nversion        = 3", "E001", "4:1", "version"),
    m("a section twice", "[open]", "[open]\n\n[open]", "E001", "66:2", "open"),
    m("a day that no calendar has", "= 2026-01-01", "= 2026-02-30", "E001", "4:18", "2026-02-30"),
    m("a key that is nearly right", "partner_rate_max = 0.35", "partner_rate_mx = 0.35", "E002", "19:1", "partner_rate_mx"),
    m("a key that means nothing", "stamps  = {", "stamps  = { colour = \"red\",", "E002", "27:13", "colour"),
    m("a misspelt section of sources", "[source]", "[sources]", "E002", "8:2", "sources"),
    m("a misspelt section of currencies", "[currency]", "[curency]", "E002", "12:2", "curency"),
    m("a misspelt section of families", "[family]", "[famly]", "E002", "24:2", "famly"),
    m("a misspelt section of benefits", "[benefits]", "[benefit]", "E002", "51:2", "benefit"),
    m("a misspelt section on pricing", "[pricing]", "[pricng]", "E002", "16:2", "pricng"),
    m("a misspelt section of products", "[product]", "[products]", "E002", "29:2", "products"),
    m("no zone", "timezone       = \"Europe/Zurich\"\n", "", "E003", "1:1", ""),
    m("no rounding", "rounding         = { mode = \"half_up\", at = \"step\", unit = \"line\", source = \"contract\" }\n", "", "E003", "16:2", "pricing"),
    m("a product without a family", "family = \"stamps\", ", "", "E003", "32:1", "date-stamp"),
    m("a product without prices", "list = { EUR = 7.00 }, ", "", "E003", "32:1", "date-stamp"),
    m("a band without a rate", "{ from = 10, rate = 0.10,", "{ from = 10,", "E003", "41:3", "{ from = 10, source = \"sample\" }"),
    m("a row without one of its columns", "by = \"partner\",             payer = \"*\",       managed = \"*\",           outcome = \"refused\"", "by = \"partner\", payer = \"*\", outcome = \"refused\"", "E003", "57:3", "{ id = \"L3\", access = \"limited\", payment = \"-\",       by = \"partner\", payer = \"*\", outcome = \"refused\",  source = \"contract\", reason = \"limited access orders nothing\" }"),
    m("an open question without its words", ", ask = \"Does a new product count at once?\"", "", "E003", "66:1", "Q2"),
    m("a product without a source", "list = { EUR = 7.00 }, source = \"sample\"", "list = { EUR = 7.00 }", "E070", "32:1", "date-stamp"),
    m("a pricing without a source", "source           = \"contract\"\n", "", "E070", "16:2", "pricing"),
    m("a rounding without a source", ", unit = \"line\", source = \"contract\"", ", unit = \"line\"", "E070", "20:1", "rounding"),
    m("a tier without a source", "falls  = \"intended\"\nsource = \"contract\"\n", "falls  = \"intended\"\n", "E070", "34:7", "run"),
    m("a band without a source", "rate = 0.10, source = \"sample\"", "rate = 0.10", "E070", "41:3", "{ from = 10, rate = 0.10 }"),
    m("a benefit without a source", "outcome = \"refused\",  source = \"sample\"", "outcome = \"refused\"", "E070", "58:3", "{ id = \"L4\", access = \"limited\", payment = \"-\",       by = [\"client\", \"renewal\"], payer = \"partner\", managed = \"*\",           outcome = \"refused\" }"),
];

#[rustfmt::skip]
const TYPES: &[Mistake] = &[
    m("a number as the name of the tariff", "= \"print\"", "= 7", "E004", "2:18", "7"),
    m("a number as the form of the file", "\"tariff/1\"", "1", "E004", "1:18", "1"),
    m("a truth as a mode", "\"graduated\"", "true", "E004", "46:10", "true"),
    m("a number in a column", "payment = \"partner\", by = \"partner\"", "payment = \"partner\", by = 1", "E004", "60:62", "1"),
    m("an empty list in a column", "managed = [\"no\", \"new\"]", "managed = []", "E004", "56:114", "[]"),
    m("a list of not only words in a column", "managed = [\"no\", \"new\"]", "managed = [\"no\", 1]", "E004", "56:114", "[\"no\", 1]"),
    m("one step instead of a list", "[\"list\", \"partner_discount\", \"quantity_tier\"]", "\"list\"", "E004", "18:20", "\"list\""),
    m("no steps", "[\"list\", \"partner_discount\", \"quantity_tier\"]", "[]", "E004", "18:20", "[]"),
    m("a family instead of a list", "of = [\"cards\"]", "of = \"cards\"", "E004", "36:36", "\"cards\""),
    m("a number as a reading", "reading = \"HOUSE-3\"", "reading = 3", "E004", "56:180", "3"),
    m("a text as the version", "= 2\n", "= \"2\"\n", "E004", "3:18", "\"2\""),
    m("a fraction as the version", "= 2\n", "= 2.0\n", "E004", "3:18", "2.0"),
    m("a text as an increment", "payable_increment = 0.05", "payable_increment = \"5 rappen\"", "E004", "13:40", "\"5 rappen\""),
    m("a text as a price", "CHF = 12.40", "CHF = \"12.40\"", "E004", "30:68", "\"12.40\""),
    m("a text as the only price", "EUR = 7.00", "EUR = \"7\"", "E004", "32:69", "\"7\""),
    m("a price without its currency", "list = { EUR = 7.00 }", "list = 7.00", "E004", "32:61", "7.00"),
    m("a rate in words", "partner_discount = 0.20", "partner_discount = \"20 %\"", "E004", "25:32", "\"20 %\""),
    m("a date as a text", "= 2026-01-01", "= \"2026-01-01\"", "E004", "4:18", "\"2026-01-01\""),
    m("a date with a time", "= 2026-01-01", "= 2026-01-01T00:00:00", "E004", "4:18", "2026-01-01T00:00:00"),
    m("a time without a date", "= 2026-01-01", "= 08:00:00", "E004", "4:18", "08:00:00"),
    m("a rounding in one word", "{ mode = \"half_up\", at = \"step\", unit = \"line\", source = \"contract\" }", "\"half_up\"", "E004", "20:20", "\"half_up\""),
    m("a source in one word", "{ kind = \"sample\", note = \"invented\" }", "\"sample\"", "E004", "10:12", "\"sample\""),
    m("a family in one number", "{ source = \"sample\" }", "0.20", "E004", "27:11", "0.20"),
    m("a tier in one date", "[tier.wall]", "[tier]\nwall = 2026-01-01\n\n[tier.well]", "E004", "46:8", "2026-01-01"),
    m("bands in one table", "[{ from = 1, rate = 0.00, source = \"sample\" }, { from = 5, rate = 0.20, source = \"sample\" }]", "{ from = 1, rate = 0.00, source = \"sample\" }", "E004", "49:10", "{ from = 1, rate = 0.00, source = \"sample\" }"),
    m("a band in one number", "[{ from = 1, rate = 0.00, source = \"sample\" }, { from = 5, rate = 0.20, source = \"sample\" }]", "[0.20]", "E004", "49:11", "0.20"),
    m("questions in a list", "[open]", "[[open]]", "E004", "64:1", "[[open]]"),
];

#[rustfmt::skip]
const WORDS_AND_NUMBERS: &[Mistake] = &[
    m("another form of file", "tariff/1", "tariff/2", "E005", "1:18", "\"tariff/2\""),
    m("a word that is nearly right", "half_up", "halfup", "E005", "20:29", "\"halfup\""),
    m("a word that means nothing", "\"seed\"", "\"rumour\"", "E005", "9:21", "\"rumour\""),
    m("a word that is no column's", "access = \"own\"", "access = \"everything\"", "E005", "54:25", "\"everything\""),
    m("a word in a column's list", "[\"no\", \"new\"]", "[\"no\", \"newe\"]", "E005", "56:121", "\"newe\""),
    m("all words in a column's list", "[\"no\", \"new\"]", "[\"*\", \"new\"]", "E005", "56:115", "\"*\""),
    m("an unknown step", "\"quantity_tier\"]", "\"quantity\"]", "E005", "18:49", "\"quantity\""),
    m("version 0", "= 2\n", "= 0\n", "E006", "3:18", "0"),
    m("a negative version", "= 2\n", "= -2\n", "E006", "3:18", "-2"),
    m("a version beyond counting", "= 2\n", "= 99999999999999999999\n", "E006", "3:18", "99999999999999999999"),
    m("a currency of five digits", "CHF = { scale = 2", "CHF = { scale = 5", "E006", "13:17", "5"),
    m("a band from 0", "{ from = 1,  rate", "{ from = 0,  rate", "E006", "40:12", "0"),
    m("a day beyond the calendar", "= 2026-01-01", "= 9999-12-31", "E006", "4:18", "9999-12-31"),
    m("a day before the calendar", "= 2026-01-01", "= 0026-01-01", "E006", "4:18", "0026-01-01"),
    m("a price with an exponent", "CHF = 12.40", "CHF = 1.24e1", "E007", "30:68", "1.24e1"),
    m("a price in sixteens", "CHF = 30.00", "CHF = 0x1E", "E007", "31:70", "0x1E"),
    m("a price without end", "CHF = 12.40", "CHF = inf", "E007", "30:68", "inf"),
    m("a rate that is no number", "partner_discount = 0.20", "partner_discount = nan", "E007", "25:32", "nan"),
    m("a rate with more digits than can be kept", "partner_discount = 0.20", "partner_discount = 0.20000000000000000000000000000001", "E007", "25:32", "0.20000000000000000000000000000001"),
    m("a price beyond all numbers", "CHF = 12.40", "CHF = 99999999999999999999999999999999.00", "E007", "30:68", "99999999999999999999999999999999.00"),
    m("a zone that is nearly right", "Europe/Zurich", "Europe/Zurch", "E008", "5:18", "\"Europe/Zurch\""),
    m("a zone that is nowhere", "Europe/Zurich", "the moon, its far side", "E008", "5:18", "\"the moon, its far side\""),
    m("a negative rate", "partner_discount = 0.20", "partner_discount = -0.20", "E020", "25:32", "-0.20"),
    m("a rate in percent", "partner_discount = 0.20", "partner_discount = 20", "E021", "25:32", "20"),
    m("a rate above every percentage", "rate = 0.25", "rate = 250", "E021", "42:23", "250"),
    m("a rate with too many decimals", "rate = 0.25", "rate = 0.2500001", "E022", "42:23", "0.2500001"),
    m("a step twice", "\"quantity_tier\"]", "\"partner_discount\"]", "E023", "18:49", "\"partner_discount\""),
    m("steps without the list price", "[\"list\", \"partner_discount\", \"quantity_tier\"]", "[\"partner_discount\", \"quantity_tier\"]", "E023", "18:21", "\"partner_discount\""),
    m("dates that run backwards", "= 2026-01-01\n", "= 2026-01-01\neffective_until = 2025-06-01\n", "E050", "5:19", "2025-06-01"),
    m("dates without a day between", "= 2026-01-01\n", "= 2026-01-01\neffective_until = 2026-01-01\n", "E050", "5:19", "2026-01-01"),
];

#[rustfmt::skip]
const PRICES: &[Mistake] = &[
    m("a negative price", "CHF = 12.40", "CHF = -12.40", "E010", "30:68", "-12.40"),
    m("a negative increment", "payable_increment = 0.05", "payable_increment = -0.05", "E010", "13:40", "-0.05"),
    m("a price with too many decimals", "CHF = 12.40", "CHF = 12.3999999999999999", "E011", "30:68", "12.3999999999999999"),
    m("a partner's price with too many decimals", "preferential = { CHF = 24.00 }", "preferential = { CHF = 24.005 }", "E011", "31:115", "24.005"),
    m("a volume with too many decimals", "min_annual_volume = 500", "min_annual_volume = 500.005", "E011", "13:66", "500.005"),
    m("a price that nobody pays", "CHF = 12.40", "CHF = 1000000.05", "E012", "30:68", "1000000.05"),
    m("a currency that is nearly right", "EUR = 7.00", "EUD = 7.00", "E013", "32:63", "EUD"),
    m("a currency of no list", "EUR = 7.00", "NOK = 7.00, EUR = 7.00", "E013", "32:63", "NOK"),
    m("an increment of nothing", "payable_increment = 0.05", "payable_increment = 0.00", "E014", "13:20", "payable_increment"),
    m("a price that cannot be paid", "CHF = 12.40", "CHF = 12.42", "E014", "30:68", "12.42"),
    m("a currency that ISO does not know", "EUR = { scale", "EURO = { scale = 2, payable_increment = 0.01, source = \"contract\" }\nEUR = { scale", "E015", "14:1", "EURO"),
    m("digits that the currency does not have", "EUR = { scale = 2", "EUR = { scale = 3", "E016", "14:17", "3"),
    m("a product without any price", "list = { EUR = 7.00 }", "list = {}", "E017", "32:54", "list"),
    m("a period in words", "\"P1Y\"", "\"1 year\"", "E018", "32:47", "\"1 year\""),
    m("a period of hours", "\"P1D\"", "\"PT24H\"", "E018", "31:48", "\"PT24H\""),
    m("a period of months and hours", "\"P1M\"", "\"P1MT1H\"", "E018", "30:46", "\"P1MT1H\""),
    m("a period of months and days", "\"P1M\"", "\"P1M1D\"", "E018", "30:46", "\"P1M1D\""),
    m("a period of nothing", "\"P1M\"", "\"P0D\"", "E018", "30:46", "\"P0D\""),
    m("a discount above the largest", "partner_discount = 0.20", "partner_discount = 0.40", "E030", "25:32", "0.40"),
    m("a partner's price below the largest discount", "{ CHF = 24.00 }", "{ CHF = 19.45 }", "E031", "31:115", "19.45"),
    m("a partner's price above the list price", "{ CHF = 24.00 }", "{ CHF = 30.05 }", "E032", "31:115", "30.05"),
    m("a partner's price without a list price", "list = { CHF = 30.00, EUR = 28.50 }", "list = { EUR = 28.50 }", "E032", "31:102", "24.00"),
    m("a partner's price beside a list price with a fault", "list = { CHF = 30.00,", "list = { CHF = 30.01,", "E014", "31:70", "30.01"),
];

#[rustfmt::skip]
const TIERS: &[Mistake] = &[
    m("a tier without bands", "[{ from = 1, rate = 0.00, source = \"sample\" }, { from = 5, rate = 0.20, source = \"sample\" }]", "[]", "E040", "49:1", "bands"),
    m("bands that start at 2", "{ from = 1,  rate", "{ from = 2,  rate", "E041", "40:12", "2"),
    m("bands that start at 5", "{ from = 1,  rate", "{ from = 5,  rate", "E041", "40:12", "5"),
    m("two bands that start alike", "from = 30", "from = 10", "E042", "42:12", "10"),
    m("bands out of order", "from = 30", "from = 3", "E043", "42:12", "3"),
    m("a step that is left out", "\"list\", \"partner_discount\"", "\"list\"", "W024", "18:1", "steps"),
    m("a guide's figure without the guide", "document = \"house\", heading", "heading", "E073", "9:1", "contract"),
    m("a rate that falls", "rate = 0.25", "rate = 0.05", "W047", "42:3", "{ from = 30, rate = 0.05, source = \"contract\", from_source = \"sample\" }"),
    m("a total that falls", "falls  = \"intended\"\n", "", "W044", "41:3", "{ from = 30, rate = 0.25, source = \"contract\", from_source = \"sample\" }"),
    m("ordered items of a client", "per = \"order\"", "per = \"client\"", "E045", "36:47", "per"),
    m("active items of an order", "per = \"partner\"", "per = \"order\"", "E045", "47:58", "per"),
    m("a tier that does not count its family", "of = [\"cards\"]", "of = [\"stamps\"]", "E046", "25:45", "\"run\""),
    m("a tier that counts nothing", "of = [\"cards\"]", "of = []", "E046", "25:45", "\"run\""),
];

#[rustfmt::skip]
const BENEFITS: &[Mistake] = &[
    m("a row that is missing", "  { id = \"L2\", access = \"limited\", payment = \"-\",       by = [\"client\", \"renewal\"], payer = \"client\",  managed = [\"no\", \"new\"], outcome = \"none\",     source = \"sample\", reading = \"HOUSE-3\" },\n", "  # L2\n", "E061", "53:3", "{"),
    m("a word that is missing", "managed = [\"no\", \"new\"]", "managed = \"no\"", "E061", "53:3", "{"),
    m("two rows that match alike", "managed = \"yes\"", "managed = [\"yes\", \"no\"]", "E062", "56:3", "{ id = \"L2\", access = \"limited\", payment = \"-\",       by = [\"client\", \"renewal\"], payer = \"client\",  managed = [\"no\", \"new\"], outcome = \"none\",     source = \"sample\", reading = \"HOUSE-3\" }"),
    m("a row that is too wide", "access = \"own\",     payment = \"-\"", "access = \"*\",       payment = \"*\"", "E062", "54:3", "{ id = \"O1\", access = \"*\",       payment = \"*\",       by = \"*\",                   payer = \"*\",       managed = \"*\",           outcome = \"none\",     source = \"sample\" }"),
    m("a row that matches nothing", "access = \"own\",     payment = \"-\"", "access = \"own\",     payment = \"client\"", "E063", "54:3", "{ id = \"O1\", access = \"own\",     payment = \"client\",       by = \"*\",                   payer = \"*\",       managed = \"*\",           outcome = \"none\",     source = \"sample\" }"),
    m("an id twice", "id = \"F3\"", "id = \"F1\"", "E064", "61:3", "{ id = \"F1\", access = \"full\",    payment = \"partner\", by = [\"client\", \"renewal\"], payer = \"*\",       managed = \"*\",           outcome = \"cashback\", source = \"sample\", reading = [\"HOUSE-3\", \"HOUSE-4\"] }"),
    m("a copied row", "  { id = \"O1\", access = \"own\",", "  { id = \"N1\", access = \"none\", payment = \"-\", by = \"*\", payer = \"*\", managed = \"*\", outcome = \"none\", source = \"contract\" },\n  { id = \"O1\", access = \"own\",", "E064", "54:3", "{ id = \"N1\", access = \"none\", payment = \"-\", by = \"*\", payer = \"*\", managed = \"*\", outcome = \"none\", source = \"contract\" }"),
];

#[rustfmt::skip]
const NAMES: &[Mistake] = &[
    m("a family that is nearly right", "family = \"cards\"", "family = \"card\"", "E033", "30:28", "\"card\""),
    m("a family that is nowhere", "family = \"cards\"", "family = \"calendars\"", "E033", "30:28", "\"calendars\""),
    m("an unknown family that counts", "of = [\"posters\", \"stamps\"]", "of = [\"posters\", \"stickers\"]", "E033", "47:47", "\"stickers\""),
    m("a tier that is nearly right", "tier = \"run\"", "tier = \"runs\"", "E034", "25:45", "\"runs\""),
    m("a tier that is nowhere", "tier = \"run\"", "tier = \"storage\"", "E034", "25:45", "\"storage\""),
    m("a source that is nearly right", "account = \"prepaid\", refund = \"pro_rata_of_credited\", source = \"sample\"", "account = \"prepaid\", refund = \"pro_rata_of_credited\", source = \"sampel\"", "E071", "21:105", "\"sampel\""),
    m("a source that is nowhere", "stamps  = { source = \"sample\" }", "stamps  = { source = \"my memory\" }", "E071", "27:22", "\"my memory\""),
    m("an unknown source of a partner's price", "preferential_source = \"contract\"", "preferential_source = \"contrat\"", "E071", "31:165", "\"contrat\""),
    m("an unknown source of a band's start", "from_source = \"sample\"", "from_source = \"samples\"", "E071", "42:64", "\"samples\""),
    m("an unknown source of what a question is about", "falls  = \"intended\"\nsource = \"contract\"", "falls  = \"intended\"\nsource = \"contracts\"", "E071", "38:10", "\"contracts\""),
    m("a question that is nearly right", "rule = \"tier.run\"", "rule = \"tier.runs\"", "E080", "65:15", "\"tier.runs\""),
    m("a question about nothing", "rule = \"tier.run\"", "rule = \"the weather\"", "E080", "65:15", "\"the weather\""),
];
