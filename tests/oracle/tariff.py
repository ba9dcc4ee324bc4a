"""The meaning of a tariff, once more: its versions, its benefits and its prices. Read `Version.price` first."""

import hashlib
import itertools
import math
import re
import sys
import tomllib
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

MOST_ITEMS = 1_000_000
# Every question that the benefits must answer: a payment mode exists with full access only.
TERMS = [("none", "-"), ("own", "-"), ("limited", "-"), ("full", "client"), ("full", "partner")]
WORDS = [("client", "partner", "renewal"), ("client", "partner"), ("yes", "no", "new")]
QUESTIONS = [(*terms, *words) for terms in TERMS for words in itertools.product(*WORDS)]


class Unpriced(Exception):
    """A row without a price; its text is the code for refused.csv."""


@dataclass(frozen=True)
class Price:
    outcome: str
    list: Decimal
    preferential: Decimal
    charged: Decimal
    cashback: Decimal

    def amounts(self):
        return [self.list, self.preferential, self.charged, self.cashback]


@dataclass(frozen=True)
class Line:
    """One row of the orders, its words and numbers checked."""
    row: int
    order_id: str
    line_id: str
    day: date               # local, in the tariff's time zone
    partner: str
    question: tuple         # access, payment mode, placed by, payer, managed
    product: str
    quantity: int
    tier_count: int | None  # none: to be counted from the order's lines
    currency: str
    event: str


def rounded(value: Fraction, unit: Fraction, mode: str) -> Fraction:
    """The multiple of `unit` that the mode takes for a value, which is never negative here."""
    parts = value / unit
    below = math.floor(parts)
    rest = parts - below
    if mode == "half_up":
        up = rest >= Fraction(1, 2)
    elif mode == "half_even":
        up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and below % 2 == 1)
    elif mode == "down":
        up = False
    else:
        sys.exit(f"unknown rounding mode `{mode}`")
    return (below + up) * unit


def decimal_of(value: Fraction, scale: int) -> Decimal:
    """A whole number of minor units as a decimal with the currency's digits; anything else is a mistake of ours."""
    minor = value * 10**scale
    assert minor.denominator == 1, f"{value} has more than {scale} decimals"
    return Decimal(minor.numerator).scaleb(-scale)


class Version:
    """One file: a version of the tariff and the prices it gives."""

    def __init__(self, path: Path, content: dict, digest: str):
        self.content = content
        self.id, self.number, self.sha256 = content["id"], content["version"], digest
        self.corrects = content.get("corrects")
        self.start, self.end = content["effective_from"], content.get("effective_until")
        self.benefits = self.answers(path)

    def answers(self, path: Path) -> dict:
        """The outcome of each question: the benefits are unique and complete."""
        answers = {}
        for question in QUESTIONS:
            rows = [row for row in self.content["benefits"]["rows"] if matches(row, question)]
            if len(rows) != 1:
                sys.exit(f"{path}: {len(rows)} benefit rows answer {question}, not one")
            answers[question] = rows[0]["outcome"]
        return answers

    def product(self, name: str) -> dict:
        if name not in self.content["product"]:
            raise Unpriced("unknown_product")
        return self.content["product"][name]

    def family(self, product: str) -> dict:
        return self.content["family"][self.product(product)["family"]]

    def period(self, line: Line) -> str:
        """The month of the line for products billed by the month or longer, else its day."""
        return f"{line.day:%Y-%m}" if re.search("[YM]", self.product(line.product)["period"]) else f"{line.day}"

    def scale(self, currency: str) -> int:
        if currency not in self.content["currency"]:
            raise Unpriced("unknown_currency")
        return self.content["currency"][currency]["scale"]

    def outcome(self, line: Line) -> str:
        if line.question not in self.benefits:
            are_words = all(word in words for word, words in zip(line.question, [*zip(*TERMS), *WORDS]))
            raise Unpriced("bad_case" if are_words else "unknown_word")
        return self.benefits[line.question]

    def price(self, line: Line, counts: dict) -> Price | None:
        """What the line costs; none where the benefits refuse it."""
        product, scale = self.product(line.product), self.scale(line.currency)
        if line.currency not in product["list"]:
            raise Unpriced("unknown_currency")
        listed = Fraction(product["list"][line.currency]) * line.quantity
        outcome = self.outcome(line)
        if outcome == "refused":
            return None
        preferential = listed if outcome == "none" else self.preferential(line, listed, counts)
        charged = listed if outcome == "cashback" else preferential
        amounts = (listed, preferential, charged, max(Fraction(0), charged - preferential))
        return Price(outcome, *(decimal_of(amount, scale) for amount in amounts))

    def has_price(self, line: Line) -> bool:
        """Whether the line has a price once the items of its order are counted; if not, why may be raised."""
        tier = self.family(line.product).get("tier")
        if line.tier_count is None and tier and is_counted_on_order(self.content["tier"][tier]):
            line = replace(line, tier_count=line.quantity)  # any count will do
        return self.price(line, {}) is not None

    def preferential(self, line: Line, listed: Fraction, counts: dict) -> Fraction:
        """The steps on the running amount, in the tariff's order."""
        pricing, currency = self.content["pricing"], self.content["currency"][line.currency]
        mode, minor = pricing["rounding"]["mode"], Fraction(1, 10 ** currency["scale"])
        running = listed
        for step in pricing["steps"]:
            if step == "list":
                continue
            running *= self.factor(step, line, counts)
            if pricing["rounding"]["at"] == "step":
                running = rounded(running, minor, mode)
        increment = Fraction(currency.get("payable_increment", minor))
        return rounded(running, max(increment, minor), mode)

    def factor(self, step: str, line: Line, counts: dict) -> Fraction:
        family = self.family(line.product)
        if step == "partner_discount":
            return self.partner_factor(line, family)
        if step == "quantity_tier":
            tier = self.content["tier"][family["tier"]] if "tier" in family else None
            return self.tier_factor(line, tier, counts) if tier else Fraction(1)
        sys.exit(f"unknown step `{step}`")

    def partner_factor(self, line: Line, family: dict) -> Fraction:
        product = self.product(line.product)
        own, listed = product.get("preferential", {}).get(line.currency), product["list"][line.currency]
        if own is not None and listed != 0:
            return Fraction(own) / Fraction(listed)
        return 1 - Fraction(family.get("partner_discount", 0))

    def tier_factor(self, line: Line, tier: dict, counts: dict) -> Fraction:
        count = self.tier_count(line, tier, counts)
        if tier["mode"] == "volume":
            return 1 - rate(tier, count)
        # Graduated: the line's items take the last places of the count, each with the rate of its own band.
        places = range(count - line.quantity + 1, count + 1)
        return 1 - sum(rate * items for rate, items in places_by_rate(tier, places)) / line.quantity

    def tier_count(self, line: Line, tier: dict, counts: dict) -> int:
        count = line.tier_count
        if count is None:
            if not is_counted_on_order(tier):
                raise Unpriced("tier_count_missing")
            count = sum(counts.get((line.order_id, family), 0) for family in tier["count"]["of"])
        if not line.quantity <= count <= MOST_ITEMS:
            raise Unpriced("bad_tier_count")
        return count


def is_counted_on_order(tier: dict) -> bool:
    return tier["count"]["items"] == "ordered" and tier["count"]["per"] == "order"


def matches(row: dict, question: tuple) -> bool:
    def holds(asked, given):
        return asked == "*" or (given in asked if isinstance(asked, list) else given == asked)
    columns = ("access", "payment", "by", "payer", "managed")
    return all(holds(row[column], given) for column, given in zip(columns, question))


def rate(tier: dict, count: int) -> Fraction:
    """The rate of the last band that starts at the count or before."""
    return Fraction([band["rate"] for band in tier["bands"] if band["from"] <= count][-1])


def places_by_rate(tier: dict, places: range):
    """Each band's rate, with how many of the places lie in the band."""
    starts = [band["from"] for band in tier["bands"]] + [MOST_ITEMS + 1]
    for band, (start, until) in zip(tier["bands"], itertools.pairwise(starts)):
        yield Fraction(band["rate"]), max(0, min(until, places.stop) - max(start, places.start))


class Tariffs:
    """All versions of the one tariff of a directory."""

    def __init__(self, directory: Path):
        versions = list(filter(None, map(version, sorted(directory.glob("*.toml")))))
        corrected = {version.corrects for version in versions}
        self.versions = [version for version in versions if version.number not in corrected]
        ids, zones = {v.id for v in versions}, {v.content["timezone"] for v in versions}
        if len(ids) != 1 or len(zones) != 1:
            sys.exit(f"{directory}: one tariff in one time zone is needed, found {sorted(ids)} in {sorted(zones)}")
        self.zone = ZoneInfo(zones.pop())

    def in_force(self, day: date) -> Version:
        found = [v for v in self.versions if v.start <= day and (v.end is None or day < v.end)]
        if len(found) != 1:
            raise Unpriced("no_tariff")
        return found[0]


def version(path: Path) -> Version | None:
    bytes_ = path.read_bytes()
    content = tomllib.loads(bytes_.decode(), parse_float=Decimal)
    return Version(path, content, hashlib.sha256(bytes_).hexdigest()) if content.get("schema") == "tariff/1" else None
