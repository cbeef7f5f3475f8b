"""Engrave: a small multimodal model of historic engravings, and a demo around it."""
