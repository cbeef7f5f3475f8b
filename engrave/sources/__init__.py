"""Reads pictures from where they lie: folders, ZIPs, tables. Knows no model and no collection."""

from engrave.sources.entry import Entry, Source, Unread
from engrave.sources.opening import open_source

__all__ = ["Entry", "Source", "Unread", "open_source"]
