"""A collection on disk: items, vectors, map and thumbnails. Knows no model."""

from engrave.collection.collection import Collection, Label
from engrave.collection.table import Item

__all__ = ["Collection", "Item", "Label"]
