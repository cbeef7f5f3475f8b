"""Reads the texts of IIIF in both versions: language maps, values with a language, HTML in them."""

from __future__ import annotations

import html
import re
from typing import Any

from engrave.limits import one_line

LANGUAGE = "en"  # of our page
NO_LANGUAGE = ("none", "@none", "")
MAX_TEXT = 5_000  # characters
MAX_VALUES = 50
TAG = re.compile(r"<[^<>]{0,500}>")


def text_of(value: Any) -> str:
    """Return a label or value as one line: in the page's language, else in none, else in the
    first."""
    return "; ".join(dict.fromkeys(_best(_by_language(value))))


def pairs_of(metadata: Any) -> dict[str, str]:
    """Return the pairs of label and value that a resource carries."""
    pairs: dict[str, str] = {}
    for pair in metadata[: 4 * MAX_VALUES] if isinstance(metadata, list) else []:
        if isinstance(pair, dict):
            label, value = text_of(pair.get("label")).rstrip(": "), text_of(pair.get("value"))
            if label and value:
                pairs.setdefault(label, value)
    return pairs


def _by_language(value: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in value[:MAX_VALUES] if isinstance(value, list) else [value]:
        if isinstance(one, dict) and "@value" in one:
            language = str(one.get("@language") or "").lower()
            found.setdefault(language, []).extend(_plain(one["@value"]))
        elif isinstance(one, dict):
            for language, texts in list(one.items())[:MAX_VALUES]:
                for text in texts[:MAX_VALUES] if isinstance(texts, list) else [texts]:
                    found.setdefault(str(language).lower(), []).extend(_plain(text))
        else:
            found.setdefault("", []).extend(_plain(one))
    return found


def _best(found: dict[str, list[str]]) -> list[str]:
    def rank(language: str) -> int:
        if language == LANGUAGE or language.startswith(f"{LANGUAGE}-"):
            return 0
        return 1 if language in NO_LANGUAGE else 2

    filled = [language for language, texts in found.items() if any(texts)]
    return found[min(filled, key=rank)] if filled else []


def _plain(text: Any) -> list[str]:
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return []
    bare = html.unescape(TAG.sub(" ", str(text)[:MAX_TEXT]))
    line = one_line(bare)
    return [line] if line else []
