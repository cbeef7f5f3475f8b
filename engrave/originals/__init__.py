"""Scans of a collection's engravings: where they are had, whether each is the right one, and where
they are kept. Knows no model and no page."""
