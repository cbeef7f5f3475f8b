"""Each command on a tiny model: answers, remarks, exit codes and one sentence for each mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import engrave.bench
from engrave.bench import Row, as_lines
from engrave.checkpoint import save_pretrained
from engrave.cli import main
from engrave.engine import Engine
from engrave.image import read_metadata
from engrave.model.multimodal import MultimodalModel
from tests.tiny import tiny_collection, tiny_item, tiny_sprites

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def shelf(tiny_model: MultimodalModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a ramp.png; model and collection are named by the environment."""
    save_pretrained(tiny_model, tmp_path / "assets" / "model", {"version": "tiny-1"})
    tiny_collection().save(tmp_path / "assets" / "collection", tiny_sprites())
    monkeypatch.setenv("ENGRAVE_MODEL", str(tmp_path / "assets" / "model"))
    monkeypatch.setenv("ENGRAVE_COLLECTION", str(tmp_path / "assets" / "collection"))
    monkeypatch.chdir(tmp_path)
    ramp = np.tile(np.linspace(0, 255, 90, dtype=np.uint8), (50, 1))
    Image.fromarray(ramp).save("ramp.png")
    return tmp_path


def refuse(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Run a command that must exit with 2; return its one sentence."""
    try:
        code: object = main(argv)
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("engrave: ") and err.endswith(".\n")
    assert err.count("\n") == 1 and "usage" not in err
    return err


def test_caption_prints_a_line_a_file(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["caption", "ramp.png", "ramp.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0] == lines[1]
    assert lines[0].startswith("ramp.png: ") and len(lines[0]) > len("ramp.png: ")


def test_caption_json_holds_what_the_engine_says(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["caption", "ramp.png", "--json", "-n", "2"]) == 0
    page = json.loads(capsys.readouterr().out)
    answer = Engine.load().caption(Path("ramp.png"), num=2)
    assert [c["text"] for c in page["captions"]] == [c.text for c in answer.candidates]
    assert page["neighbours"][0]["id"] == answer.neighbours[0].id
    assert (page["file"], page["model_version"]) == ("ramp.png", "tiny-1")


def test_a_bad_file_comes_after_the_others_were_done(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("words.jpg").write_text("no picture")
    Path("empty.png").touch()
    assert main(["caption", "words.jpg", "missing.png", "empty.png", "ramp.png"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("ramp.png: ") and len(out.splitlines()) == 1
    complaints = err.splitlines()
    assert len(complaints) == 3 and all(line.startswith("engrave: ") for line in complaints)
    names = ("words.jpg", "missing.png", "empty.png")
    assert all(name in line for name, line in zip(names, complaints, strict=True))


def test_generate_writes_pngs_that_tell_how_they_were_made(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ["generate", "A ship, at sea", "-n", "2", "--seed", "7", "--steps", "2", "--json"]
    assert main([*wish, "--guidance", "1.5", "--out", "deep/plates"]) == 0
    pages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [page["file"] for page in pages] == [
        f"deep/plates/a-ship-at-sea-{seed}.png" for seed in (7, 8)
    ]
    facts = read_metadata(pages[1]["file"])
    assert facts["prompt"] == "A ship, at sea" and facts["model_version"] == "tiny-1"
    assert (facts["seed"], facts["guidance"], facts["steps"]) == ("8", "1.5", "2")


def test_generate_makes_the_pixels_of_the_engine(shelf: Path) -> None:
    assert main(["generate", "a ship", "-n", "1", "--seed", "3", "--steps", "2"]) == 0
    plate = next(Engine.load().generate("a ship", num=1, seed=3, steps=2))
    assert Image.open("a-ship-3.png").tobytes() == plate.image.tobytes()


def test_a_recipe_makes_the_very_same_file(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wish = ["generate", "a ship", "-n", "1", "--steps", "2", "--less", "people"]
    assert main([*wish, "--out", "once"]) == 0
    for source in ("once/a-ship-0.json", "once/a-ship-0.png"):
        assert main(["generate", "--recipe", source, "--out", "again"]) == 0
        first, second = (Path(f"{name}/a-ship-0.png").read_bytes() for name in ("once", "again"))
        assert first == second
    assert main(["generate", "--recipe", source, "--vary", "0", "-n", "2", "--out", "varied"]) == 0
    for number in (1, 2):
        with Image.open(f"varied/a-ship-0-variation-{number}.png") as varied:
            assert varied.tobytes() == Image.open("once/a-ship-0.png").tobytes()
    assert main(["generate", "a ship", "--recipe", source]) == 2
    assert main(["generate"]) == 2
    page = json.loads(Path("once/a-ship-0.json").read_text())
    Path("other.json").write_text(json.dumps(page | {"model_version": "older"}))
    assert main(["generate", "--recipe", "other.json", "--out", "again"]) == 1
    assert "of model older" in capsys.readouterr().err
    assert main(["generate", "--recipe", "other.json", "--any-model", "--out", "again"]) == 0


def test_generate_without_words_is_a_surprise(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", "", "-n", "1", "--steps", "1"]) == 0
    assert capsys.readouterr().out.startswith("engraving-0.png: ")


@pytest.mark.parametrize("name", ["walk.mp4", "walk.GIF"])
def test_morph_films_the_way(shelf: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    ends = ["ramp.png", tiny_item(4).id]
    assert main(["morph", *ends, "--frames", "5", "--steps", "2", "--out", f"films/{name}"]) == 0
    with av.open(f"films/{name}") as film:
        assert sum(1 for _ in film.decode(video=0)) == 5
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"films/{name}"
    assert [line.split(":")[0] for line in lines[1:]] == ["frame 1", "frame 5"]


def test_morph_loops_and_answers_in_json(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wish = ["--frames", "4", "--steps", "1", "--loop", "--mode", "direct", "--curve", "lerp"]
    assert main(["morph", "text:a ship", "text:a church", *wish, "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert (page["file"], page["frames"]) == ("walk.mp4", 4)
    with av.open("walk.mp4") as film:
        assert sum(1 for _ in film.decode(video=0)) == 6


def test_morph_through_several_is_made_again_from_its_recipe(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stops = ["ramp.png", "text:a ship", tiny_item(4).id]
    wish = ["--frames", "9", "--steps", "1", "--mode", "prior,graph,direct", "--closed"]
    wish += ["--hold", "0.5", "--captions", "1"]
    kinds = ("webp", "vtt", "zip", "pdf", "json")
    out = [word for kind in kinds for word in ("--out", f"made/walk.{kind}")]
    assert main(["morph", *stops, *wish, *out, "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert page["frames"] == 9 and len(page["keyframes"]) == 3 and len(page["steps"]) == 9
    assert all(Path(name).stat().st_size > 100 for name in page["files"])
    assert str(shelf) not in Path("made/walk.json").read_text(), "a recipe names no path"
    again = ["morph", "--recipe", "made/walk.json", "--out", "again.zip", "--json"]
    assert main([*again, "--captions", "1"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["same_pixels"] is True and "differ" not in err
    with ZipFile("made/walk.zip") as one, ZipFile("again.zip") as other:
        names = [name for name in one.namelist() if name.endswith(".png")]
        assert len(names) == 9 and all(one.read(name) == other.read(name) for name in names)
    page = json.loads(Path("made/walk.json").read_text())
    Path("other.json").write_text(json.dumps(page | {"pixels": "0"}))
    assert main(["morph", "--recipe", "other.json", "--out", "again.gif"]) == 0
    assert "frames differ from those" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "match"),
    [
        (["a"], "A walk needs 2 or more keyframes"),
        (["a", "--recipe", "x.json"], "A recipe and keyframes came together"),
        (["--fps", "9", "--recipe", "x.json"], "A recipe and --fps came together"),
    ],
)
def test_morph_needs_keyframes_or_a_recipe(
    capsys: pytest.CaptureFixture[str], argv: list[str], match: str
) -> None:
    assert main(["morph", *argv]) == 2
    assert match in capsys.readouterr().err


def test_morph_between_unknown_ends_is_one_sentence(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["morph", "nothing.png", "text:a ship"]) == 1
    assert "called 'nothing.png'" in capsys.readouterr().err
    assert main(["morph", "text:", "text:a ship"]) == 2
    assert "The text is empty" in capsys.readouterr().err


def test_search_lists_the_nearest(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "a ship", "-n", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["search", "a ship", "-n", "3", "--json"]) == 0
    pages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == len(pages) == 3
    assert all(page["id"] in line for page, line in zip(pages, lines, strict=True))
    assert pages[0]["url"].startswith("https://www.gutenberg.org/ebooks/")


def test_embed_writes_vectors_and_lists_what_it_could_not_read(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path("scans/deeper")
    folder.mkdir(parents=True)
    Image.open("ramp.png").save(folder / "b.png")
    Image.new("L", (40, 30)).save("scans/a.tif")
    Path("scans/broken.jpg").write_bytes(b"\xff\xd8 no more")
    Path("scans/notes.txt").write_text("no picture, and not meant as one")
    Path("scans/.hidden.png").write_text("left alone")
    assert main(["embed", "scans", "--out", "out/vectors.parquet"]) == 1
    out, err = capsys.readouterr()
    assert out == "out/vectors.parquet: 2 pictures\n"
    assert "broken.jpg" in err and err.count("\n") == 1
    table = pq.read_table("out/vectors.parquet")
    assert table.schema.metadata[b"model_version"] == b"tiny-1"
    assert table["file_name"].to_pylist() == ["a.tif", "deeper/b.png"]
    engine = Engine.load()
    z = engine.encode(Path("ramp.png"))
    np.testing.assert_array_equal(np.float32(table["z"][1].as_py()), z)
    np.testing.assert_allclose(table["embedding"][1].as_py(), engine.embed(z[None])[0], atol=1e-5)
    assert [path.name for path in Path("out").iterdir()] == ["vectors.parquet"]


def test_embed_of_a_folder_without_pictures(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("none").mkdir()
    assert main(["embed", "none"]) == 1
    assert "none holds no pictures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "match"),
    [
        ([], "required: COMMAND"),
        (["paint"], "invalid choice: 'paint'"),
        (["caption"], "required: FILE"),
        (["generate"], "Give either a text"),
        (["generate", "a ship", "-n", "99"], "The number of engravings is 99; choose a whole"),
        (["generate", "a ship", "-n", "-1"], "engravings is -1"),
        (["generate", "a ship", "--seed", "NaN"], "The seed is nan"),
        (["generate", "a ship", "--seed", "1.5"], "The seed is 1.5"),
        (["generate", "a ship", "--guidance", "inf"], "The guidance is inf"),
        (["generate", "a ship", "--steps", "many"], "The number of steps is 'many'"),
        (["generate", "ship " * 5000], "The text has 24,999 characters"),
        (["morph", "a", "b", "--frames", "2"], "The number of frames is 2"),
        (["morph", "a", "b", "--mode", "jump"], "invalid choice: 'jump'"),
        (["morph", "a", "b", "--out", "walk.avi"], "'walk.avi' must end in .mp4 or .gif or"),
        (["morph", "a", "b", "--hold", "11"], "hold in seconds is 11"),
        (["morph", "a", "b", "--loop", "--closed"], "not allowed with argument --loop"),
        (["search", " "], "The text is empty"),
        (["search", "a ship", "-n", "0"], "The number of results is 0"),
        (["embed", "/no/such/folder"], "is not a folder"),
        (["generate", "a ship", "--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_wrong_arguments_exit_with_2_and_one_sentence(
    capsys: pytest.CaptureFixture[str], argv: list[str], match: str
) -> None:
    assert match in refuse(capsys, *argv)


def test_missing_folders_are_one_sentence(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "a ship", "--model", "nowhere"]) == 1
    assert main(["--collection", "nowhere", "search", "a ship"]) == 1
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 2 and "config.json" in err[0] and "collection.json" in err[1]


def test_an_unwritable_place_is_one_sentence(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("taken").touch()
    assert main(["generate", "a ship", "-n", "1", "--steps", "1", "--out", "taken"]) == 1
    err = capsys.readouterr().err
    assert err == "engrave: taken cannot be used: File exists.\n"


def test_ctrl_c_ends_without_a_traceback(
    shelf: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "search", interrupt)
    assert main(["search", "a ship"]) == 130
    assert capsys.readouterr().err == "engrave: stopped.\n"


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a shell in the repository; `engrave` stands for the command line."""
    command = command.replace("engrave ", f"{sys.executable} -m engrave ")
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_reader_that_leaves_is_no_traceback(shelf: Path) -> None:
    found = shell("engrave search 'a ship' -n 30 | true")
    assert found.returncode == 1 and found.stderr == ""


def test_the_version_is_printed_without_loading_the_model() -> None:
    code = (
        "import sys, engrave.cli\n"
        "try: engrave.cli.main(['--version'])\n"
        "except SystemExit as stop: print(stop.code, 'torch' in sys.modules)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout == "engrave 0.1.0\n0 False\n"


def test_help_names_every_command_and_each_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("caption", "generate", "morph", "search", "embed", "bench"):
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0
        assert f"engrave {command}" in capsys.readouterr().out


def test_bench_prints_a_table(
    shelf: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engrave.bench, "APP", ROOT / "no-page.py")
    assert main(["bench", "--runs", "1"]) == 0
    out, err = capsys.readouterr()
    for name in ("cold start", "one caption", "four engravings", "walk of 16", "one search"):
        assert name in out
    assert "peak memory" in out and "four engravings ..." in err


def test_the_table_marks_what_misses_its_promise() -> None:
    lines = as_lines([Row("quick", 0.5, 1, "s"), Row("slow", 2, 1, "s"), Row("free", 3, 0, "s")])
    assert ["MISSED" in line for line in lines] == [False, False, True, False]


def test_a_sheet_is_made_in_both_forms(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("texts.txt").write_text("an owl\n\na castle\n", encoding="utf-8-sig")
    wish = ["sheet", "a ship", "--texts", "texts.txt", "--seeds", "2", "--steps", "1", "--json"]
    assert main([*wish, "--out", "deep/sheet.png", "--out", "sheet.pdf"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert page["rows"] == ["a ship", "an owl", "a castle"]
    assert page["columns"] == ["seed 0", "seed 1"]
    assert "an owl" in read_metadata("deep/sheet.png")["prompt"]
    assert Path("sheet.pdf").read_bytes().startswith(b"%PDF-")
    assert "number of texts" in refuse(capsys, "sheet")
    assert "must end in" in refuse(capsys, "sheet", "a", "--out", "sheet.jpg")


def test_a_mix_begins_from_pictures_of_every_kind(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mix", "ramp.png", "text:a ship", "--steps", "1", "--out", "mixed"]) == 0
    path = Path("mixed/ramp-with-meaning-of-a-ship.png")
    first = path.read_bytes()
    assert main(["generate", "--recipe", str(path), "--out", "again"]) == 0
    with Image.open(path) as one, Image.open("again/engraving-0.png") as other:
        assert one.tobytes() == other.tobytes()
    # a PNG of ours is its recipe, not a picture to be read; an id is an engraving
    recipe = str(path.with_suffix(".json"))
    assert main(["mix", str(path), tiny_item(3).id, "--strength", "0", "--out", "more"]) == 0
    assert main(["mix", recipe, tiny_item(3).id, "--strength", "0", "--out", "same"]) == 0
    more, same = (next(Path(name).glob("*.json")).read_text() for name in ("more", "same"))
    assert more == same and tiny_item(3).id in more
    assert path.read_bytes() == first
    capsys.readouterr()
    assert main(["mix", "missing.png", "text:a"]) == 1
    assert "no file and no engraving" in capsys.readouterr().err


def test_a_pad_has_the_picture_in_its_middle(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_collection(20).save(Path("few"), tiny_sprites(20))
    assert main(["generate", "a ship", "-n", "1", "--steps", "1"]) == 0
    wish = ["pad", "a-ship-0.json", "--step", "1.5", "--out", "pad"]
    assert main([*wish, "--json"]) == 0
    pages = [json.loads(line) for line in capsys.readouterr().out.splitlines()[1:]]
    assert len(pages) == 10 and pages[9]["file"] == "pad/a-ship-0-pad.png"
    with Image.open("a-ship-0.png") as plain, Image.open("pad/a-ship-0-pad-5.png") as middle:
        assert plain.tobytes() == middle.tobytes()
    assert len({Path(page["file"]).read_bytes() for page in pages[:9]}) == 9
    assert "choose of 'principal 1'" in refuse(capsys, *wish, "--up", "nowhere")
    assert main(["--collection", "few", "pad", "a-ship-0.json"]) == 1
    assert "too small to have directions" in capsys.readouterr().err
