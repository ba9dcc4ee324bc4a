//! Texts that nobody writes by mistake: always an answer, never a panic, and no message that fills a screen.

use std::fmt::Write as _;

use mandat::problem::Problems;

use super::{PRINT, load};

/// Loads, or is refused with problems that are all told well.
fn answer(text: &str) -> Result<usize, Problems> {
    let loaded = load(text).map(|(tariff, _)| tariff.products.len());
    if let Err(problems) = &loaded {
        assert!(!problems.is_empty());
        for problem in problems.iter() {
            assert!(problem.code_text().is_some() && problem.help_text().is_some(), "{}", problem.message());
            assert!(problem.message().chars().count() <= 800, "{} characters", problem.message().chars().count());
            assert!(problem.help_text().unwrap().chars().count() <= 4_000);
        }
    }
    loaded
}

fn codes(text: &str) -> Vec<&'static str> {
    answer(text)
        .map_or_else(|problems| problems.iter().map(|problem| problem.code_text().unwrap()).collect(), |_| Vec::new())
}

/// The right file with one thing replaced.
fn with(from: &str, to: &str) -> String {
    assert_eq!(PRINT.matches(from).count(), 1, "{from}");
    PRINT.replace(from, to)
}

#[test]
fn nothing_nests_too_deep() {
    for (open, close) in [("[", ""), ("{ a = ", ""), ("[", "]"), ("{ a = ", "}")] {
        let text = format!("a = {}1{}\n", open.repeat(50_000), close.repeat(50_000));
        assert!(codes(&text).iter().all(|code| *code == "E001"));
        assert!(!codes(&text).is_empty());
    }
    let path = "a.".repeat(50_000) + "a";
    for text in [format!("{path} = 1\n"), format!("[{path}]\n"), format!("[[{path}]]\n")] {
        assert!(codes(&text).contains(&"E001"));
    }
    // What the parser still takes is no tariff, and said to be none.
    let text = format!("{PRINT}\n[tier.run.deep{}]\nx = 1\n", ".deep".repeat(60));
    assert_eq!(codes(&text), ["E002"]);
}

#[test]
fn the_largest_files_are_answered() {
    let size = 1 << 20;
    assert_eq!(answer(&format!("{PRINT}\n# {}\n", "x".repeat(size))).ok(), Some(3));
    assert_eq!(answer(&format!("{}{PRINT}", "\n".repeat(size))).ok(), Some(3));
    assert_eq!(answer(&with("invented", &"x".repeat(size))).ok(), Some(3));
    assert_eq!(codes(&"x".repeat(size)), ["E001"]);
    let keys = (0..40_000).fold(String::new(), |mut text, key| {
        writeln!(text, "key{key} = 1").unwrap();
        text
    });
    assert_eq!(codes(&(keys + PRINT)), vec!["E002"; 40_000]);
}

#[test]
fn names_of_any_length_are_answered() {
    let (long, longer) = ("x".repeat(10_000), "x".repeat(10_001));
    assert_eq!(codes(&format!("{long} = 1\n{PRINT}")), ["E002"]);
    assert_eq!(answer(&with("date-stamp   ", &long)).ok(), Some(3));
    let families = with("stamps  = {", &format!("{long} = {{ source = \"sample\" }}\nstamps = {{"));
    assert_eq!(codes(&families.replace("family = \"stamps\"", &format!("family = \"{longer}\""))), ["E033"]);
    assert_eq!(codes(&with("half_up", &long)), ["E005"]);
    assert_eq!(codes(&with("Europe/Zurich", &long)), ["E008"]);
    assert_eq!(codes(&with("rule = \"tier.run\"", &format!("rule = \"{long}\""))), ["E080"]);
}

#[test]
fn numbers_of_any_length_are_answered() {
    let digits = "9".repeat(1_000);
    for (number, code) in [
        (digits.clone(), "E007"),
        (format!("0.{digits}"), "E007"),
        (format!("{digits}.{digits}"), "E007"),
        (format!("1{}", "_0".repeat(1_000)), "E007"),
        (format!("0x{}", "F".repeat(1_000)), "E007"),
        ("1e999999999".to_owned(), "E007"),
        ("1e-999999999".to_owned(), "E007"),
        ("-inf".to_owned(), "E007"),
        ("+nan".to_owned(), "E007"),
        ("00012.40".to_owned(), "E001"),
        ("12.".to_owned(), "E001"),
        (".5".to_owned(), "E001"),
    ] {
        assert_eq!(codes(&with("CHF = 12.40", &format!("CHF = {number}"))), [code], "{number}");
        assert_eq!(codes(&with("rate = 0.25", &format!("rate = {number}"))), [code], "{number}");
    }
    assert_eq!(codes(&with("= 2\n", &format!("= {digits}\n"))), ["E006"]);
    assert_eq!(codes(&with("from = 30", &format!("from = {digits}"))), ["E006"]);
    // Zeros say nothing, however many there are, as long as they can be kept.
    assert_eq!(answer(&with("CHF = 12.40", "CHF = 12.4000000000000000000000")).ok(), Some(3));
    assert_eq!(answer(&with("CHF = 12.40", "CHF = +1_2.4_0")).ok(), Some(3));
}

#[test]
fn characters_that_do_not_show_are_answered() {
    assert_eq!(codes(&with("invented", "in\0vented")), ["E001"]);
    assert_eq!(codes(&with("invented", "in\u{7f}vented")), ["E001"]);
    assert_eq!(codes(&format!("{PRINT}# \u{1b}[2J\n")), ["E001"]);
    assert_eq!(codes(&format!("\0{PRINT}")), ["E001"]);
    for name in ["\\u0000", "\\u202e", "\u{202e}", "\u{200b}"] {
        assert_eq!(codes(&with("family = \"stamps\"", &format!("family = \"stamps{name}\""))), ["E033"], "{name:?}");
        assert_eq!(codes(&with("stamps  = {", &format!("stamps = {{ \"so{name}urce\" = 1,"))), ["E002"], "{name:?}");
    }
    assert_eq!(answer(&format!("\u{feff}{PRINT}")).ok(), Some(3));
    assert_eq!(answer(&PRINT.replace('\n', "\r\n")).ok(), Some(3));
    assert!(codes(&PRINT.replace('\n', "\r")).contains(&"E001"));
}

#[test]
fn whatever_stands_twice_is_refused() {
    for more in [
        "id = \"again\"",
        "\"id\" = \"again\"",
        "'id' = \"again\"",
        "pricing.source = \"sample\"",
        "tier.run.mode = \"volume\"",
    ] {
        let found = codes(&format!("{more}\n{PRINT}"));
        assert!(!found.is_empty() && found.iter().all(|code| *code == "E001"), "{more}: {found:?}");
    }
    for more in ["[pricing]", "[family.cards]", "[[benefits.rows]]", "[product]\nbusiness-card.period = \"P1Y\""] {
        let found = codes(&format!("{PRINT}\n{more}\n"));
        assert!(!found.is_empty() && found.iter().all(|code| *code == "E001"), "{more}: {found:?}");
    }
}

/// Tables mean the same however they are written.
#[test]
fn dotted_keys_and_sections_mean_the_same() {
    let sections = with(
        "date-stamp    = { family = \"stamps\", period = \"P1Y\", list = { EUR = 7.00 }, source = \"sample\" }",
        "date-stamp.family = \"stamps\"\ndate-stamp.period = \"P1Y\"\ndate-stamp.list.EUR = 7.00\ndate-stamp.source = \"sample\"",
    );
    let prices =
        |text: &str| load(text).unwrap_or_else(|problems| panic!("{problems}")).0.products["date-stamp"].prices.clone();
    assert_eq!(prices(&sections), prices(PRINT));
}

#[test]
fn a_tariff_of_thousands_is_answered() {
    let products = |family: &str| {
        (0..5_000).fold(String::from("[product]\n"), |mut text, product| {
            writeln!(text, "product-{product} = {{ family = \"{family}\", period = \"P1M\", list = {{ CHF = 1.05, EUR = 1.00 }}, source = \"sample\" }}").unwrap();
            text
        })
    };
    assert_eq!(answer(&with("[product]\n", &products("cards"))).ok(), Some(5_003));
    assert_eq!(codes(&with("[product]\n", &products("card"))), vec!["E033"; 5_000]);
    let families = (0..5_000).fold(String::from("[family]\n"), |mut text, family| {
        writeln!(text, "family-{family} = {{ source = \"sample\" }}").unwrap();
        text
    });
    assert_eq!(
        codes(&with("[family]\n", &families).replace("family = \"stamps\"", "family = \"nothing like it\"")),
        ["E033"]
    );
    let bands = |first: u32| {
        (0..5_000).fold(String::from("bands  = [\n"), |mut text, band| {
            writeln!(text, "{{ from = {}, rate = 0.{}, source = \"sample\" }},", first + band, band % 2).unwrap();
            text
        })
    };
    let tier = |text: String| {
        let last = with("from = 1,  rate", "from = 6001, rate").replace("from = 10,", "from = 6010,");
        last.replace("from = 30,", "from = 6030,").replace("bands  = [\n", &text)
    };
    assert_eq!(answer(&tier(bands(1))).ok(), Some(3));
    let falling = tier(bands(1)).replace("falls  = \"intended\"\n", "");
    assert!(load(&falling).unwrap().1.iter().count() > 2_000);
    assert_eq!(codes(&tier(bands(2))).first(), Some(&"E041"));
}
