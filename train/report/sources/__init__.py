"""Readers of logs: JSON lines, CSV, event files, offline runs, databases."""
