"""Writes reviewed texts for use elsewhere, and reads them back. Knows no pages and no models."""
