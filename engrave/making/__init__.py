"""Makes pictures by recipes and judges them; knows a model's studio and a collection, no page."""

from engrave.making.maker import Maker

__all__ = ["Maker"]
