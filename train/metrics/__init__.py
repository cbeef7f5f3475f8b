"""Figures of how good captions, pictures and search are; each a function of arrays."""
