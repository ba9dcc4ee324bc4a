#!/usr/bin/env python3
"""The prices of order lines a second time, to compare the engine with: Python's standard library, no code shared.

Mia's order line asks for 35 web hostings; `Tariffs.in_force` finds the version of the tariff for its local date,
`Version.outcome` the row of the benefits that answers it, and `Version.price` walks the steps: 347.20 on the list,
277.76 after the partner discount, 208.32 after the tier. Numbers between the steps are fractions, so that nothing
is rounded except where the tariff says so; amounts are decimals. `tariff.py` says what a tariff means, this file
reads orders and writes what they come to.

    pricing.py prices TARIFF_DIR ORDERS.csv              what every row costs, as CSV on standard output
    pricing.py compare TARIFF_DIR ORDERS.csv PRICES.csv  the same beside another program's CSV of that form
    pricing.py statement TARIFF_DIR ORDERS.csv --month YYYY-MM --out DIR

Written to be checked by reading, not to be fast: some 15,000 rows a second.
"""

import argparse
import csv
import hashlib
import itertools
import re
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

sys.dont_write_bytecode = True  # a checkout stays as it was
from tariff import MOST_ITEMS, Line, Price, Tariffs, Unpriced  # noqa: E402

COLUMNS = ("order_id line_id ordered_at client partner access payment_mode placed_by payer managed product quantity "
           "tier_count currency kind").split()
PRICES_HEADER = ["row", "outcome", "list", "preferential", "charged", "cashback"]
POSTINGS_HEADER = ("posting_id event partner order_id line_id period currency amount list preferential tariff version "
                   "sha256 reverses quantity share").split()


class Orders:
    """The lines of a CSV of orders."""

    def __init__(self, path: Path, tariffs: Tariffs, month: str | None = None):
        self.path, self.tariffs, self.month = path, tariffs, month
        is_count_left_out = any(fields and not fields["tier_count"] for _, fields in self.rows())
        self.counts = self.counted() if is_count_left_out else {}

    def rows(self):
        """The rows of the file, each with the number of the line it starts on."""
        with self.path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader)
            missing = set(COLUMNS) - set(header)
            if missing:
                sys.exit(f"{self.path}: no column {', '.join(sorted(missing))}")
            start = reader.line_num + 1
            for values in reader:
                if values:
                    # In a row of another width it is anyone's guess which field is which.
                    yield start, dict(zip(header, values)) if len(values) == len(header) else None
                start = reader.line_num + 1

    def counted(self) -> dict:
        """Items by order and family, over the lines that have a price, of the month if there is one; a line that
        stands there twice counts by its first row."""
        counts, seen = {}, set()
        for row, fields in self.rows():
            try:
                line = self.line(row, fields)
                version = self.tariffs.in_force(line.day)
                if not self.holds(line.day) or not version.has_price(line):
                    continue
                key = (line.order_id, version.product(line.product)["family"])
                identity = (line.order_id, line.line_id, version.period(line), line.event)
            except Unpriced:
                continue
            if identity in seen:
                continue
            seen.add(identity)
            counts[key] = counts.get(key, 0) + line.quantity
        return counts

    def holds(self, day: date) -> bool:
        return self.month is None or f"{day:%Y-%m}" == self.month

    def line(self, row: int, fields: dict | None) -> Line:
        if fields is None:
            raise Unpriced("wrong_fields")
        needed = ["order_id", "line_id", "client"] + (["partner"] if fields["access"] != "none" else [])
        if not all(fields[column] for column in needed):
            raise Unpriced("missing_field")
        if re.search("[\x00-\x1f\x7f]", fields["order_id"] + fields["line_id"]):
            raise Unpriced("bad_encoding")  # \x1f would make one id of two
        event = fields["kind"] or "order"
        if event not in ("order", "renewal"):
            raise Unpriced("unknown_word")
        terms = (fields["access"], fields["payment_mode"] or "-")
        question = (*terms, fields["placed_by"], payer(fields), fields["managed"])
        quantity = number(fields["quantity"], 1, "bad_quantity")
        tier_count = number(fields["tier_count"], quantity, "bad_tier_count") if fields["tier_count"] else None
        return Line(row, fields["order_id"], fields["line_id"], self.local_day(fields["ordered_at"]), fields["partner"],
                    question, fields["product"], quantity, tier_count, fields["currency"], event)

    def local_day(self, text: str) -> date:
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                return date.fromisoformat(text)
            if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", text):
                return datetime.fromisoformat(text.upper()).astimezone(self.tariffs.zone).date()
        except (ValueError, OverflowError):
            pass
        raise Unpriced("bad_time")


def payer(fields: dict) -> str:
    """The payer is named by its part, or by the id that stands in the row's client or partner."""
    named = fields["payer"]
    if named in ("client", "partner"):
        return named
    for part in ("client", "partner"):
        if named and named == fields[part]:
            return part
    raise Unpriced("bad_payer")


def number(text: str, least: int, code: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= MOST_ITEMS:
        raise Unpriced(code)
    return int(text)


def prices(orders: Orders):
    """The rows of the CSV of prices."""
    for row, fields in orders.rows():
        try:
            line = orders.line(row, fields)
            price = orders.tariffs.in_force(line.day).price(line, orders.counts)
        except Unpriced:
            yield [str(row), "error", "", "", "", ""]
            continue
        if price is None:
            yield [str(row), "refused", "", "", "", ""]
        else:
            yield [str(row), price.outcome, *map(str, price.amounts())]


def compare(orders: Orders, others: Path) -> int:
    compared = differences = 0
    with others.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if next(reader, None) != PRICES_HEADER:
            sys.exit(f"{others}: the header is not {','.join(PRICES_HEADER)}")
        for ours, theirs in itertools.zip_longest(prices(orders), reader):
            compared += 1
            if ours != theirs:
                differences += 1
                if differences <= 10:
                    print(f"oracle {','.join(ours or ['-'])}   other {','.join(theirs or ['-'])}")
    print(f"{compared} orders, {differences} differences")
    return 1 if differences else 0


class Statement:
    """The postings, totals and refused rows of a month."""

    def __init__(self, orders: Orders):
        self.orders = orders
        self.seen = {}      # posting id: what its first row came to
        self.totals = {}    # (partner, currency): lines, list, charged, cashback
        self.is_clean = True

    def posting(self, row: int, fields: dict | None) -> list | None:
        """The row's posting, if it has one; what keeps it out of the statement is raised."""
        line = self.orders.line(row, fields)
        if not self.orders.holds(line.day):
            raise Unpriced("outside_month")
        version = self.orders.tariffs.in_force(line.day)
        price = version.price(line, self.orders.counts)
        if price is None:
            raise Unpriced("refused")
        period = version.period(line)
        key = "\x1f".join((line.order_id, line.line_id, period, line.event))
        posting_id = hashlib.sha256(key.encode()).hexdigest()[:32]
        amounts = (line.partner, line.currency, *price.amounts())
        if posting_id in self.seen:
            raise Unpriced("repeated" if self.seen[posting_id] == amounts else "conflict")
        self.seen[posting_id] = amounts
        self.count(line, price)
        if price.cashback == 0:
            return None
        return [posting_id, line.event, line.partner, line.order_id, line.line_id, period, line.currency,
                price.cashback, price.list, price.preferential, version.id, version.number, version.sha256, "",
                line.quantity, ""]

    def count(self, line: Line, price: Price):
        zero = (0, Decimal(0), Decimal(0), Decimal(0))
        added = (1, price.list, price.charged, price.cashback)
        key = (line.partner, line.currency)
        self.totals[key] = tuple(map(sum, zip(self.totals.get(key, zero), added)))

    def write(self, out: Path):
        out.mkdir(parents=True, exist_ok=True)
        with open_csv(out / "postings.csv") as postings, open_csv(out / "refused.csv") as refused:
            write_row(postings, POSTINGS_HEADER)
            write_row(refused, ["row", "order_id", "line_id", "code", "message"])
            for row, fields in self.orders.rows():
                try:
                    posting = self.posting(row, fields)
                except Unpriced as left_out:
                    self.is_clean &= str(left_out) in ("refused", "outside_month", "repeated")
                    ids = [fields["order_id"], fields["line_id"]] if fields else ["", ""]
                    write_row(refused, [row, *ids, left_out, ""])
                else:
                    if posting:
                        write_row(postings, posting)
        with open_csv(out / "totals.csv") as totals:
            write_row(totals, ["partner", "currency", "lines", "list", "charged", "cashback"])
            for key in sorted(self.totals, key=lambda key: [part.encode() for part in key]):
                write_row(totals, [*key, *self.totals[key]])


def open_csv(path: Path):
    return path.open("w", encoding="utf-8", newline="")


def write_row(file, values):
    """A field is quoted only where it must be; `csv.writer` would also quote a lone empty one and not a bare CR."""
    def field(text):
        return '"' + text.replace('"', '""') + '"' if re.search('[,"\r\n]', text) else text
    file.write(",".join(field(str(value)) for value in values) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="prices order lines by a tariff, apart from the engine")
    parser.add_argument("verb", choices=["prices", "compare", "statement"])
    parser.add_argument("tariffs", type=Path, help="directory of *.toml files; those of another schema are skipped")
    parser.add_argument("orders", type=Path)
    parser.add_argument("prices", type=Path, nargs="?", help="for compare: prices made by another program")
    parser.add_argument("--month", help="for statement: YYYY-MM")
    parser.add_argument("--out", type=Path, help="for statement: the directory to write into")
    options = parser.parse_args()
    is_statement = options.verb == "statement"
    orders = Orders(options.orders, Tariffs(options.tariffs), options.month if is_statement else None)
    if options.verb == "prices":
        write_row(sys.stdout, PRICES_HEADER)
        for row in prices(orders):
            write_row(sys.stdout, row)
        return 0
    if options.verb == "compare":
        if not options.prices:
            parser.error("compare needs PRICES.csv")
        return compare(orders, options.prices)
    if not options.month or not options.out:
        parser.error("statement needs --month and --out")
    statement = Statement(orders)
    statement.write(options.out)
    return 0 if statement.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
