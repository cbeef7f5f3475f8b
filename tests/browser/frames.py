"""Measures how smoothly the map moves in Chromium: `python -m tests.browser.frames [POINTS ...]`.

The points are made here; the page, its files and the browser are the real ones.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from engrave.collection import Collection, Label
from engrave.collection.clusters import Cluster
from engrave.collection.insight import Insight, Insights
from engrave.engine import Engine
from engrave.ui.page import build_page, launch_settings
from tests.browser.conftest import ANSWER_MS, CHROMIUM, FLAGS, open_map
from tests.fakes import NARROW, SUBJECTS, FakeEngine, make_item

COUNTS = (8_000, 100_000)
SECONDS = 4
COUNT_FRAMES = """(seconds) => new Promise((done) => {
  const times = [];
  const tick = (now) => {
    times.push(now);
    if (now - times[0] < 1000 * seconds) requestAnimationFrame(tick);
    else done(times);
  };
  requestAnimationFrame(tick);
})"""
RENDERER = """() => {
  const gl = document.createElement('canvas').getContext('webgl');
  const told = gl.getExtension('WEBGL_debug_renderer_info');
  return told ? gl.getParameter(told.UNMASKED_RENDERER_WEBGL) : 'unknown';
}"""


def big_collection(folder: Path, count: int) -> Collection:
    """Write a collection of many points in groups; all its pictures are plain."""
    rng = np.random.default_rng(0)
    groups = rng.integers(0, len(SUBJECTS), count)
    places = rng.normal(size=(len(SUBJECTS), 2))[groups] * 6 + rng.normal(size=(count, 2))
    vectors = rng.standard_normal((count, NARROW), np.float32)
    rows = range(count)
    items = [make_item(row, int(groups[row]), places[row], vectors[row]) for row in rows]
    label = Label(name="big", version=f"big-{count}", model_version="fake-1")
    collection = Collection(items, latents=vectors, embeddings=vectors, label=label)
    plain = Image.new("L", (96, 96), 200)
    collection.save(folder, (plain for _ in rows))
    found = Collection.load(folder)
    clusters = tuple(
        Cluster(name, int(np.flatnonzero(groups == k)[0]), int((groups == k).sum()))
        for k, name in enumerate(SUBJECTS)
    )
    insights = Insights(found)
    insights.keep(Insight(rng.random(count).astype(np.float32), groups.astype(np.int16), clusters))
    return found


def frames(page: Page, moves: str) -> dict[str, float]:
    """Return frames per second and the longest frame while the map is dragged or zoomed."""
    page.locator(".map-canvas").scroll_into_view_if_needed()
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.evaluate(f"() => {{ window.counted = ({COUNT_FRAMES})({SECONDS}); }}")
    if moves == "drag":
        page.mouse.down()
    for step in range(60):
        if moves == "drag":
            page.mouse.move(x + 80 * np.sin(step / 6), y + 60 * np.cos(step / 6) - 60)
        elif step % 6 == 0:
            page.mouse.wheel(0, -120 if step < 30 else 120)
        page.wait_for_timeout(25)
    page.mouse.up()
    gaps = np.diff(page.evaluate("() => window.counted"))
    return {"fps": round(1000 / gaps.mean(), 1), "longest_ms": round(float(gaps.max()), 1)}


def measure(count: int, page: Page, folder: Path) -> dict[str, object]:
    """Return what moving a map of so many points is like."""
    engine = cast(Engine, FakeEngine(big_collection(folder / f"c{count}", count)))
    served = build_page(engine, folder / "no-examples")
    _, address, _ = served.launch(prevent_thread_lock=True, quiet=True, **launch_settings())
    try:
        page.goto(address)
        open_map(page)
        page.wait_for_selector("[data-insight]", state="attached")
        page.wait_for_timeout(1000)
        at_rest = page.evaluate(COUNT_FRAMES, SECONDS)
        found: dict[str, object] = {"points": count, "at_rest_fps": _fps(at_rest)}
        for moves in ("drag", "zoom"):
            found |= {f"{moves}_{name}": value for name, value in frames(page, moves).items()}
        return found | {"renderer": page.evaluate(RENDERER)}
    finally:
        served.close()


def _fps(times: list[float]) -> float:
    return round(1000 / float(np.diff(times).mean()), 1)


def main() -> None:
    """Print one line of JSON for each number of points."""
    counts = [int(word) for word in sys.argv[1:]] or list(COUNTS)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        os.environ["ENGRAVE_HOME"] = str(Path(scratch) / "home")
        path = str(CHROMIUM) if CHROMIUM.is_file() else None
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for count in counts:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(ANSWER_MS)
            print(json.dumps(measure(count, page, Path(scratch))), flush=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
