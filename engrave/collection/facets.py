"""Turns the facets of a collection into the small files that colour its map."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

MOST_NAMES = 255  # a code is one byte
OTHER = "other"
UNKNOWN = "unknown"


def decade(year: int) -> str:
    """Name the decade of a year: 1843 is '1840s'; 0 is unknown."""
    return f"{year // 10 * 10}s" if year else UNKNOWN


def encode_facet(values: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return names, most frequent first (decades in order), and one code (uint8) for each value."""
    filled = [value or UNKNOWN for value in values]
    counts = Counter(filled)
    names = sorted(counts, key=lambda name: (-counts[name], name))
    if all(name == UNKNOWN or name.removesuffix("s").isdigit() for name in names):
        names.sort()
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], OTHER]
    codes = {name: code for code, name in enumerate(names)}
    last = len(names) - 1
    return names, np.array([codes.get(value, last) for value in filled], dtype=np.uint8)


def write_map(folder: Path, xy_N2: np.ndarray, facets: Mapping[str, Sequence[str]]) -> None:
    """Write places (<f4), codes (uint8) of each facet, and map-facets.json with their names."""
    (folder / "map-xy.bin").write_bytes(np.ascontiguousarray(xy_N2, dtype="<f4").tobytes())
    page = {}
    for number, (name, values) in enumerate(facets.items()):
        names, codes = encode_facet(values)
        file = f"map-facet-{number}.bin"  # a facet is named by whoever made the table: "Ort/Zeit"
        (folder / file).write_bytes(codes.tobytes())
        page[name] = {"names": names, "codes": file}
    text = json.dumps(page, ensure_ascii=False, indent=1)
    (folder / "map-facets.json").write_text(text + "\n", encoding="utf-8")
