"""Embeds a source with Ray Data: one process reads, several with a model each look at pictures.

Without $RAY_ADDRESS a cluster of this machine's cores is started and ended. All machines of a
cluster must see the source, $ENGRAVE_HOME and this package under the same paths.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from engrave.errors import CollectionError
from engrave.progress import Progress, tell
from engrave.shelf.intake import Plate, bytes_of, plate_of
from engrave.shelf.staged import staged_table
from engrave.sources import Entry, open_source

if TYPE_CHECKING:
    from engrave.shelf.importer import Reader

READ_AT_ONCE = 64  # pictures in one piece of what is read, 16 MB of them at most
PIECE_BYTES = 16 * 2**20
BATCH = 16
BLOCK_BYTES = 2 * 2**20  # that go to one worker, and about what one file on the stage holds
STORE_BYTES = 256 * 2**20  # for what lies between the processes of this machine
POLL_S = 0.5
PIECE = pa.schema(
    [
        ("key", pa.string()),
        ("data", pa.large_binary()),
        ("reason", pa.string()),
        ("told", pa.bool_()),  # whether the source has a caption of its own
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What the workers shall do."""

    source: str  # as `open_source` takes it
    known: frozenset[str]  # keys that need no reading
    stage: Path
    load: Callable[[], Reader]
    captions: bool
    workers: int


def check_ray() -> None:
    """Raise CollectionError where Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise CollectionError(
            "The engine 'ray' needs the package ray, which is not installed; "
            "run pip install -r requirements-ray.txt, or import without --engine."
        )


def embed_all(errand: Errand, count: int | None, progress: Progress | None) -> None:
    """Read and embed what is not known yet, into Parquet files on the stage.

    What was written stays, however it ends. Raises CollectionError where the cluster fails, and
    what the listener raises.
    """
    check_ray()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            _run(errand)
        except BaseException as error:
            failed.append(error)

    with _cluster(errand.workers):
        thread = Thread(target=work, name="ray-data", daemon=True)
        thread.start()
        while thread.is_alive():
            _tell(errand, count, progress)
            thread.join(POLL_S)
    if failed:
        said = str(failed[0]).strip().splitlines() or [repr(failed[0])]
        raise CollectionError(
            f"The cluster could not read the pictures ({said[-1][:200]}); what it read is kept, "
            "run the same command again to go on."
        ) from failed[0]


class Eye:
    """One worker: a model that is loaded once and looks at batch after batch."""

    def __init__(self, load: Callable[[], Reader], captions: bool) -> None:
        self.reader, self.captions = load(), captions

    def __call__(self, piece: pa.Table) -> pa.Table:
        side_px = self.reader.config.side_px
        plates = [_plate(row, side_px) for row in piece.to_pylist()]
        squares = [plate.square for plate in plates if plate.square is not None]
        if not squares:
            return staged_table(plates, [], np.zeros((0, 1)), np.zeros((0, 1)))
        latents = self.reader.encode_batch(squares)
        told = piece["told"].to_pylist()
        read = [one for one, plate in zip(told, plates, strict=True) if not plate.reason]
        return staged_table(plates, self._words(latents, read), latents, self.reader.embed(latents))

    def _words(self, latents_NL: np.ndarray, told: Sequence[bool]) -> list[str]:
        """Describe what the source says nothing of, where that is wished for."""
        words = [""] * len(told)
        rows = [row for row, one in enumerate(told) if not one]
        if self.captions and rows:
            for row, caption in zip(rows, self.reader.captions(latents_NL[rows]), strict=True):
                words[row] = caption
        return words


def pieces(source: str, known: frozenset[str]) -> Iterator[pa.Table]:
    """Yield what is not known of a source, encoded pictures as they lie there."""
    rows: list[dict[str, Any]] = []
    size = 0
    for entry in open_source(source).entries():
        if entry.key in known:
            continue
        data, reason = bytes_of(entry)
        told = bool(entry.caption.strip())
        rows.append({"key": entry.key, "data": data, "reason": reason, "told": told})
        size += len(data)
        if len(rows) == READ_AT_ONCE or size >= PIECE_BYTES:
            yield pa.Table.from_pylist(rows, schema=PIECE)
            rows, size = [], 0
    if rows:
        yield pa.Table.from_pylist(rows, schema=PIECE)


def _plate(row: dict[str, Any], side_px: int) -> Plate:
    data = row["data"]
    entry = Entry(key=row["key"], read=lambda: data)
    if row["reason"]:
        return Plate(entry=entry, reason=row["reason"])
    return plate_of(entry, data, side_px)


def _run(errand: Errand) -> None:
    import ray.data
    from ray.data import ActorPoolStrategy, DataContext, Datasource
    from ray.data.block import BlockMetadata
    from ray.data.datasource import ReadTask

    source, known = errand.source, errand.known

    class Pieces(Datasource):
        """The source as one stream: hosts are asked by one process only."""

        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[ReadTask]:
            facts = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None)
            return [ReadTask(lambda: pieces(source, known), facts, schema=PIECE)]

    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = BLOCK_BYTES
    found = ray.data.read_datasource(Pieces(), override_num_blocks=1)
    seen = found.map_batches(
        Eye,
        fn_constructor_args=(errand.load, errand.captions),
        batch_format="pyarrow",
        batch_size=BATCH,
        compute=ActorPoolStrategy(size=errand.workers),
        num_cpus=1,
    )
    seen.write_parquet(str(errand.stage))


@contextmanager
def _cluster(workers: int) -> Iterator[None]:
    """Join the cluster that $RAY_ADDRESS names, else start one here; nothing is reported home."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    given = {name: text for name, text in os.environ.items() if name.startswith("ENGRAVE_")}
    root = str(Path(__file__).resolve().parents[2])
    settings: dict[str, Any] = {
        "runtime_env": {"env_vars": given | {"PYTHONPATH": root}},
        "log_to_driver": False,
        "logging_level": logging.ERROR,
    }
    if not os.environ.get("RAY_ADDRESS"):
        # two more than work: the one who reads, and the one who writes
        settings |= {"num_cpus": workers + 2, "object_store_memory": STORE_BYTES}
        settings |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    ray.init(**settings)
    try:
        yield
    finally:
        ray.shutdown()


def _tell(errand: Errand, count: int | None, progress: Progress | None) -> None:
    files = len(list(errand.stage.rglob("*.parquet")))
    of = f" of {count:,} pictures" if count else ""
    tell(progress, 0.0, f"{errand.workers} workers read{of}; {files:,} files are written")
