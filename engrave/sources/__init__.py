"""Reads pictures from where they lie: folders, ZIPs, tables, Parquet, IIIF. Knows no model."""

from engrave.sources.addresses import allowed_hosts
from engrave.sources.entry import Entry, Source, Unread
from engrave.sources.opening import open_source

__all__ = ["Entry", "Source", "Unread", "allowed_hosts", "open_source"]
