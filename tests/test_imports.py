"""Imports point one way, stand in the lists of requirements, and nothing leaks round a corner."""

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYER = {
    "engrave": 0, "errors": 0, "marks": 0, "places": 0, "whole": 0, "progress": 0, "recipe": 0,
    "turns": 0,
    "answers": 1, "access": 1, "lettering": 1, "terminal": 1, "config": 1, "limits": 1,
    "image": 2, "manifest": 2, "tokenizer": 2,
    "model": 3, "recipe_file": 3, "sources": 3,
    "checkpoint": 4,
    "calibration": 1, "review_options": 1, "words": 1, "judging": 6, "review": 8,
    "collection": 5, "video": 5, "studio": 5, "vectors": 5,
    "making": 6, "sleeper": 6, "shelf": 6, "originals": 6, "walks": 6, "walk_options": 6,
    "make_options": 2,
    "engine": 7,
    "arguments": 8, "bench": 8, "morph": 8, "make": 8,
    "cli": 9, "ui": 9,
    "serve": 10,
    "__main__": 11,
    "app": 12,
}  # fmt: skip
OPEN_TO_TRAIN = {
    "calibration", "words",
    "engrave", "errors", "config", "image", "places", "whole", "tokenizer", "model", "checkpoint",
    "collection", "marks", "originals", "progress",
}  # fmt: skip
OUTSIDE = {  # which units may import what, where not all may
    "gradio": {"ui", "app"},
    "starlette": {"ui", "app"},
    "onnxruntime": {"model"},
    "torch": {"tokenizer", "model", "checkpoint", "studio", "bench", "train"},
}
OPTIONAL = {"spaces"}  # what only some have, imported where its absence is met
PACKAGE = {  # by import
    "PIL": "pillow", "umap": "umap-learn", "gradio_client": "gradio",
    "sklearn": "scikit-learn", "fpdf": "fpdf2", "fontTools": "fonttools",
}  # fmt: skip


def modules_in(source: str) -> Iterator[str]:
    """Yield the dotted name of all that a source imports, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from (f"{start}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            first = node.args[0]
            if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield str(first.value)


def unit_of(dotted: str) -> str:
    """Return the part of the tree a module belongs to: `engrave.model.text` -> `model`."""
    first, *rest = dotted.split(".")
    if first != "engrave":
        return first
    return rest[0] if rest and rest[0] in LAYER else "engrave"  # else a name in engrave/__init__


def leaks(path: str, source: str) -> list[str]:
    """Return a sentence for each import that a file at that path may not have."""
    here = unit_of(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    found = []
    for dotted in modules_in(source):
        there = unit_of(dotted)
        if dotted.startswith("."):
            found.append(f"{path} imports {dotted}: write the whole name.")
        elif there in OUTSIDE and here not in OUTSIDE[there]:
            found.append(f"{path} imports {dotted}: only {sorted(OUTSIDE[there])} may.")
        elif there == "train" and here != "train":
            found.append(f"{path} imports {dotted}: nothing but train uses train.")
        elif here == "train" and there in LAYER and there not in OPEN_TO_TRAIN:
            found.append(f"{path} imports {dotted}: train stands left of the engine.")
        elif here in LAYER and there in LAYER and here != there and LAYER[there] >= LAYER[here]:
            found.append(f"{path} imports {dotted}: {there} does not stand left of {here}.")
    return found


def sources() -> list[Path]:
    return [ROOT / "app.py", *(ROOT / "engrave").rglob("*.py"), *(ROOT / "train").rglob("*.py")]


def test_imports_point_one_way() -> None:
    found = [
        leak
        for path in sources()
        for leak in leaks(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_unit_has_a_layer() -> None:
    units = {path.stem for path in (ROOT / "engrave").iterdir() if path.suffix == ".py"}
    units |= {path.parent.name for path in (ROOT / "engrave").glob("*/__init__.py")}
    assert units - {"__init__"} - set(LAYER) == set()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("engrave/model/text.py", "from engrave.checkpoint import from_pretrained"),
        ("engrave/model/text.py", "def f():\n    from engrave.engine import Engine"),
        ("engrave/image.py", "from engrave import engine"),
        ("engrave/image.py", "from engrave import tokenizer"),
        ("engrave/image.py", "import importlib\nimportlib.import_module('engrave.ui.page')"),
        ("engrave/image.py", "import engrave.ui.page as page"),
        ("engrave/engine.py", "if TYPE_CHECKING:\n    from engrave.ui import page"),
        ("engrave/cli.py", "from engrave.ui.page import build_page"),
        ("engrave/ui/page.py", "from train.evaluate import table"),
        ("engrave/ui/page.py", "def f():\n    import torch"),
        ("engrave/ui/page.py", "from ..engine import Engine"),
        ("engrave/engine.py", "import gradio as gr"),
        ("engrave/collection/table.py", "from torch import Tensor"),
        ("train/loop.py", "from engrave.engine import Engine"),
        ("train/loop.py", "try:\n    from engrave import ui\nexcept ImportError: pass"),
        ("train/stages/base.py", "from engrave.studio import Studio"),
        ("app.py", "__import__('train.loop')"),
    ],
)
def test_planted_leaks_are_caught(path: str, source: str) -> None:
    assert len(leaks(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("engrave/model/text.py", "from engrave.model.sphere import SCALE\nimport torch"),
        ("engrave/engine.py", "from engrave import limits\nfrom engrave.studio import Studio"),
        ("engrave/ui/page.py", "import gradio as gr\nfrom engrave.ui import caption"),
        ("train/publish.py", "from engrave.collection import Collection\nfrom train import views"),
        ("app.py", "from engrave.ui.page import build_page"),
    ],
)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    assert leaks(path, source) == []


def pins(name: str) -> dict[str, str]:
    """Return package -> version of a list of requirements, each an exact pin."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    return {re.sub(r"\[.*", "", name): version for name, version in (x.split("==") for x in listed)}


def packages(paths: list[Path]) -> set[str]:
    """Return the packages from elsewhere that sources import."""
    firsts = {
        dotted.split(".")[0]
        for path in paths
        for dotted in modules_in(path.read_text(encoding="utf-8"))
    }
    outside = firsts - set(sys.stdlib_module_names) - {"engrave", "train", "tests", "app"}
    return {PACKAGE.get(first, first).replace("_", "-") for first in outside}


def test_all_that_is_imported_is_required() -> None:
    parts = ("", "-train", "-dev", "-ocr", "-ray")
    run, train, dev, ocr, ray = (pins(f"requirements{part}.txt") for part in parts)
    app = [path for path in sources() if ROOT / "train" not in path.parents]
    assert packages(app) - {*run, *ocr, *ray} - OPTIONAL == set()
    assert packages(sources()) - {*run, *train, *ocr, *ray} - OPTIONAL == set()
    assert packages(list((ROOT / "tests").rglob("*.py"))) - {*run, *train, *dev} == set()


def test_what_is_required_is_installed() -> None:
    for part in ("", "-train", "-ocr", "-dev"):
        for package, version in pins(f"requirements{part}.txt").items():
            installed = re.sub(r"\+.*", "", importlib.metadata.version(package))  # 2.14.1+cpu
            assert installed == version, package
