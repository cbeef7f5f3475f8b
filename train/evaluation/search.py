"""Figures of search between pictures and their own captions.

Shapes: N pictures, E width of the embedding.
"""

from __future__ import annotations

from engrave.model.multimodal import MultimodalModel
from train.evaluation.captions import read_all
from train.evaluation.sheet import Sheet
from train.evaluation.subject import Held
from train.metrics.retrieval import ranks

PLACES = (1, 5, 10)


def measure_search(sheet: Sheet, model: MultimodalModel, held: Held, prefix: str = "") -> None:
    """Enter recall at 1, 5 and 10 both ways, the number of candidates, and what chance gives."""
    seen, read = model.embed(held.z), read_all(model, held.captions)
    for name, found in (("t2i", ranks(read, seen)), ("i2t", ranks(seen, read))):
        for k in PLACES:
            sheet.mean(f"{prefix}{name}_r{k}", (found < k).double())
    sheet.put(f"{prefix}candidates", len(held))
    for k in () if prefix else PLACES:
        sheet.put(f"chance_r{k}", min(1.0, k / len(held)))
