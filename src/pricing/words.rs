//! The closed vocabularies of tariff files and orders: each word is one variant, and one list of the words
//! serves the loader, its suggestions, the editor's schema and the wire.

/// A closed vocabulary: an enumeration whose variants are words.
macro_rules! vocabulary {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$inner])* $variant),+
        }

        impl $name {
            /// All words, in the order of their variants.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// All variants.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// What a word stands for that is not known to be UTF-8.
            #[inline]
            pub fn of_bytes(word: &[u8]) -> Option<Self> {
                $(if word == $word.as_bytes() { return Some(Self::$variant); })+
                None
            }

            /// What a word stands for.
            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

vocabulary!(
    /// Where a statement of a tariff comes from, the strongest first.
    Strength {
        /// The programme's own documents.
        Seed = "seed",
        /// Published elsewhere.
        Public = "public",
        /// Computed from what is stated.
        Derived = "derived",
        /// A reading: likely, but not stated.
        Assumed = "assumed",
        /// Invented, to show the form.
        Sample = "sample",
    }
);

vocabulary!(
    /// How a fraction of the smallest unit becomes a whole one.
    RoundingMode {
        /// To the nearer; the middle goes away from zero.
        HalfUp = "half_up",
        /// To the nearer; the middle goes to the even neighbour.
        HalfEven = "half_even",
        /// Towards zero.
        Down = "down",
    }
);

vocabulary!(
    /// When amounts are rounded.
    RoundingPoint {
        /// After every step.
        Step = "step",
        /// Once, after the last step.
        End = "end",
    }
);

vocabulary!(
    /// A step from the list price to the preferential price.
    Operation {
        /// Unit price times quantity.
        List = "list",
        /// What the partner's status is worth: a rate of the family, or a price of the product.
        PartnerDiscount = "partner_discount",
        /// What the quantity is worth.
        QuantityTier = "quantity_tier",
    }
);

vocabulary!(
    /// How a tier's bands apply to a line.
    TierMode {
        /// The band of the count applies to the whole line.
        Volume = "volume",
        /// Each place of the scale has the rate of its own band.
        Graduated = "graduated",
    }
);

vocabulary!(
    /// What a tier counts.
    CountedItems {
        /// What is ordered now.
        Ordered = "ordered",
        /// What runs already, with what is ordered now.
        Active = "active",
    }
);

vocabulary!(
    /// Over what a tier counts.
    CountedPer {
        /// One order.
        Order = "order",
        /// All of a client.
        Client = "client",
        /// All clients of a partner.
        Partner = "partner",
    }
);

vocabulary!(
    /// How much a partner may do for the client of an order.
    Access {
        /// There is no active partnership, or the partner is not active.
        None = "none",
        /// A partner orders for itself.
        Own = "own",
        /// The partner manages some products.
        Limited = "limited",
        /// The partner manages the whole account.
        Full = "full",
    }
);

vocabulary!(
    /// One of the two sides: whose payment method is charged, or whose a payment mode names.
    Side {
        /// The client.
        Client = "client",
        /// The partner.
        Partner = "partner",
    }
);

vocabulary!(
    /// Who places an order.
    PlacedBy {
        /// The client itself.
        Client = "client",
        /// The partner for the client.
        Partner = "partner",
        /// Nobody: a product renews itself.
        Renewal = "renewal",
    }
);

vocabulary!(
    /// Whether the partner manages the product of a line.
    Managed {
        /// It does.
        Yes = "yes",
        /// It does not.
        No = "no",
        /// The product does not exist yet.
        New = "new",
    }
);

vocabulary!(
    /// What comes of a line.
    Outcome {
        /// Nobody has an advantage: list price.
        None = "none",
        /// The payer is charged the preferential price.
        Discount = "discount",
        /// The payer is charged the list price, the partner is credited the difference.
        Cashback = "cashback",
        /// No rule says what the line costs: it is not priced.
        Refused = "refused",
    }
);

vocabulary!(
    /// Whether a line starts something or goes on with it.
    Kind {
        /// Something new.
        Order = "order",
        /// One more period of something that runs.
        Renewal = "renewal",
    }
);

vocabulary!(
    /// Which tax an order bears.
    Treatment {
        /// Swiss VAT.
        SwissVat = "swiss_vat",
        /// None: a company in the EU with a VAT number owes it itself.
        EuReverseCharge = "eu_reverse_charge",
        /// The VAT of a country of the EU.
        EuVat = "eu_vat",
        /// None is computed: a country that is neither Switzerland's nor the EU's.
        Outside = "outside",
        /// Nobody can say: a country or a day of which nothing is known.
        Unknown = "unknown",
    }
);

/// Longest word that is compared: the time of a comparison grows with both lengths, and callers choose one of them.
const COMPARED: usize = 64;

/// The known word nearest to a misspelt one, if any is near.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > COMPARED {
        return None;
    }
    let distance = |known: &&str| strsim::damerau_levenshtein(word, known);
    let nearest = known.into_iter().filter(|known| known.len() <= COMPARED).min_by_key(distance)?;
    (distance(&nearest) <= 1 + word.chars().count() / 4).then_some(nearest)
}
