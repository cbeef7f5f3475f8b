"""The written report: self-contained, escaped, complete; and fast to start."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.train.logs import GOOD, healthy, write
from train.__main__ import main
from train.report.html import PLOTLY

SECTIONS = (
    "The run", "Summary", "Correlations", "Statistics", "Recommendations", "Checklist", "Samples",
    "Every check", "Appendix: the metrics", "Compared with another run", "Evaluation",
)  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on a log whose names would be markup, beside another, with pairs."""
    home = tmp_path_factory.mktemp("run")
    rows = [row | {"<script>alert(1)</script>|x": 1.0} for row in healthy(300)]
    log, other = write(home, rows), write(home, healthy(200), "other.jsonl")
    (home / "evaluation.json").write_text(json.dumps(GOOD))
    pairs = home / "pairs"
    pairs.mkdir()
    Image.new("L", (400, 300), 200).save(pairs / "a.png")
    (pairs / "metadata.jsonl").write_text('{"file_name": "a.png", "caption": "a ship <at> sea"}\n')
    (home / "samples").mkdir()
    Image.new("L", (40, 30), 200).save(home / "samples" / "captions-000300.png")
    given = ["report", "--run", str(log), "--compare", str(other), "--out", str(home / "out")]
    assert main([*given, "--evaluation", str(home / "evaluation.json")]) == 0
    return home / "out"


def test_the_page_asks_nothing_of_the_network(out: Path) -> None:
    page = (out / "report.html").read_text()
    own = page.replace(PLOTLY.read_text().replace("</script", "<\\/script"), "")
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*""", own) == []
    assert "http" not in re.sub("http-equiv", "", own)
    assert "default-src 'none'" in own


def test_names_from_a_log_are_no_markup(out: Path) -> None:
    page = (out / "report.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in (out / "report.md").read_text()


def test_all_sections_are_there(out: Path) -> None:
    for title in SECTIONS:
        assert f"## {title}\n" in (out / "report.md").read_text()
        assert f"<h2>{title}</h2>" in (out / "report.html").read_text()


def test_json_holds_every_figure_and_verdict(out: Path) -> None:
    held = json.loads((out / "report.json").read_text())
    assert held["overall"]["grade"] == 5
    assert {"figure", "grade", "limits", "reason", "source"} <= set(held["verdicts"][0])
    assert held["statistics"]["captions"][0]["count"] == 300
    assert held["schedules"]["captions"]["learning_rate"]["shape"] == "cosine"
    assert any(c["says"] == "no difference beyond the noise" for c in held["compared"])


def test_samples_and_curators(out: Path) -> None:
    page = (out / "report.html").read_text()
    assert page.count('<img src="data:image/jpeg') == 2
    assert "a ship &lt;at&gt; sea" in page
    assert "2.4 times as well" in (out / "curators.md").read_text()


def test_nothing_heavy_is_loaded() -> None:
    code = "import sys, train.report.command; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_missing_log_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--run", str(tmp_path / "none"), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("train: There is no log none;")
