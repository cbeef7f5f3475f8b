"""Own collections: imports, versions, edits, and what survives a crash."""
