"""Reads IIIF: manifests and Collections of the Presentation API, versions 2 and 3."""

from engrave.sources.iiif.source import MAX_PAGE_BYTES, Iiif, read_page

__all__ = ["MAX_PAGE_BYTES", "Iiif", "read_page"]
