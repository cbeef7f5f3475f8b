"""The endpoints as a program sees them, and what a stranger may not do to the server."""

import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from engrave.image import read_metadata
from engrave.ui.page import MAX_WAITING, build_page
from engrave.ui.speech import SORRY
from tests.fakes import fake_engine, noise

MAKERS = {"/generate", "/remake", "/vary", "/mix", "/pad", "/sheet"}
DESK = {"/caption", "/caption_batch", "/review_captions", "/export_captions"}
PUBLIC = MAKERS | DESK | {"/interpolate", "/place", "/search", "/walk"}


WITHOUT_FILE = {
    "kind": "engrave walk", "format": 1,
    "keyframes": [{"source": "upload:3"}, {"source": "text:a ship"}],
}  # fmt: skip


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture to send."""
    return noise(tmp_path / "a.png")


def call(url: str, name: str, data: list[Any]) -> str:
    """Call an endpoint by hand, as no client of ours would; return the stream of events."""
    answer = httpx.post(f"{url}/gradio_api/call/{name}", json={"data": data})
    return call_for(url, f"/{name}", answer.json()["event_id"])


def call_for(url: str, name: str, event: str) -> str:
    """Return the stream of events of one call."""
    return httpx.get(f"{url}/gradio_api/call{name}/{event}", timeout=30).text


def test_all_endpoints_are_public_typed_and_documented(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == PUBLIC
    for name, endpoint in endpoints.items():
        assert endpoint["description"], name
        assert all(one["parameter_name"] and one["python_type"] for one in endpoint["parameters"])
    names = [one["parameter_name"] for one in endpoints["/generate"]["parameters"]]
    like = ["seed", "guidance", "steps", "less", "less_weight", "corner_mark"]
    assert names == ["text", "num", *like]


def test_caption(client: Client, picture: Path) -> None:
    answer = client.predict(image=handle_file(picture), num=2, api_name="/caption")
    assert len(answer["captions"]) == 2 and len(answer["neighbours"]) == 6
    assert {"text", "probability", "match", "how", "words"} <= set(answer["captions"][0])


def test_generate_gives_the_same_pixels_each_time(client: Client) -> None:
    first, facts = client.predict("a ship", num=2, seed=3, api_name="/generate")
    second, _ = client.predict("a ship", num=1, seed=4, api_name="/generate")
    assert [one["seed"] for one in facts] == ["3", "4"]
    one, other = (Image.open(found["image"]) for found in (first[1], second[0]))
    assert one.tobytes() == other.tobytes()
    assert read_metadata(first[0]["image"])["prompt"] == "a ship"


def test_generate_takes_no_text_at_all(client: Client) -> None:
    files, _ = client.predict(num=1, api_name="/generate")
    assert len(files) == 1


def test_a_recipe_is_made_again_varied_mixed_and_laid_round(client: Client) -> None:
    (first, second), facts = client.predict(
        "a ship", num=2, less="people", corner_mark=True, api_name="/generate"
    )
    recipe = json.loads(facts[0]["recipe"])
    assert recipe["less"] == "people" and recipe["corner_mark"] is True
    (again,), _ = client.predict(recipe, api_name="/remake")
    varied, _ = client.predict(facts[0]["recipe"], strength=0, num=2, api_name="/vary")
    cells, told, ways = client.predict(recipe, api_name="/pad")
    assert len(varied) == 2 and len(cells) == len(told) == 9 and ways[0]["name"] == "principal 1"
    same = [first, again, *varied, cells[4]]
    assert len({Image.open(one["image"]).tobytes() for one in same}) == 1
    (one,), how = client.predict(recipe, json.loads(facts[1]["recipe"]), api_name="/mix")
    (two,), _ = client.predict(json.loads(how[0]["recipe"]), api_name="/remake")
    mixed = Image.open(one["image"]).tobytes()
    assert mixed == Image.open(two["image"]).tobytes()
    assert mixed not in {Image.open(name["image"]).tobytes() for name in (first, second)}


def test_a_sheet_comes_as_png_and_pdf(client: Client) -> None:
    png, pdf, facts = client.predict("a ship\nan owl", seeds=3, seed=5, api_name="/sheet")
    assert facts["columns"] == ["seed 5", "seed 6", "seed 7"] and len(facts["recipes"]) == 6
    assert "an owl" in read_metadata(png)["prompt"] and Path(pdf).read_bytes()[:5] == b"%PDF-"


def test_interpolate_from_every_kind_of_end(client: Client, picture: Path) -> None:
    id = fake_engine().collection.item(5).id
    mp4, gif, facts = client.predict(
        a=id, b_image=handle_file(picture), frames=5, api_name="/interpolate"
    )
    assert facts["frames"] == 5 and set(facts["captions"]) == {"0", "4"}
    assert Path(mp4).read_bytes()[4:8] == b"ftyp" and Path(gif).read_bytes()[:3] == b"GIF"
    assert client.predict(a="text:a ship", b=id, frames=3, api_name="/interpolate")


def test_a_recipe_makes_every_file_and_comes_back(client: Client, picture: Path) -> None:
    keyframes = [{"source": "upload:0"}, {"source": "text:a ship", "hold_s": 0.5}]
    recipe = {"kind": "engrave walk", "format": 1, "keyframes": keyframes, "frames": 6}
    files, facts = client.predict(recipe, files=[handle_file(picture)], api_name="/walk")
    kinds = [Path(file).suffix for file in files]
    assert kinds == [".mp4", ".gif", ".webp", ".vtt", ".zip", ".pdf", ".json"]
    assert facts["frames"] == 6 and len(facts["nearest"]) == 6 and facts["same_pixels"] is None
    assert Path(files[3]).read_text().startswith("WEBVTT")
    assert Path(files[5]).read_bytes()[:5] == b"%PDF-"
    saved = json.loads(Path(files[6]).read_text())
    _, again = client.predict(saved, api_name="/walk")
    assert again["same_pixels"] is True


def test_search(client: Client) -> None:
    found = client.predict("a ship", num=5, api_name="/search")
    assert len(found) == 5 and found[0]["similarity"] >= found[4]["similarity"]


def test_place(client: Client, picture: Path) -> None:
    found = client.predict(text="a ship", num=3, api_name="/place")
    assert len(found["neighbours"]) == 3 and "distance" not in found
    seen = client.predict(image=handle_file(picture), api_name="/place")
    assert len(seen["neighbours"]) == 6 and seen["distance"]
    assert all(isinstance(one[axis], float) for one in (found, seen) for axis in "xy")


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("/search", {"text": ""}, "The text is empty"),
        ("/search", {"text": "word " * 5000}, "at most 300"),
        ("/search", {"text": "a", "collection": "nobody"}, "no collection called 'nobody'"),
        ("/search", {"text": "a", "collection": "../x"}, "cannot name a collection"),
        ("/place", {"text": "a", "collection": "a+b"}, "cannot name a collection"),
        ("/place", {}, "The text is empty"),
        ("/generate", {"num": 9}, "from 1 to 8"),
        ("/generate", {"seed": -1}, "from 0 to"),
        ("/generate", {"less": "a", "less_weight": 9}, "from 0 to 4"),
        ("/remake", {"recipe": {"format": 2}}, "format 2"),
        ("/remake", {"recipe": [1]}, "no recipe"),
        ("/remake", {"recipe": {"format": 1, "engraving": "1-1"}}, "this collection lacks"),
        ("/vary", {"recipe": {"format": 1}, "strength": 2}, "from 0 to 1"),
        ("/pad", {"recipe": {"format": 1}, "up": "nowhere"}, "no direction 'nowhere'"),
        ("/sheet", {"texts": " "}, "one a line"),
        ("/interpolate", {"a": "text:a ship"}, "End b is missing"),
        ("/interpolate", {"a": "/etc/hostname", "b": "text:a"}, "no engraving"),
        ("/caption", {"image": None}, "no picture yet"),
        ("/walk", {"recipe": {"kind": "film"}}, "no recipe of a walk"),
        ("/walk", {"recipe": WITHOUT_FILE}, "names upload:3 and 0 files came"),
    ],
)
def test_bad_requests_get_a_sentence(
    client: Client, name: str, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(**arguments, api_name=name)


def test_a_number_that_is_none_is_no_traceback(url: str) -> None:
    body = '{"data": ["a ship", NaN, 0, 2, 20, "", 1, false]}'
    headers = {"content-type": "application/json"}
    answer = httpx.post(f"{url}/gradio_api/call/generate", content=body, headers=headers)
    if answer.status_code == 200:
        event = answer.json()["event_id"]
        told = httpx.get(f"{url}/gradio_api/call/generate/{event}", timeout=30).text
        assert "event: error" in told and "Traceback" not in told
    assert httpx.get(url).status_code == 200


WRONG: list[Any] = [
    [], ["a"], [None] * 20, [{}] * 20, [[]] * 20, [True] * 20, [-1e400] * 20, ["\0"] * 20,
    [{"path": "a"}] * 20, [{"meta": {"_type": "gradio.FileData"}}] * 20, [[["\ud800"]]] * 20,
    [{"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}}] * 20, [10**60] * 20,
]  # fmt: skip


@pytest.mark.parametrize("data", WRONG, ids=lambda data: repr(data[:1])[:40])
def test_whatever_an_endpoint_is_sent_its_error_is_a_sentence(
    url: str, data: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    for name in sorted(PUBLIC):
        body = json.dumps({"data": data})
        headers = {"content-type": "application/json"}
        begun = httpx.post(f"{url}/gradio_api/call{name}", content=body, headers=headers)
        if begun.status_code != 200:
            assert begun.status_code in (400, 403, 413, 422) and len(begun.text) > 20, begun.text
            continue
        answer = call_for(url, name, begun.json()["event_id"])
        if "event: error" in answer:
            page = json.loads(answer.partition("data: ")[2].partition("\n")[0])
            assert page["error"] and page["error"].endswith((".", "?")), (name, page)
            assert SORRY not in page["error"], name
            assert "/etc/hostname" not in page["error"], name
    assert "Traceback" not in capfd.readouterr().err


def test_too_few_values_are_counted(url: str) -> None:
    assert "brings 1 values and 3 are needed" in call(url, "caption", [None])


@pytest.mark.parametrize(
    "path", ["call/nobody", "call/v2/nobody", "call/v2/search", "run/nobody", "queue/join", "reset"]
)
def test_whatever_address_is_asked_there_is_no_traceback(
    url: str, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for body in (b"{}", b"[]", b"", b"\xff", b'{"data": 1}', b'{"event_id": 1}'):
        answer = httpx.post(f"{url}/gradio_api/{path}", content=body)
        assert "Traceback" not in answer.text and answer.text != "Internal Server Error"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("meta", [None, {"_type": "gradio.FileData"}])
def test_a_picture_of_this_machine_cannot_be_asked_for(
    url: str, picture: Path, meta: dict[str, str] | None
) -> None:
    payload: dict[str, Any] = {"path": str(picture)} | ({"meta": meta} if meta else {})
    told = call(url, "caption", [payload, 3, 6])
    assert "event: error" in told and "captions" not in told
    told = call(url, "interpolate", ["", "text:a", payload, None, 3, "prior", "slerp", 0])
    assert "event: error" in told and "event: complete" not in told


def test_no_event_of_the_page_takes_an_image_component(url: str) -> None:
    config = httpx.get(f"{url}/config").json()
    kinds = {one["id"]: one["type"] for one in config["components"]}
    taken = {kinds[id] for event in config["dependencies"] for id in event["inputs"]}
    assert taken.isdisjoint({"image", "gallery", "video", "imageeditor", "multimodaltextbox"})


@pytest.mark.parametrize("path", ["/etc/hostname", "app.py", "engrave/ui/page.py"])
def test_files_of_the_server_stay_there(url: str, path: str) -> None:
    answer = httpx.get(f"{url}/gradio_api/file={path}")
    assert answer.status_code == 403


def test_vectors_of_the_collection_are_not_served(url: str) -> None:
    folder = fake_engine().collection.folder
    assert folder is not None
    assert httpx.get(f"{url}/gradio_api/file={folder}/map-xy.bin").status_code == 200
    assert httpx.get(f"{url}/gradio_api/file={folder}/table.parquet").status_code == 403


def test_nothing_is_relayed_and_the_queue_cannot_be_passed(url: str) -> None:
    assert httpx.get(f"{url}/gradio_api/file=https://example.org/a.png").status_code == 403
    body = {"data": ["a ship", 3]}
    assert httpx.post(f"{url}/gradio_api/run/search", json=body).status_code == 404
    assert httpx.get(f"{url}/monitoring/summary").status_code in (403, 404)


AT_ONCE = {
    "learnt", "calibrated",  # of a collection once, under a lock
    "arranged", "arrived", "back", "brought_back", "chosen_cell", "chosen_prompt", "chosen_walk",
    "emptied", "end_to_walk", "entered", "fetched", "halt", "halted", "lined", "more_like",
    "nothing_held", "paired", "picked_sample", "remembered", "renamed", "renewed", "route_view",
    "selected", "settings_in", "settings_of", "shown_path", "starred", "starred_plate", "ticked",
    "to_caption", "turned", "wish",
}  # fmt: skip


def test_nothing_that_takes_long_passes_the_lines() -> None:
    page = build_page(fake_engine(), Path("no-examples"))
    beside = {fn.name for fn in page.fns.values() if fn.fn and not fn.queue}
    assert beside <= AT_ONCE  # each of these writes no file and works out nothing


def test_what_takes_long_waits_in_a_line_of_its_own() -> None:
    page = build_page(fake_engine(), Path("no-examples"))
    queued = {
        fn.name: fn.concurrency_id
        for fn in page.fns.values()
        if fn.fn
        and fn.queue
        and (None, "unload") not in fn.targets  # a page that left waits for none
    }
    beside = {"shipped_report", "own_report"}  # these use a process of their own, and no model
    assert {queued.pop(name) for name in beside} == {"report"}
    # these take minutes and the model only for a moment each, so nobody else waits for their end
    assert {queued.pop(name) for name in ("imported", "redrawn")} == {"import"}
    # a person reviews while a batch runs; the model's own lock lets these embed a text in between
    reviewing = {name for name, line in queued.items() if line == "review"}
    person = {"saved", "judged", "stepped", "read_words", "taken", "loaded", "styled"}
    assert reviewing == person | {"export_captions", "review_captions"}
    # a batch of captions holds up neither a search nor a walk, nor another visitor's batch
    batches = {name for name, line in queued.items() if line == "captions"}
    assert batches == {"describe", "resume", "rerun", "caption_batch"}
    changes = {name for name, line in queued.items() if line == "shelf"}
    assert changes == {"undone", "removed", "edited", "discarded"}
    long = {name for name, line in queued.items() if line == "long"}
    assert {"generate", "walk", "interpolate", "follow_pending", "vary", "exported"} <= long
    assert {"poster", "archive"} <= long
    short = set(queued) - reviewing - batches - changes - long
    assert {queued[name] for name in short} == {"model"}
    assert {"caption", "search", "open_item", "imagined", "ask"} <= short


def test_what_the_queue_cannot_hold_is_turned_away(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def wait(text: str, *, num: int) -> tuple[()]:
        gate.wait(60)
        return ()

    monkeypatch.setattr(fake_engine(), "search", wait)
    with httpx.Client(timeout=30) as stranger:
        asks = [stranger.post(f"{url}/gradio_api/call/search", json={"data": ["a", 3, ""]})]
        while asks[-1].status_code == 200 and len(asks) < MAX_WAITING + 10:
            asks.append(stranger.post(f"{url}/gradio_api/call/search", json={"data": ["a", 3, ""]}))
        gate.set()
        assert asks[-1].status_code == 503 and MAX_WAITING <= len(asks) <= MAX_WAITING + 3
        event = asks[-2].json()["event_id"]  # the last that was let in, so all are done after it
        assert "complete" in stranger.get(f"{url}/gradio_api/call/search/{event}").text


def test_the_page_says_nothing_of_run_history_and_asks_no_stranger(url: str) -> None:
    config = httpx.get(f"{url}/config").json()
    assert not config.get("analytics_enabled")
    assert "https://fonts.g" not in json.dumps(config)
