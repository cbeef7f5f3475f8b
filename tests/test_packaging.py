"""What leaves the repository: a wheel without weights, an sdist, and the files of a Space."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import RepoCard

from engrave.arguments import build_parser
from engrave.checkpoint import save_pretrained
from tests.servers import free_port, serving
from tests.test_imports import pins
from tests.tiny import tiny_collection, tiny_sprites
from tests.woken import woken_model

ROOT = Path(__file__).resolve().parents[1]
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
FIELDS = {  # of the front matter, as the Hub documents them
    "title": str, "emoji": str, "colorFrom": str, "colorTo": str, "sdk": str, "sdk_version": str,
    "python_version": str, "app_file": str, "license": str, "short_description": str,
    "pinned": bool, "suggested_hardware": str, "startup_duration_timeout": str, "tags": list,
    "models": list, "datasets": list, "header": str, "fullWidth": bool, "thumbnail": str,
    "disable_embedding": bool, "hf_oauth": bool, "preload_from_hub": list,
}  # fmt: skip
TOPS = r"\.gitignore|LICENSE|NOTICE|README\.md|app\.py|Makefile|pyproject\.toml|requirements.*\.txt"
UNWANTED = tuple(".pyc .log .pyi .tar .zip .bak .orig .env .pem .key .sqlite".split())
BUILD = "import setuptools.build_meta as b; print(b.build_{}({!r}))"
WEIGHTS = ("assets/model/", "assets/collection/", "assets/training/", "assets/examples/")


def tracked() -> list[str]:
    """Return the files of the repository."""
    try:
        told = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout, and only git knows which files are the project's")
    return [name for name in told.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from that sdist."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).symlink_to(ROOT / name)
    build("sdist", source, out)
    with tarfile.open(next(out.glob("*.tar.gz"))) as packed:
        packed.extractall(out / "unpacked", filter="data")
    build("wheel", next((out / "unpacked").iterdir()), out)
    return out


def build(kind: str, source: Path, out: Path) -> None:
    """Have setuptools build, without pip's isolation, which would ask the network."""
    run = [sys.executable, "-c", BUILD.format(kind, str(out))]
    done = subprocess.run(run, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel was installed into, beside none of its repository."""
    target = tmp_path_factory.mktemp("site")
    wheel = next(built.glob("*.whl"))
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    pip = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and its collection."""
    folder = tmp_path_factory.mktemp("weights")
    save_pretrained(woken_model(), folder / "model", {"version": "tiny-1"})
    tiny_collection().save(folder / "collection", tiny_sprites())
    return folder


def environment(installed: Path, weights: Path | None = None) -> dict[str, str]:
    """Return the environment of one who installed the wheel."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENGRAVE_")}
    kept |= {"PYTHONPATH": str(installed), "ENGRAVE_HOME": str(installed / "home")}
    if weights:
        kept["ENGRAVE_MODEL"] = str(weights / "model")
        kept["ENGRAVE_COLLECTION"] = str(weights / "collection")
    return kept


def engrave(
    installed: Path, *arguments: str, weights: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the installed command somewhere else than in the repository."""
    command = [sys.executable, str(installed / "bin" / "engrave"), *arguments]
    env = environment(installed, weights)
    return subprocess.run(command, cwd=installed, env=env, capture_output=True, text=True)


def test_the_wheel_holds_the_code_and_what_the_page_needs_but_no_weights(built: Path) -> None:
    names = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    code = {name for name in tracked() if name.endswith(".py")}
    code = {name for name in code if name.startswith(("engrave/", "train/"))}
    assert code <= names
    assert {"engrave/ui/style.css", "engrave/ui/static/map.js"} <= names
    assert {"engrave/graphs/small/eye.onnx", "engrave/graphs/small/weights.json"} <= names
    assert "engrave/assets/vendor/plotly-gl2d.min.js" in names
    assert "engrave/assets/fonts/eb-garamond-latin-400-normal.woff2" in names
    assert not [name for name in names if name.endswith((".safetensors", ".parquet", ".webp"))]
    assert not [name for name in names if name.startswith(("tests", "app.py"))]


def test_the_sdist_holds_the_tests_and_no_weights(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"app.py", "tests/conftest.py", "requirements.txt", "LICENSE", "NOTICE"} <= names
    assert not [name for name in names if name.startswith(WEIGHTS)]


def test_the_metadata_asks_for_what_the_lists_pin(built: Path) -> None:
    wheel = zipfile.ZipFile(next(built.glob("*.whl")))
    name = next(name for name in wheel.namelist() if name.endswith("/METADATA"))
    page = wheel.read(name).decode()
    asked = set(re.findall(r"^Requires-Dist: ([\w.-]+)==\S+$", page, re.M))
    assert asked == set(pins("requirements.txt"))
    extras = set(re.findall(r"^Provides-Extra: (\S+)$", page, re.M))
    assert {"train", "dev", "mcp"} <= extras
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"Version: {project['version']}\n" in page


def test_the_installed_command_runs(installed: Path, weights: Path) -> None:
    assert engrave(installed, "--version").stdout.startswith("engrave 0.")
    assert "serve" in engrave(installed, "--help").stdout
    found = engrave(installed, "search", "a ship", "-n", "2", weights=weights)
    assert found.returncode == 0 and len(found.stdout.splitlines()) == 2, found.stderr


def test_without_weights_it_says_where_to_get_them(installed: Path) -> None:
    for command in (["search", "a ship"], ["serve"]):
        told = engrave(installed, *command)
        assert told.returncode == 1 and told.stdout == ""
        assert told.stderr.count("\n") == 1
        assert "without weights" in told.stderr and "$ENGRAVE_MODEL" in told.stderr


LISTENING = """
import sys
def hook(event, found):
    if event == "socket.getaddrinfo":
        host = str(found[0] or "")
    elif event in ("socket.connect", "socket.sendto"):
        host = str(found[1][0]) if isinstance(found[1], tuple) else ""
    else:
        return
    if host not in ("", "127.0.0.1", "::1", "localhost", "0.0.0.0"):
        print("ASKED", host, file=sys.stderr, flush=True)
sys.addaudithook(hook)
from engrave.__main__ import main
sys.exit(main(["serve"]))
"""


@pytest.fixture(scope="module")
def served(
    installed: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of the page of the installed wheel, and what its server wrote on its way."""
    log = tmp_path_factory.mktemp("log") / "log.txt"
    settings = environment(installed, weights) | {"GRADIO_SERVER_PORT": str(free_port())}
    settings.pop("HF_HUB_OFFLINE", None)
    command = [sys.executable, "-c", LISTENING]
    with serving(command, installed, settings, log) as address:
        yield address, log


def test_the_installed_page_is_served_and_asks_no_other_host(served: tuple[str, Path]) -> None:
    address, log = served
    page = httpx.get(address).text
    font = re.search(r"gradio_api/file=[^')\"]*latin-400-normal\.woff2", page)
    assert font is not None
    assert httpx.get(f"{address}/{font.group()}").content[:4] == b"wOF2"
    asked = httpx.post(f"{address}/gradio_api/call/search", json={"data": ["a ship", 2, ""]}).json()
    told = httpx.get(f"{address}/gradio_api/call/search/{asked['event_id']}", timeout=120).text
    assert "event: complete" in told
    assert "ASKED" not in log.read_text()


def card(folder: Path = ROOT) -> dict[str, Any]:
    """Return the front matter of the README."""
    return dict(RepoCard.load(folder / "README.md", repo_type="space").data.to_dict())


def test_the_front_matter_is_that_of_a_space() -> None:
    found = card()
    assert {name: type(value) for name, value in found.items()} == {
        name: FIELDS[name] for name in found
    }
    assert found["sdk"] == "gradio" and found["sdk_version"] == pins("requirements.txt")["gradio"]
    assert {found["colorFrom"], found["colorTo"]} <= COLOURS
    assert len(found["short_description"]) <= 60
    assert found["python_version"] in ("3.11", "3.12")
    assert (ROOT / found["app_file"]).is_file()
    assert found["license"] == "apache-2.0" and re.fullmatch(r"\d+[mh]", "30m")
    assert all(re.fullmatch(r"[\w-]+", tag) for tag in found["tags"])


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make space` lays out, unpacked where nothing else of the repository is."""
    folder = tmp_path_factory.mktemp("space")
    tracked()  # skips where there is no git
    packed = folder.with_suffix(".tar")
    asked = ["git", "archive", "--worktree-attributes", "HEAD", "-o", str(packed)]
    subprocess.run(asked, cwd=ROOT, check=True)
    with tarfile.open(packed) as archive:
        assert all(one.isfile() or one.isdir() for one in archive)  # no link leads elsewhere
        archive.extractall(folder, filter="data")
    packed.unlink()
    return folder


def test_a_space_gets_only_what_it_needs(space: Path) -> None:
    files = {str(path.relative_to(space)) for path in space.rglob("*") if path.is_file()}
    assert {"app.py", "README.md", "requirements.txt", "LICENSE", "NOTICE"} <= files
    code = {name for name in tracked() if name.startswith(("engrave/", "train/", "assets/"))}
    assert {"engrave/ui/page.py", "assets/model/config.json"} <= code <= files
    assert {name for name in files - code if not re.fullmatch(TOPS, name)} == set()
    assert not [name for name in files if name.endswith(UNWANTED) or "__pycache__" in name]
    shown = set(re.findall(r"\]\((assets/[^)]+)\)", (space / "README.md").read_text()))
    assert shown <= files
    sizes = [(space / name).stat().st_size for name in files]
    assert sum(sizes) < 300_000_000 and max(sizes) < 15_000_000
    assert card(space) == card()
    assert (space / card(space)["app_file"]).is_file()


def test_a_space_starts_from_what_was_laid_out_and_answers(space: Path, tmp_path: Path) -> None:
    names = ("PATH", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "VIRTUAL_ENV", "LANG")
    settings = {name: os.environ[name] for name in names if name in os.environ}
    settings |= {"HOME": str(tmp_path), "GRADIO_SERVER_PORT": str(free_port())}
    settings |= {"GRADIO_TEMP_DIR": str(tmp_path / "gradio"), "PYTHONDONTWRITEBYTECODE": "1"}
    before = {path: path.stat().st_mtime_ns for path in space.rglob("*")}
    log = tmp_path / "log.txt"
    with serving([sys.executable, "app.py"], space, settings, log) as address:
        assert "nothing leaves this machine" in httpx.get(address).text
        asked = {"data": ["a ship in a storm", 2, ""]}
        event = httpx.post(f"{address}/gradio_api/call/search", json=asked, timeout=60).json()
        where = f"{address}/gradio_api/call/search/{event['event_id']}"
        told = httpx.get(where, timeout=300).text
        assert "event: complete" in told and told.count("similarity") == 2, told[:500]
    assert "Traceback" not in log.read_text()
    # a Space's own folder may be read-only
    assert before == {path: path.stat().st_mtime_ns for path in space.rglob("*")}


def test_an_app_on_a_space_starts(tmp_path: Path, weights: Path) -> None:
    settings = environment(ROOT, weights) | {"GRADIO_SERVER_PORT": str(free_port())}
    settings |= {"SYSTEM": "spaces", "SPACE_ID": "nobody/engrave", "HOME": str(tmp_path)}
    log = tmp_path / "log.txt"
    with serving([sys.executable, "app.py"], ROOT, settings, log) as address:
        answer = httpx.get(address)
        assert answer.status_code == 200
        assert "https://huggingface.co" in answer.headers["content-security-policy"]
    # Gradio itself misses the package `spaces`, which every real Space has
    assert str(ROOT / "engrave") not in log.read_text()


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not here; it comes with systemd")
    text = (ROOT / "deploy" / "engrave.service").read_text()
    (command,) = re.findall(r"^ExecStart=(\S+) (.*)$", text, re.M)
    parsed = build_parser().parse_args(command[1].split())
    assert parsed.command == "serve" and parsed.server_name == "127.0.0.1"
    unit = tmp_path / "engrave.service"
    unit.write_text(text.replace(command[0], sys.executable))  # it must be there to be verified
    done = subprocess.run([tool, "verify", str(unit)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "engrave.service" not in done.stderr, done.stderr
    unit.write_text(text.replace(command[0], sys.executable).replace("Restart=", "Restrat="))
    done = subprocess.run([tool, "verify", str(unit)], capture_output=True, text=True, timeout=60)
    assert "Restrat" in done.stderr  # so that the silence above says something
