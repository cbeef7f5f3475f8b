"""The training report: what a run really did, from anybody's log. Knows nothing of models."""
