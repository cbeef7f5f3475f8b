"""What many tests share: a folder of drawings, and a model of preset smoke that was really trained
on them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# else threads that wait spin, and a busy machine starves whatever runs beside them
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
import torch

from engrave.checkpoint import from_pretrained
from engrave.model.multimodal import MultimodalModel
from tests.drawings import write_folder

if TYPE_CHECKING:
    from gradio_client import Client

ROOT = Path(__file__).resolve().parent.parent
SCANS = Path(os.environ.get("ENGRAVE_SCANS", ROOT.parent / "shared" / "engravings"))


@pytest.fixture(scope="session")
def scans() -> Path:
    """The folder of real scans; skips where it is absent."""
    if not SCANS.is_dir():
        pytest.skip(f"the scans are not at {SCANS}; set ENGRAVE_SCANS to their folder")
    return SCANS


@pytest.fixture(scope="session")
def drawn_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An imagefolder of 48 + 12 + 12 drawings."""
    return write_folder(
        tmp_path_factory.mktemp("drawn"), {"train": 48, "validation": 12, "test": 12}
    )


@pytest.fixture(scope="session")
def smoke_run(drawn_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run of preset smoke."""
    from train.fit import fit

    out = tmp_path_factory.mktemp("runs") / "smoke"
    fit(preset="smoke", data=drawn_folder, out=out, epochs=1)
    return out


@pytest.fixture(scope="session")
def tiny_model(smoke_run: Path) -> MultimodalModel:
    """A model of preset smoke, its weights woken, for reading only."""
    model = from_pretrained(smoke_run / "model")
    torch.manual_seed(0)
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.02)
    return model


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that uploads land in."""
    folder = tmp_path_factory.mktemp("gradio").resolve()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def url(uploads: Path) -> Iterator[str]:
    """A server over the drawing engine."""
    from engrave.ui.page import build_page  # heavy, and most tests need no page
    from tests.fakes import fake_engine
    from tests.servers import shown

    page = build_page(fake_engine(), uploads / "no-examples")
    with shown(page) as address:
        yield address


@pytest.fixture(scope="module")
def client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A client of the server."""
    from gradio_client import Client

    downloads = tmp_path_factory.mktemp("downloads")
    return Client(url, verbose=False, analytics_enabled=False, download_files=str(downloads))


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a disk of its own in memory on a new folder; skips where that is refused."""
    folder.mkdir()
    asked = ["-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        made = subprocess.run(["mount", *asked], capture_output=True).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("only root may mount a small disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 kB."""
    with mounted(tmp_path / "disk", "size=300k") as folder:
        yield folder
