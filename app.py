"""Serves the page as `engrave serve` does: what a Space and `make demo` start."""

import sys

from engrave.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["serve"]))
