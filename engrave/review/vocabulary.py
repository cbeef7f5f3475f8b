"""The curator's own words: terms and what shall stand for them, read from a CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from engrave.errors import ReviewError
from engrave.sources import tables

Terms = tuple[tuple[str, str], ...]  # found, preferred
TOO_LONG = f"The vocabulary {tables.TOO_LONG}; each line needs a term and the preferred one."
MAX_TERMS = 5000
HEADINGS = {"term", "found", "word", "variant", "from"}
VOWELS = "aeiou"


def read_terms(data: bytes) -> Terms:
    """Return the first two columns of a CSV, a line of headings left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReviewError("The vocabulary is not UTF-8; save the table as CSV UTF-8.") from error
    try:
        dialect = csv.Sniffer().sniff(text[:2000], delimiters=",;\t")
    except csv.Error:  # one column, or nothing
        dialect = csv.excel
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), dialect)]
    except csv.Error as error:
        raise ReviewError(TOO_LONG) from error
    if any(len(cell) > tables.MAX_CELL for row in rows for cell in row):
        raise ReviewError(TOO_LONG)
    rows = [row for row in rows if any(row)]
    if rows and rows[0][0].lower() in HEADINGS:
        rows = rows[1:]
    wrong = next((row for row in rows if len(row) < 2 or not row[0] or not row[1]), None)
    if wrong is not None or not rows:
        seen = f"the line '{','.join(wrong)[:60]}'" if wrong else "no line"
        raise ReviewError(
            f"The vocabulary has {seen}; each line needs a term and the preferred one, "
            "for example boat,vessel."
        )
    if len(rows) > MAX_TERMS:
        raise ReviewError(f"The vocabulary has {len(rows):,} terms; at most {MAX_TERMS:,} fit.")
    return tuple((row[0], row[1]) for row in rows)


def apply_terms(text: str, terms: Sequence[tuple[str, str]]) -> tuple[str, Terms]:
    """Return the text with preferred terms, and what was replaced in the order of the text."""
    preferred = {found.lower(): wanted for found, wanted in terms}
    if not preferred:
        return text, ()
    longest_first = sorted(preferred, key=len, reverse=True)
    choices = "|".join(re.escape(found) for found in longest_first)
    pattern = re.compile(rf"(?<!\w)(?:(an?)(\s+))?({choices})(?!\w)", re.IGNORECASE)
    changes: list[tuple[str, str]] = []

    def replaced(match: re.Match[str]) -> str:
        wanted = preferred[match[3].lower()]
        if match[3][0].isupper():
            wanted = wanted[0].upper() + wanted[1:]
        article = ""
        if match[1]:
            longer = "n" if wanted[0].lower() in VOWELS else ""
            article = match[1][0] + longer + match[2]
        if article + wanted != match[0]:
            changes.append((match[0], article + wanted))
        return article + wanted

    return pattern.sub(replaced, text), tuple(changes)
