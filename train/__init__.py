"""Trains, measures and publishes the model. Uses the model and its checkpoints; knows no engine
and no page."""
