"""What the README tells a user to run does run."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT
from tests.drawings import draw


def test_the_snippet_of_the_readme_runs(
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert found
    snippet = found.group(1).replace("http://127.0.0.1:7860", address)
    assert address in snippet
    draw("circle", "left", dark=True).save(tmp_path / "plate.png")
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    exec(compile(snippet, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.count("caption") > 3 and ".png" in printed
