"""An import by two workers gives what the plain one gives, and goes on where it was."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.errors import CollectionError
from engrave.shelf import cluster
from engrave.shelf.cluster import Eye, pieces
from engrave.shelf.importer import Importer
from engrave.shelf.shelf import Shelf
from engrave.shelf.staged import Staged, stage_of
from engrave.sources import open_source
from engrave.studio import Studio
from tests.woken import woken_model

ROOT = Path(__file__).resolve().parents[2]
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="Ray is not installed: pip install -r requirements-ray.txt",
)


def stage_half(stage: Path, prints: Path, reader: Studio) -> Path:
    """Leave what a killed cluster leaves: the dark half, and a file without its end."""
    stage.mkdir(parents=True)
    (piece,) = pieces(str(prints / "dark"), frozenset())
    keys = [f"dark/{key}" for key in piece["key"].to_pylist()]
    rows = Eye(lambda: reader, captions=False)(piece).set_column(0, "key", [keys])
    widths = [7_000 + row for row in range(len(rows))]  # a mark that no second reading would make
    rows = rows.set_column(rows.schema.get_field_index("width"), "width", [widths])
    pq.write_table(rows, stage / "one.parquet")
    whole = (stage / "one.parquet").read_bytes()
    (stage / "two.parquet").write_bytes(whole[: len(whole) // 2])
    return stage


def test_a_file_without_its_end_is_read_again(prints: Path, reader: Studio, tmp_path: Path) -> None:
    stage = stage_half(tmp_path / "stage", prints, reader)
    staged = Staged(stage)
    assert len(staged) == 12 and [path.name for path in stage.iterdir()] == ["one.parquet"]
    row = staged.row("dark/hill-left.png")
    assert (
        row is not None and row["reason"] == "" and len(row["latent"]) == reader.config.latent_width
    )
    assert staged.row("light/hill-left.png") is None
    staged.clear()
    assert len(Staged(stage)) == 0


def test_only_what_is_not_known_is_read(prints: Path) -> None:
    (prints / "words.jpg").write_text("no picture")
    known = frozenset(f"dark/{path.name}" for path in (prints / "dark").iterdir())
    (piece,) = pieces(str(prints), known)
    assert piece["key"].to_pylist()[-1] == "words.jpg" and len(piece) == 13


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CollectionError, match=r"pip install -r requirements-ray\.txt"):
        cluster.check_ray()


@needs_ray
def test_two_workers_give_the_same_vectors_and_do_nothing_twice(
    shelf: Shelf, prints: Path, tmp_path: Path
) -> None:
    save_pretrained(woken_model(), tmp_path / "model", {"version": "woken-1"})
    model = Studio(from_pretrained(tmp_path / "model"))  # in half precision, as the workers load it
    (prints / "words.jpg").write_text("no picture")
    plain = Importer(shelf, model).run(open_source(prints), "plain", origin=str(prints))
    shelf.make("mine", "woken-1", model.config.latent_width, model.config.embedding_width)
    stage = stage_half(stage_of(shelf.path("mine"), str(prints.resolve())), prints, model)
    command = [sys.executable, "-m", "engrave", "import", str(prints), "--name", "mine"]
    done = subprocess.run(
        [*command, "--engine", "ray", "--workers", "2", "--simple-map", "--json"],
        cwd=ROOT,
        env=os.environ | {"ENGRAVE_MODEL": str(tmp_path / "model")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1, done.stderr  # one could not be read
    assert done.stdout, done.stderr
    page = json.loads(done.stdout)
    assert (page["added"], page["pictures"]) == (24, 24) == (plain.added, plain.pictures)
    assert [tuple(one.values()) for one in page["unread"]] == list(plain.unread)
    one, other = shelf.open("plain"), shelf.open("mine")
    assert [item.id for item in one.items] == [item.id for item in other.items]
    # the column of latents keeps half precision, and a batch of another size rounds otherwise
    assert np.abs(one.latents - other.latents).max() < 1e-3
    assert np.abs(one.embeddings - other.embeddings).max() < 1e-3
    assert (one.embeddings * other.embeddings).sum(axis=1).min() > 0.9999
    widths = [row["width"] for row in other._store.rows(["width"]).to_pylist()]
    assert widths[:12] == list(range(7_000, 7_012)) and max(widths[12:]) < 200
    assert not stage.exists()
