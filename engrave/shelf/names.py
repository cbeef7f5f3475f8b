"""Says what an own collection may be called. Knows no files."""

from __future__ import annotations

import re
import unicodedata

from engrave.errors import CollectionError

LONGEST = 60
NAME = re.compile(rf"[a-z0-9](?:[a-z0-9_-]{{0,{LONGEST - 2}}}[a-z0-9])?")


def checked_name(name: object) -> str:
    """Return a name that is safe as a folder's; raises CollectionError with one that would do."""
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    shown = repr(str(name)[:LONGEST])
    raise CollectionError(
        f"The name {shown} cannot name a collection; use up to {LONGEST} lower-case letters, "
        f"digits and hyphens, for example '{name_from(str(name))}'."
    )


def name_from(text: str) -> str:
    """Return a fitting name that resembles a text."""
    plain = unicodedata.normalize("NFKD", text[: 4 * LONGEST].lower())
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    return "-".join(words)[:LONGEST].strip("-") or "my-engravings"
