"""A model that is read when it is first needed, so that a page can be shown before."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from engrave.manifest import Manifest

if TYPE_CHECKING:  # torch takes seconds to import
    from engrave.model.multimodal import MultimodalModel
    from engrave.studio import Studio


class Sleeper:
    """Knows sizes and facts of a model at once, and its studio on demand."""

    def __init__(self, model: MultimodalModel | Manifest) -> None:
        self.config, self.facts = model.config, model.facts
        self._model = model
        self._lock = Lock()
        self._awake: Studio | None = None

    def studio(self) -> Studio:
        """Return the studio, the same for all who ask; raises CheckpointError where weights are
        damaged."""
        with self._lock:
            if self._awake is None:
                self._awake = self._wake()
            return self._awake

    def _wake(self) -> Studio:
        from engrave.checkpoint import from_pretrained
        from engrave.studio import Studio

        model = self._model
        return Studio(from_pretrained(model.folder) if isinstance(model, Manifest) else model)
