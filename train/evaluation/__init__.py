"""Measures one model on one split: a file for each kind of figure."""
