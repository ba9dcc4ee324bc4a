#!/usr/bin/env python3
"""Whether two programs made the same statement: `compare.py DIR_A DIR_B`, exit code 1 where they differ.

Both postings.csv are sorted by their first column, the posting's id, and walked side by side: files of any size in
little memory. A pair of postings is compared as text in every column. `differing cents` counts the postings whose
amount, list or preferential price differ; the second line counts every other kind of difference. A field with a
quoted line break would be torn apart by the sorting and be reported as a difference.
"""

import csv
import itertools
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

AMOUNTS = {"amount", "list", "preferential"}
ID_DIGITS = 32
SHOWN = 10


@contextmanager
def sorted_lines(path: Path):
    """The lines below the header in the order of their bytes."""
    tail = subprocess.Popen(["tail", "-n", "+2", path], stdout=subprocess.PIPE)
    sort = subprocess.Popen(["sort", "-S", "256M"], stdin=tail.stdout, stdout=subprocess.PIPE, text=True,
                            encoding="utf-8", env={**os.environ, "LC_ALL": "C"})
    tail.stdout.close()
    yield sort.stdout
    if sort.wait() or tail.wait():
        sys.exit(f"{path} could not be sorted")


def paired(ours, theirs):
    """Lines of the same posting side by side; None where one file has no such posting."""
    our, their = next(ours, None), next(theirs, None)
    while our is not None or their is not None:
        our_id, their_id = (None if line is None else line[:ID_DIGITS] for line in (our, their))
        if our_id == their_id:
            yield our, their
            our, their = next(ours, None), next(theirs, None)
        elif their_id is None or (our_id is not None and our_id < their_id):
            yield our, None
            our = next(ours, None)
        else:
            yield None, their
            their = next(theirs, None)


class Postings:
    """What the comparison of two postings.csv found."""

    def __init__(self, ours: Path, theirs: Path):
        self.counts = [0, 0]
        self.cents = self.one_sided = self.other = 0
        self.columns = header(ours)
        if self.columns != header(theirs):
            sys.exit(f"{ours} and {theirs} have different columns")
        with sorted_lines(ours) as our_lines, sorted_lines(theirs) as their_lines:
            for pair in paired(our_lines, their_lines):
                self.count(*pair)

    def count(self, our, their):
        self.counts[0] += our is not None
        self.counts[1] += their is not None
        if our == their:
            return
        if self.cents + self.one_sided + self.other < SHOWN:
            print(f"A {our or '-'}".rstrip(), f"B {their or '-'}".rstrip(), sep="\n")
        if our is None or their is None:
            self.one_sided += 1
        elif AMOUNTS & self.differing(our, their):
            self.cents += 1
        else:
            self.other += 1

    def differing(self, our: str, their: str) -> set:
        fields = zip(self.columns, *csv.reader([our, their]))
        return {column for column, mine, yours in fields if mine != yours}


def header(path: Path) -> list:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file), [])


def totals_differing(ours: Path, theirs: Path) -> int:
    """How many lines of the totals differ; they have an order, so that they are compared one by one."""
    differing = 0
    with ours.open(encoding="utf-8") as our_file, theirs.open(encoding="utf-8") as their_file:
        for our, their in itertools.zip_longest(our_file, their_file):
            if our != their:
                differing += 1
                if differing <= SHOWN:
                    print(f"A {our or '-'}".rstrip(), f"B {their or '-'}".rstrip(), sep="\n")
    return differing


def main() -> int:
    if len(sys.argv) != 3:
        sys.exit("usage: compare.py DIR_A DIR_B")
    ours, theirs = map(Path, sys.argv[1:])
    postings = Postings(ours / "postings.csv", theirs / "postings.csv")
    totals = totals_differing(ours / "totals.csv", theirs / "totals.csv")
    print(f"postings {'/'.join(map(str, postings.counts))}, differing cents {postings.cents}")
    print(f"postings on one side only {postings.one_sided}, other columns {postings.other}, lines of totals {totals}")
    return 1 if postings.cents or postings.one_sided or postings.other or totals else 0


if __name__ == "__main__":
    sys.exit(main())
