"""Entry of `engrave` and `python -m engrave`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from engrave import cli
from engrave.serve import command as serve


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, the page among its commands; return the exit code."""
    return cli.main(argv, serve=serve)


if __name__ == "__main__":
    sys.exit(main())
