"""Walks through several engravings: recipe, pace, the way itself, and what is made of it."""

from engrave.walks.recipe import Keyframe, Recipe

__all__ = ["Keyframe", "Recipe"]
