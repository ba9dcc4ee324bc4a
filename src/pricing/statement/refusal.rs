//! Why a row has no price: a code for programs, a sentence for people.

/// Why a row is refused. The words are stable: programs look for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// More or fewer fields than columns.
    WrongFields,
    /// A quote that nothing closes.
    UnclosedQuote,
    /// A record longer than any order line.
    TooLong,
    /// Not UTF-8, or control characters in an id.
    BadEncoding,
    /// A field that must not be empty.
    MissingField,
    /// No moment, or one without an offset.
    BadTime,
    /// A moment of another month: it stands in that month's statement.
    OutsideMonth,
    /// No version of the tariff is in force then.
    NoTariff,
    /// A word that the field does not know.
    UnknownWord,
    /// Access and payment mode that do not go together.
    BadCase,
    /// A payer that is neither the client nor the partner.
    BadPayer,
    /// No product of the tariff.
    UnknownProduct,
    /// The product has no price in that currency.
    UnknownCurrency,
    /// No whole number from 1 to a million.
    BadQuantity,
    /// No count, or one without the line's own items.
    BadTierCount,
    /// A count that only the caller knows.
    TierCountMissing,
    /// Beyond what is kept to the cent.
    TooLarge,
    /// The benefits refuse the line.
    Refused,
    /// The same line once more.
    Repeated,
    /// The same line with other amounts.
    Conflict,
    /// A reversal of a posting that no prior file has.
    UnknownPosting,
    /// A reversal of a reversal.
    NotACredit,
    /// A reversal of more than is left of the credit.
    BeyondCredit,
    /// No share above 0 and up to 1.
    BadShare,
}

impl Code {
    /// The word of `refused.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Self::WrongFields => "wrong_fields",
            Self::UnclosedQuote => "unclosed_quote",
            Self::TooLong => "too_long",
            Self::BadEncoding => "bad_encoding",
            Self::MissingField => "missing_field",
            Self::BadTime => "bad_time",
            Self::OutsideMonth => "outside_month",
            Self::NoTariff => "no_tariff",
            Self::UnknownWord => "unknown_word",
            Self::BadCase => "bad_case",
            Self::BadPayer => "bad_payer",
            Self::UnknownProduct => "unknown_product",
            Self::UnknownCurrency => "unknown_currency",
            Self::BadQuantity => "bad_quantity",
            Self::BadTierCount => "bad_tier_count",
            Self::TierCountMissing => "tier_count_missing",
            Self::TooLarge => "too_large",
            Self::Refused => "refused",
            Self::Repeated => "repeated",
            Self::Conflict => "conflict",
            Self::UnknownPosting => "unknown_posting",
            Self::NotACredit => "not_a_credit",
            Self::BeyondCredit => "beyond_credit",
            Self::BadShare => "bad_share",
        }
    }

    /// Whether the row is wrong; else it was understood, and rightly has no price here.
    pub fn is_bad_data(self) -> bool {
        !matches!(self, Self::OutsideMonth | Self::Refused | Self::Repeated)
    }
}

/// A row without a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why, for programs.
    pub code: Code,
    /// What is wrong and what is expected, for people.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Most characters of a value that a message shows.
const SHOWN: usize = 80;

/// A value as messages show it: not too long, on one line.
pub fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let mut shown: String = text.chars().take(SHOWN).map(|char| if char.is_control() { ' ' } else { char }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
