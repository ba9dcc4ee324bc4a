#!/usr/bin/env python3
"""The statement of a month by DuckDB: what `mandat statement` is measured against.

    duckdb.py ORDERS.csv TARIFF_DIR --month YYYY-MM --out DIR [--threads N]      (needs `pip install duckdb`)

It reads the same orders and the same tariff files and writes postings.csv, totals.csv and refused.csv with the same
content. Amounts are DECIMAL, places of a graduated tier are counted in integers; nothing is ever a DOUBLE.

1. One pass over the CSV, with all threads, prices every row into a table in memory. Columns have their types, words
   are enums, and so product and benefit are looked up by an integer: that was the fastest of the ways tried.
2. Keys that occur twice are looked for; only if there are some, the rows of those keys are compared.
3. The three files are written from the table; the order of postings.csv is whatever the threads give.

What it leaves out, and mandat does: messages; rows with unreadable numbers, moments or words stop the run instead of
being refused one by one; `tier_count` must be given; quoted line breaks shift the row numbers of refused.csv; of a
tariff, only rounding half up after each step to a scale that all currencies share. Those tariffs it cannot follow
stop the run.
"""

import argparse
import hashlib
import itertools
import sys
import time
import tomllib
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

# This file has the name of the module it needs: its own directory must not be searched.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
import duckdb  # noqa: E402

ACCESS, PAYMENT, BY = ["none", "own", "limited", "full"], ["-", "client", "partner"], ["client", "partner", "renewal"]
PAYER, MANAGED, KIND = ["client", "partner"], ["yes", "no", "new"], ["order", "renewal"]
NONE, DISCOUNT, CASHBACK, REFUSED = range(4)
OUTCOMES = {"none": NONE, "discount": DISCOUNT, "cashback": CASHBACK, "refused": REFUSED}
QUESTION = ("access", "payment", "by", "payer", "managed")
REFUSALS = ["outside_month", "unpriced", "refused", "repeated", "conflict"]
MOST_ITEMS = 1_000_000


class Version:
    """A file of the tariff."""

    def __init__(self, path: Path):
        content = path.read_bytes()
        self.file = tomllib.loads(content.decode(), parse_float=Decimal)
        self.sha256 = hashlib.sha256(content).hexdigest()

    def covers(self, first: date, until: date) -> bool:
        end = self.file.get("effective_until")
        return self.file["effective_from"] < until and (end is None or first < end)

    def outcome(self, *question: str) -> int:
        found = [row["outcome"] for row in self.file["benefits"]["rows"]
                 if all(matches(row[column], given) for column, given in zip(QUESTION, question))]
        if len(found) != 1:
            sys.exit(f"{len(found)} benefits answer {' '.join(question)}")
        return OUTCOMES[found[0]]


class Price(NamedTuple):
    """What a price list and a family say of a product in a currency."""
    unit: Decimal
    own_unit: Decimal | None  # a preferential price that takes the place of the family's rate
    partner_factor: Decimal
    tier: int                 # 1 and up; 0 is none
    is_daily: bool


class Tariff:
    """The versions that are in force within the month, as tables and expressions of SQL."""

    def __init__(self, directory: Path, month: str):
        year, number = map(int, month.split("-"))
        self.month, self.first = month, date(year, number, 1)
        self.until = date(year + number // 12, number % 12 + 1, 1)
        versions = [version for path in sorted(directory.glob("*.toml"))
                    if (version := Version(path)).file.get("schema") == "tariff/1"]
        corrected = {version.file.get("corrects") for version in versions}
        self.versions = [version for version in versions
                         if version.file["version"] not in corrected and version.covers(self.first, self.until)]
        if not self.versions:
            sys.exit(f"no tariff in {directory} is in force in {month}")
        files = [version.file for version in self.versions]
        self.zone = files[0]["timezone"]
        self.currencies = sorted({currency for file in files for currency in file["currency"]})
        self.products = sorted({product for file in files for product in file["product"]})
        self.scale = files[0]["currency"][self.currencies[0]]["scale"]
        self.check()
        self.tiers = [(index, name) for index, file in enumerate(files) for name in file.get("tier", {})]

    def check(self):
        for file in (version.file for version in self.versions):
            minor = Decimal(1).scaleb(-self.scale)
            for name, currency in file["currency"].items():
                if currency["scale"] != self.scale or currency.get("payable_increment", minor) > minor:
                    sys.exit(f"currency {name}: only a common scale, paid to the minor unit, is implemented here")
            rounding, steps = file["pricing"]["rounding"], file["pricing"]["steps"]
            if (rounding["mode"], rounding["at"]) != ("half_up", "step") or file["timezone"] != self.zone:
                sys.exit("only rounding half up after each step, in one time zone, is implemented here")
            if steps not in (["list", "partner_discount", "quantity_tier"], ["list", "partner_discount"]):
                sys.exit("only the steps list, partner_discount, quantity_tier are implemented here")

    def midnight(self, day: date) -> str:
        local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone))
        return f"TIMESTAMPTZ '{local.isoformat(sep=' ')}'"

    def version(self) -> str:
        """The index of the version in force; NULL where there is none."""
        if len(self.versions) == 1 and self.versions[0].file["effective_from"] <= self.first \
                and (self.versions[0].file.get("effective_until") or self.until) >= self.until:
            return "0"
        cases = []
        for index, version in enumerate(self.versions):
            from_ = f"ordered_at >= {self.midnight(version.file['effective_from'])}"
            end = version.file.get("effective_until")
            cases.append(f"WHEN {from_}{f' AND ordered_at < {self.midnight(end)}' if end else ''} THEN {index}")
        return f"CASE {' '.join(cases)} END"

    def prices(self) -> list:
        """For each version, product and currency what the list says: Price, or None where there is no price."""
        return [self.price(v, version, product, currency) for (v, version), product, currency in
                itertools.product(enumerate(self.versions), self.products, self.currencies)]

    def price(self, v: int, version: Version, name: str, currency: str):
        product = version.file["product"].get(name)
        if product is None or currency not in product["list"]:
            return None
        family, unit = version.file["family"][product["family"]], Decimal(product["list"][currency])
        own = product.get("preferential", {}).get(currency) if unit else None
        tier = self.tiers.index((v, family["tier"])) + 1 if "tier" in family and self.has_tiers(version) else 0
        return Price(unit, None if own is None else Decimal(own), 1 - Decimal(family.get("partner_discount", 0)), tier,
                     not set("YM") & set(product["period"]))

    @staticmethod
    def has_tiers(version: Version) -> bool:
        return "quantity_tier" in version.file["pricing"]["steps"]

    def price_key(self) -> str:
        return f"(version * {len(self.products)} + enum_code(product)) * {len(self.currencies)} + enum_code(currency)"

    def benefits(self) -> list:
        """The outcome for each version and each combination of words; None where they do not go together."""
        return [None if (access == "full") == (mode == "-") else version.outcome(access, mode, by, payer, managed)
                for version, access, mode, by, payer, managed in
                itertools.product(self.versions, ACCESS, PAYMENT, BY, PAYER, MANAGED)]

    @staticmethod
    def benefit_key() -> str:
        return ("(((version * 4 + enum_code(access)) * 3 + enum_code(payment_mode)) * 3 + enum_code(placed_by)) * 6"
                " + payer * 3 + enum_code(managed)")

    def after_tier(self, amount: str) -> str:
        """The amount after the line's tier, rounded."""
        volume = [index for index, tier in enumerate(self.tiers) if self.tier(tier)["mode"] == "volume"]
        expression = amount
        if volume:
            rates = [1 - Decimal(band["rate"]) for index in volume for band in self.bands(self.tiers[index])]
            bands = " ".join(f"WHEN {index + 1} THEN {self.volume(self.tiers[index])}" for index in volume)
            expression = f"round({amount} * (CASE tier {bands} ELSE 1 END)::{decimal([*rates, 1])}, {self.scale})"
        graduated = [f"WHEN {index + 1} THEN {self.graduated(tier, amount)}"
                     for index, tier in enumerate(self.tiers) if index not in volume]
        return f"CASE tier {' '.join(graduated)} ELSE {expression} END" if graduated else expression

    def tier(self, tier: tuple) -> dict:
        return self.versions[tier[0]].file["tier"][tier[1]]

    def bands(self, tier: tuple) -> list:
        return self.tier(tier)["bands"]

    def volume(self, tier: tuple) -> str:
        cases = [f"WHEN tier_count >= {band['from']} THEN {1 - Decimal(band['rate'])}"
                 for band in reversed(self.bands(tier))]
        return f"CASE {' '.join(cases)} END"

    def graduated(self, tier: tuple, amount: str) -> str:
        """The mean over the line's places in integers: minor units times what is left of each item's price."""
        bands = self.bands(tier)
        digits = max(decimals(Decimal(band["rate"])) for band in bands)
        starts = [band["from"] for band in bands] + [MOST_ITEMS + 1]
        left = " + ".join(
            f"{int((1 - Decimal(band['rate'])).scaleb(digits))}"
            f" * greatest(0, least({until}, tier_count + 1) - greatest({start}, tier_count - quantity + 1))::HUGEINT"
            for band, (start, until) in zip(bands, itertools.pairwise(starts)))
        minor, whole = f"({amount} * {10**self.scale})::HUGEINT", f"{10**digits} * quantity::HUGEINT"
        rounded = f"(2 * {minor} * ({left}) + {whole}) // (2 * {whole})"
        return f"({rounded})::DECIMAL(18,0) * {Decimal(1).scaleb(-self.scale)}"


def matches(asked, given: str) -> bool:
    return given in asked if isinstance(asked, list) else asked in ("*", given)


def decimals(value: Decimal) -> int:
    return max(0, -value.normalize().as_tuple().exponent)


def decimal(values: list, scale: int = 0) -> str:
    """The narrowest DECIMAL for the values: products of narrow ones stay in 64 bits."""
    scale = max([scale, *(decimals(Decimal(value)) for value in values)])
    return f"DECIMAL({len(str(int(max(values)))) + scale},{scale})"


def looked_up(key: str, values: list, kind: str) -> str:
    """The value at the place of a key. A list keeps the rows' order and their batches; a join would do neither."""
    return f"(CAST([{', '.join('NULL' if value is None else str(value) for value in values)}] AS {kind}[]))[{key} + 1]"


def quoted(text) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def price_orders(con, tariff: Tariff, orders: Path) -> str:
    """Step 1: the table `priced`, its rowid the place of the row in the file; returns the SQL of a row's period."""
    prices = tariff.prices()
    listed = [price for price in prices if price]
    unit = decimal([price.unit for price in listed] + [price.own_unit or 0 for price in listed], tariff.scale)
    amount = f"DECIMAL({int(unit[8:-1].split(',')[0]) + 6},{tariff.scale})"
    factor = decimal([price.partner_factor for price in listed])
    is_daily = any(price.is_daily for price in listed)

    def of_price(name: str, kind: str) -> str:
        return looked_up("price_key", [price and getattr(price, name) for price in prices], kind)

    day = f"CASE WHEN {of_price('is_daily', 'BOOLEAN')} THEN ordered_at::DATE END AS day," if is_daily else ""
    con.execute("SET preserve_insertion_order = true")
    con.execute(f"""
        CREATE TABLE priced AS
        WITH read AS (
            SELECT order_id, line_id, client, partner, product, access, placed_by,
                   coalesce(payment_mode, '-'::{enum(PAYMENT)}) AS payment_mode,
                   CASE WHEN payer = 'client' THEN 0 WHEN payer = 'partner' THEN 1
                        WHEN payer = client THEN 0 WHEN payer = partner THEN 1 END AS payer,
                   managed, quantity, tier_count, currency, coalesce(kind, 'order'::{enum(KIND)}) AS kind,
                   {tariff.version()} AS version, ordered_at, ordered_at >= {tariff.midnight(tariff.first)}
                               AND ordered_at < {tariff.midnight(tariff.until)} AS in_month
            FROM {csv_of(orders, tariff)}
        ), keyed AS (
            SELECT *, {tariff.price_key()} AS price_key, {tariff.benefit_key()} AS benefit_key FROM read
        ), listed AS (
            SELECT *, ({of_price("unit", unit)} * quantity::DECIMAL(7,0))::{amount} AS list,
                   {looked_up("benefit_key", tariff.benefits(), "UTINYINT")} AS outcome,
                   {of_price("own_unit", unit)} AS own_unit, {of_price("tier", "UTINYINT")} AS tier
            FROM keyed
        ), discounted AS (
            SELECT *, CASE WHEN own_unit IS NULL THEN round(list * {of_price("partner_factor", factor)}, {tariff.scale})
                           ELSE own_unit * quantity::DECIMAL(7,0) END::{amount} AS discounted
            FROM listed
        )
        SELECT order_id, line_id, kind, partner, currency, quantity, version::UTINYINT AS version,
               {day} list,
               CASE WHEN outcome = {NONE} THEN list
                    ELSE ({tariff.after_tier("discounted")})::{amount} END AS preferential,
               CASE WHEN NOT in_month THEN 'outside_month'
                    WHEN outcome IS NULL OR list IS NULL OR order_id IS NULL OR line_id IS NULL OR ordered_at IS NULL
                         OR client IS NULL OR (partner IS NULL AND access <> 'none')
                         OR quantity NOT BETWEEN 1 AND {MOST_ITEMS}
                         OR tier_count IS NULL OR tier_count NOT BETWEEN quantity AND {MOST_ITEMS} THEN 'unpriced'
                    WHEN outcome = {REFUSED} THEN 'refused' END::{enum(REFUSALS)} AS code,
               outcome
        FROM discounted""")
    return f"coalesce(day::VARCHAR, {quoted(tariff.month)})" if is_daily else quoted(tariff.month)


def enum(words: list) -> str:
    return f"ENUM({', '.join(map(quoted, words))})"


def csv_of(orders: Path, tariff: Tariff) -> str:
    columns = {
        "order_id": "VARCHAR", "line_id": "VARCHAR", "ordered_at": "TIMESTAMPTZ", "client": "VARCHAR",
        "partner": "VARCHAR", "access": enum(ACCESS), "payment_mode": enum(PAYMENT), "placed_by": enum(BY),
        "payer": "VARCHAR", "managed": enum(MANAGED), "product": enum(tariff.products), "quantity": "INTEGER",
        "tier_count": "INTEGER", "currency": enum(tariff.currencies), "kind": enum(KIND)}
    with orders.open(encoding="utf-8") as file:
        header = file.readline().rstrip("\r\n").split(",")
    types = ", ".join(f"{quoted(name)}: {quoted(columns[name])}" for name in header)
    return (f"read_csv({quoted(orders)}, header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
            f"columns = {{{types}}})")


def find_repetitions(con, period: str):
    """Step 2: of the rows of one key, those after the first are marked; there is nothing to do in most files."""
    con.execute(f"""
        CREATE TABLE twice AS
        SELECT order_id, line_id, {period} AS period, kind FROM priced WHERE code IS NULL
        GROUP BY ALL HAVING count(*) > 1""")
    if con.execute("SELECT count(*) FROM twice").fetchone()[0] == 0:
        return
    con.execute(f"""
        WITH keyed AS (SELECT rowid AS place, *, {period} AS period FROM priced WHERE code IS NULL),
        again AS (
            SELECT place, row_number() OVER key > 1 AS is_later,
                   (currency, list, preferential, outcome)
                       = first_value((currency, list, preferential, outcome)) OVER key AS is_same
            FROM keyed JOIN twice USING (order_id, line_id, period, kind)
            WINDOW key AS (PARTITION BY order_id, line_id, period, kind ORDER BY place))
        UPDATE priced SET code = CASE WHEN is_same THEN 'repeated' ELSE 'conflict' END
        FROM again WHERE priced.rowid = place AND is_later""")


def write(con, tariff: Tariff, period: str, out: Path):
    """Step 3. An amount is a cashback only if it is above zero; an empty field is NULL here."""
    con.execute("SET preserve_insertion_order = false")
    of_version = {key: case_of_version([value(version) for version in tariff.versions]) for key, value in {
        "id": lambda version: quoted(version.file["id"]), "number": lambda version: version.file["version"],
        "sha256": lambda version: quoted(version.sha256)}.items()}
    key = f"concat(order_id, chr(31), line_id, chr(31), {period}, chr(31), kind)"
    con.execute(f"""
        COPY (SELECT left(sha256({key}), 32) AS posting_id, kind AS event, partner, order_id, line_id,
                     {period} AS period, currency, list - preferential AS amount, list, preferential,
                     {of_version["id"]} AS tariff, {of_version["number"]} AS version, {of_version["sha256"]} AS sha256,
                     NULL AS reverses, quantity, NULL AS share
              FROM priced WHERE code IS NULL AND outcome = {CASHBACK} AND preferential < list)
        TO {quoted(out / "postings.csv")} (FORMAT csv, HEADER)""")
    cashback = f"CASE WHEN outcome = {CASHBACK} THEN greatest(list - preferential, 0) ELSE 0 END"
    con.execute(f"""
        COPY (SELECT partner, currency, count(*) AS lines, sum(list) AS list,
                     sum(CASE WHEN outcome = {DISCOUNT} THEN preferential ELSE list END) AS charged,
                     sum(({cashback})::DECIMAL(18,{tariff.scale})) AS cashback
              FROM priced WHERE code IS NULL GROUP BY partner, currency
              ORDER BY partner NULLS FIRST, currency::VARCHAR)
        TO {quoted(out / "totals.csv")} (FORMAT csv, HEADER)""")
    con.execute(f"""
        COPY (SELECT rowid + 2 AS row, order_id, line_id, code, NULL AS message
              FROM priced WHERE code IS NOT NULL ORDER BY row)
        TO {quoted(out / "refused.csv")} (FORMAT csv, HEADER)""")


def case_of_version(values: list) -> str:
    if len(set(values)) == 1:
        return str(values[0])
    return f"CASE version {' '.join(f'WHEN {index} THEN {value}' for index, value in enumerate(values))} END"


def main():
    parser = argparse.ArgumentParser(description="the statement of a month by DuckDB")
    parser.add_argument("orders", type=Path)
    parser.add_argument("tariffs", type=Path, help="directory of *.toml files; those of another schema are skipped")
    parser.add_argument("--month", required=True, help="YYYY-MM")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, help="all, if left out")
    parser.add_argument("--times", action="store_true", help="print the seconds of each step")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tariff = Tariff(options.tariffs, options.month)
    con = duckdb.connect(config={"threads": options.threads} if options.threads else {})
    con.execute(f"SET TimeZone = {quoted(tariff.zone)}")
    times = [time.monotonic()]
    period = price_orders(con, tariff, options.orders)
    times.append(time.monotonic())
    find_repetitions(con, period)
    times.append(time.monotonic())
    write(con, tariff, period, options.out)
    times.append(time.monotonic())
    if options.times:
        for step, (start, end) in zip(("read and price", "repetitions", "write"), itertools.pairwise(times)):
            print(f"{step:15} {end - start:6.2f} s")


if __name__ == "__main__":
    main()
