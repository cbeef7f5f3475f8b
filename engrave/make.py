"""Makes the pictures that `generate`, `sheet`, `mix` and `pad` ask for, and writes their files."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engrave.answers import Plate
from engrave.errors import PictureError, PromptError, RecipeError
from engrave.image import png_with_metadata, read_metadata
from engrave.making.edits import mixed, padded, series, variations
from engrave.making.sheet import Sheet, as_pdf, as_png, drawn, settled, sheet_of, texts_in
from engrave.progress import Progress, part
from engrave.recipe import Recipe
from engrave.recipe_file import KEY, PNG, checked, from_file
from engrave.whole import whole_file

if TYPE_CHECKING:  # torch takes seconds to import
    from engrave.engine import Engine

TEXT_PREFIX = "text:"
TELLING = {KEY, "seed", "parameters"}  # chunks of a PNG that tell how it was made
MAX_TEXTS_BYTES = 100_000
Load = Callable[[], "Engine"]
Answers = Iterator[tuple[dict[str, Any], str]]  # each as data and as a line
Named = tuple[str, Recipe]


def generate(arguments: argparse.Namespace, load: Load, progress: Progress) -> Answers:
    """Make engravings of a text with several seeds, or one of a recipe, or variations."""
    recipes = _wished(arguments)
    ending = "-variation-{}" if arguments.vary is not None else ""
    named = [
        (f"{_slug(one.text)}-{one.seed}{ending.format(number)}", one)
        for number, one in enumerate(recipes, start=1)
    ]
    for _, page, line in _written(named, arguments, load(), progress):
        yield page, line


def sheet(arguments: argparse.Namespace, load: Load, progress: Progress) -> Answers:
    """Make a sheet of texts and seeds."""
    texts = [*arguments.texts, *(_texts_of(arguments.file) if arguments.file else ())]
    made = sheet_of(texts, arguments.seeds, _settings(arguments))
    engine = load()
    plates = list(drawn(made, engine.follow, progress))
    paths = arguments.out or [Path("sheet.png")]
    _write_sheet(made, plates, paths, engine.model_version)
    names = [str(path) for path in paths]
    page = {"files": names, "rows": list(made.rows), "columns": list(made.columns)}
    yield page, "\n".join(names)


def mix(arguments: argparse.Namespace, load: Load, progress: Progress) -> Answers:
    """Make a picture with one's layout and another's meaning."""
    engine = load()
    sources = arguments.layout, arguments.meaning
    recipes = [_recipe_of(one, arguments, engine) for one in sources]
    layout, meaning = (_allowed(one, arguments, engine) for one in recipes)
    name = "-with-meaning-of-".join(_name_of(one) for one in sources)
    named = [(name, mixed(layout, meaning, arguments.strength))]
    for _, page, line in _written(named, arguments, engine, progress):
        yield page, line


def pad(arguments: argparse.Namespace, load: Load, progress: Progress) -> Answers:
    """Make the nine pictures of a pad, and all on one sheet."""
    engine = load()
    middle = _recipe_of(arguments.source, arguments, engine)
    ways = engine.maker.directions
    if len(ways) < 2:
        raise RecipeError(
            "This collection is too small to have directions; name another by --collection."
        )
    named = [arguments.across or ways[0].name, arguments.up or ways[1].name]
    unknown = [name for name in named if name not in {way.name for way in ways}]
    if unknown:
        known = "; ".join(f"'{way.name}' ({way.low} to {way.high})" for way in ways)
        raise PromptError(f"There is no direction '{unknown[0][:60]}'; choose of {known}.")
    across, up = (engine.maker.direction(name) for name in named)
    recipes = padded(middle, across.name, up.name, arguments.step)
    name = _name_of(arguments.source)
    cells = [(f"{name}-pad-{number}", one) for number, one in enumerate(recipes, start=1)]
    plates = []
    for plate, page, line in _written(cells, arguments, engine, progress):
        plates.append(plate)
        yield page, line
    made = Sheet(
        title="What lies round a picture",
        rows=(up.high, "", up.low),
        columns=(across.low, "", across.high),
        recipes=tuple(recipes),
    )
    path = arguments.out / f"{name}-pad.png"
    _write_sheet(made, plates, [path], engine.model_version)
    yield {"file": str(path), "across": across.name, "up": up.name}, str(path)


COMMANDS = {"generate": generate, "sheet": sheet, "mix": mix, "pad": pad}


def _wished(arguments: argparse.Namespace) -> list[Recipe]:
    """Return what `generate` shall make: of a text with several seeds, or of a recipe."""
    if (arguments.text is None) == (arguments.recipe is None):
        raise PromptError("Give either a text (or '' for a surprise) or --recipe FILE.")
    start = _settings(arguments, arguments.text or "")
    if arguments.recipe is not None:
        start = from_file(arguments.recipe)
        start = replace(start, corner_mark=start.corner_mark or arguments.corner_mark)
    if arguments.vary is not None:
        return variations(start, arguments.vary, arguments.num)
    return [start] if arguments.recipe is not None else series(start, arguments.num)


def _settings(arguments: argparse.Namespace, text: str = "") -> Recipe:
    return Recipe(
        text=text, less=arguments.less, less_weight=arguments.less_weight, seed=arguments.seed,
        guidance=arguments.guidance, steps=arguments.steps, corner_mark=arguments.corner_mark,
    )  # fmt: skip


def _recipe_of(source: str, arguments: argparse.Namespace, engine: Engine) -> Recipe:
    """Return where a picture begins: a recipe, a PNG of ours, a picture, a text or an id."""
    path = Path(source)
    start = _settings(arguments)
    if source.startswith(TEXT_PREFIX):
        return checked(replace(start, text=source.removeprefix(TEXT_PREFIX)))
    if path.is_file():
        found = from_file(path) if _tells(path) else engine.maker.start_of(engine.encode(path))
        return replace(found, corner_mark=found.corner_mark or arguments.corner_mark)
    if engine.maker.collection.row(source) is None:
        raise PictureError(
            f"There is no file and no engraving of the collection called '{source[:80]}'; "
            "give a recipe, a picture, an id such as 16102-0000, or 'text:a ship'."
        )
    return replace(start, engraving=source)


def _tells(path: Path) -> bool:
    """Tell whether a file says how it was made."""
    with path.open("rb") as file:
        start = file.read(len(PNG))
    if start == PNG:
        return not TELLING.isdisjoint(read_metadata(path))
    return path.suffix.lower() == ".json"


def _allowed(recipe: Recipe, arguments: argparse.Namespace, engine: Engine) -> Recipe:
    """Return the recipe; raises RecipeError where it is of another model and that is not wished."""
    if recipe.model_version in ("", engine.model_version) or arguments.any_model:
        return recipe
    raise RecipeError(
        f"The recipe is of model {recipe.model_version} and this is {engine.model_version}, so the "
        "picture would be another; add --any-model to make it all the same."
    )


def _written(
    named: Sequence[Named], arguments: argparse.Namespace, engine: Engine, progress: Progress
) -> Iterator[tuple[Plate, dict[str, Any], str]]:
    """Make pictures one at a time and write each with its recipe."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, (name, recipe) in enumerate(named):
        share = part(progress, number / len(named), (number + 1) / len(named))
        plate = engine.follow(_allowed(recipe, arguments, engine), progress=share)
        path = arguments.out / f"{name}.png"
        _write(path, png_with_metadata(plate.image, plate.facts()))
        _write(path.with_suffix(".json"), (plate.recipe.as_json() + "\n").encode())
        near = [asdict(neighbour) for neighbour in plate.neighbours]
        page: dict[str, Any] = {"file": str(path), **plate.facts(), "neighbours": near}
        page |= {"seed": plate.seed, "guidance": plate.guidance, "steps": plate.steps}
        page |= {"recipe": plate.recipe.page(), "verdict": asdict(plate.verdict)}
        yield plate, page, f"{path}: {plate.caption}"


def _write_sheet(
    made: Sheet, plates: Sequence[Plate], paths: Sequence[Path], model_version: str
) -> None:
    made, pictures = settled(made, plates), [plate.image for plate in plates]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        lay_out = as_pdf if path.suffix.lower() == ".pdf" else as_png
        _write(path, lay_out(made, pictures, model_version))


def _write(path: Path, data: bytes) -> None:
    with whole_file(path) as scratch:
        scratch.write_bytes(data)


def _texts_of(path: Path) -> list[str]:
    with path.open("rb") as file:
        data = file.read(MAX_TEXTS_BYTES + 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PromptError(f"{path} is no text in UTF-8; write one text a line.") from error
    if len(data) > MAX_TEXTS_BYTES:
        raise PromptError(f"{path} has more than {MAX_TEXTS_BYTES // 1000} kB; write fewer texts.")
    return texts_in(text)


def _name_of(source: str) -> str:
    """Return what files that begin from a source are called."""
    return Path(source).stem if Path(source).is_file() else _slug(source.removeprefix(TEXT_PREFIX))


def _slug(text: str) -> str:
    """Return a file name that resembles a text."""
    return re.sub(r"\W+", "-", text.lower())[:40].strip("-") or "engraving"
