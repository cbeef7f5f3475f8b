"""Where files lie that come with the code. Knows paths, and nothing of what is in them."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
# a wheel carries fonts and plotly.js inside of the package, and neither weights nor a collection
ASSETS = HERE / "assets" if (HERE / "assets").is_dir() else HERE.parent / "assets"
FONTS = ASSETS / "fonts"
GRAPHS = HERE / "graphs"
PLOTLY = ASSETS / "vendor" / "plotly-gl2d.min.js"


def folder_of(name: str) -> Path | None:
    """Return where $ENGRAVE_MODEL or $ENGRAVE_COLLECTION points, else what lies in assets/."""
    asked = os.environ.get(f"ENGRAVE_{name.upper()}")
    shipped = ASSETS / name
    return Path(asked) if asked else shipped if shipped.exists() else None
