//! Records and fields: split as a reader split them that is none of ours, in blocks of any size.

use mandat::pricing::statement::records::{self, Extent, Separators};
use proptest::prelude::*;

use super::office::{orders, row, settled};

/// Records without their line ends, as our code cuts them; a quote that nothing closes ends the test's interest.
fn cut(text: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut cut, mut start) = (Vec::new(), 0);
    loop {
        match records::extent(&text[start..], true) {
            Extent::Whole(length) => {
                cut.push(records::trimmed(&text[start..start + length]));
                start += length;
            }
            Extent::Unclosed(_) => return None,
            Extent::Unfinished => return Some(cut),
        }
    }
}

fn split(record: &[u8]) -> Vec<Vec<u8>> {
    let (mut text, mut ends) = (Vec::new(), Vec::new());
    records::unquote(record, &mut text, &mut ends);
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(&ends).map(|(start, end)| text[start..*end].to_vec()).collect()
}

/// What the `csv` crate makes of the same text, lines ending with a line feed.
fn elsewhere(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).terminator(csv::Terminator::Any(b'\n'));
    let records = reader.from_reader(text).into_byte_records();
    records.map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn fields_are_those_of_another_reader(text in "[a,\"\n]{0,40}") {
        if let Some(cut) = cut(text.as_bytes()) {
            let ours: Vec<_> = cut.into_iter().filter(|record| !record.is_empty()).map(split).collect();
            prop_assert_eq!(ours, elsewhere(text.as_bytes()));
        }
    }

    #[test]
    fn blocks_are_cut_where_records_end(text in "[a,\"\r\n]{0,60}", at in 0_usize..60) {
        let text = text.as_bytes();
        let at = at.min(text.len());
        let whole = records::complete(&text[..at], false);
        // What the first block holds are the records that the whole text has there.
        if let Some(all) = cut(text) {
            let (first, rest) = (cut(&text[..whole]), cut(&text[whole..]));
            prop_assert_eq!(first.zip(rest).map(|(first, rest)| [first, rest].concat()), Some(all));
        }
    }

    #[test]
    fn separators_are_all_commas_and_line_feeds(text in prop::collection::vec(prop_oneof![Just(b','), Just(b'\n'), any::<u8>()], 0..50)) {
        let expected: Vec<usize> =
            text.iter().enumerate().filter(|(_, byte)| matches!(byte, b',' | b'\n')).map(|(at, _)| at).collect();
        prop_assert_eq!(Separators::new(&text).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn fields_with_commas_quotes_and_line_breaks_come_out_as_they_went_in() {
    for (written, value) in [
        ("\"Müller, Söhne\"", "Müller, Söhne"),
        ("\"the \"\"bakery\"\"\"", "the \"bakery\""),
        ("\"two\nlines\"", "two\nlines"),
        ("\"two\r\nlines\"", "two\r\nlines"),
        ("a\"b", "a\"b"),
        ("\"plain\"", "plain"),
        ("a\rb", "a\rb"),
    ] {
        // An id has no line breaks, any other field may.
        let order = if value.contains(['\r', '\n']) { "o-0" } else { written };
        let settled = settled(orders(&[row(&[("partner", written), ("order_id", order)]), row(&[])]).as_bytes());
        let postings = settled.postings();
        assert_eq!(
            (&*postings[0][2], &*postings[0][3]),
            (value, if order == written { value } else { order }),
            "{}",
            settled.postings
        );
        assert_eq!((&*postings[1][3], postings.len()), ("o-1", 2));
        let partners: Vec<String> =
            super::office::fields(&settled.totals).into_iter().map(|row| row[0].clone()).collect();
        assert!(partners.iter().any(|partner| partner == value), "{}", settled.totals);
    }
}

#[test]
fn a_file_may_begin_with_a_mark_and_end_without_a_line_end() {
    let text = orders(&[row(&[])]);
    let expected = settled(text.as_bytes());
    for text in
        [format!("\u{feff}{text}"), text.trim_end().to_owned(), text.replace('\n', "\r\n"), format!("\n{text}\n\n")]
    {
        assert_eq!(settled(text.as_bytes()), expected, "{text:?}");
    }
    assert_eq!(settled(orders(&[]).as_bytes()).outcomes, Default::default());
}
