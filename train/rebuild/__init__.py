"""Builds the training set anew from Project Gutenberg, with our captions."""
