"""Machine captions as suggestions that a person edits, accepts or rejects. Knows no widgets."""
