"""An engine without a model: draws plausible pictures with numpy, so that pages can be tested."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from engrave import limits
from engrave.answers import Candidate, CaptionAnswer, Neighbour, Plate, Walk
from engrave.collection import Collection, Item, Label
from engrave.collection.queries import Nearness
from engrave.engine import Engine
from engrave.errors import PictureError
from engrave.image import open_picture
from engrave.making import Maker
from engrave.recipe import Recipe as PlateRecipe
from engrave.walks import Keyframe, Recipe
from engrave.walks.walker import Walker
from tests.fake_studio import NARROW, WIDTH, FakeStudio, caption_of, draw, latent_from, unit

Progress = Callable[[float, str], None]
SUBJECTS = ("people", "animal", "building", "sea", "bird", "plant", "machine", "landscape")
TECHNIQUES = ("wood-engraving", "metal", "woodcut", "outline")


def make_items(count: int) -> tuple[list[Item], np.ndarray, np.ndarray]:
    """Return items, latents and embeddings in groups, as a real collection has them."""
    rng = np.random.default_rng(0)
    groups = rng.integers(0, len(SUBJECTS), count)
    centres = rng.normal(size=(len(SUBJECTS), 2)) * 6
    places = centres[groups] + rng.normal(size=(count, 2))
    latents = unit(rng.normal(size=(count, WIDTH)))
    themes = rng.normal(size=(len(SUBJECTS), NARROW))
    embeddings = unit(themes[groups] + rng.normal(size=(count, NARROW)))
    items = [make_item(row, int(groups[row]), places[row], latents[row]) for row in range(count)]
    return items, latents, embeddings


def make_item(row: int, group: int, place: np.ndarray, latent: np.ndarray) -> Item:
    """Return one item."""
    book = 10_000 + row % 40
    return Item(
        id=f"{book}-{row:04d}",
        caption=caption_of(latent),
        printed="<b>A Title & more</b>" if row % 3 else "",
        subject=SUBJECTS[group],
        technique=TECHNIQUES[row % 4],
        kind="picture",
        book=f"A Book of Old Things, volume {row % 40}",
        author="A. Nonymous",
        language="en",
        year=1500 + row % 40 * 10,
        gutenberg_id=book,
        split="train",
        x=float(place[0]),
        y=float(place[1]),
    )


def make_collection(folder: Path, count: int = 240) -> Collection:
    """Write a collection of drawn pictures and load it."""
    items, latents, embeddings = make_items(count)
    label = Label(name="fake", version="fake-1", model_version="fake-1")
    collection = Collection(items, latents=latents, embeddings=embeddings, label=label)
    collection.save(folder, (draw(latent, 96) for latent in latents))
    return Collection.load(folder)


class FakeEngine:
    """Has the methods of the engine that the page calls."""

    model_version = "fake-1"
    preset = "fake"

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.maker = Maker(
            FakeStudio, FakeStudio.config, collection, self.model_version, lambda: collection.items
        )
        self.studio = FakeStudio()

    def with_collection(self, collection: Collection) -> "FakeEngine":
        """Return an engine over another collection."""
        return FakeEngine(collection)

    def encode(self, image: object) -> np.ndarray:
        """Return a latent that depends on the picture."""
        picture = open_picture(image)  # type: ignore[arg-type]
        return latent_from(hashlib.sha256(picture.tobytes()).hexdigest())

    def embed(self, latents: np.ndarray) -> np.ndarray:
        """Return half of each latent."""
        return unit(latents[:, :NARROW])

    def nearness(self, latent: np.ndarray) -> Nearness:
        """Say how near a latent is to the collection."""
        return self.collection.nearness(latent, NARROW)

    def embed_texts(self, texts: list[str]) -> np.ndarray:
        """Return an embedding for each text."""
        return self.embed(np.stack([latent_from(limits.needed_text(text)) for text in texts]))

    def caption(
        self,
        image: object,
        *,
        num: int = 3,
        num_neighbours: int = 6,
        sampled: int = 0,
        progress: Progress | None = None,
    ) -> CaptionAnswer:
        """Return captions of a picture."""
        latent = self.encode(image)
        count = limits.CANDIDATES.whole(num) + limits.SAMPLED.whole(sampled)
        texts = [caption_of(np.roll(latent, k)) for k in range(count)]
        found = tuple(
            Candidate(
                one,
                0.6 / (k + 1),
                0.3 - 0.05 * k,
                "beam" if k < num else "sampled",
                tuple((word, 0.6 / (k + 1)) for word in one.split()),
            )
            for k, one in enumerate(texts)
        )
        return CaptionAnswer(found, self.neighbours(latent, num_neighbours), latent)

    def generate(
        self,
        text: str,
        *,
        num: int = 4,
        seed: int = 0,
        guidance: float = 2.0,
        steps: int = 20,
        less: str = "",
        less_weight: float = 1.0,
        corner_mark: bool = False,
        num_neighbours: int = 4,
        describe: bool = True,
        progress: Progress | None = None,
    ) -> Iterator[Plate]:
        """Make plates one at a time."""
        recipe = PlateRecipe(
            text=text, less=less, less_weight=less_weight, seed=seed, guidance=guidance,
            steps=steps, corner_mark=corner_mark,
        )  # fmt: skip
        for k in range(limits.PLATES.whole(num)):
            if progress:
                progress(k / num, f"engraving {k + 1}")
            one = replace(recipe, seed=limits.SEED.whole(seed) + k)
            yield self.follow(one, num_neighbours=num_neighbours, describe=describe)

    def follow(self, recipe: PlateRecipe, **wish: Any) -> Plate:
        """Make a plate of a recipe."""
        return self.maker.make(recipe, **wish)

    def latent_of(self, source: object, *, seed: int = 0) -> np.ndarray:
        """Return the latent of a text, an id or a picture."""
        if isinstance(source, np.ndarray):
            return source
        if not isinstance(source, str):
            return self.encode(source)
        if source.startswith("text:"):
            return latent_from(f"{limits.needed_text(source[5:])}|{seed}")
        row = self.collection.row(source)
        if row is None:
            raise PictureError(f"There is no engraving called '{source}'; give an id.")
        return self.collection.latents[row]

    def walk(
        self,
        a: object,
        b: object,
        *,
        frames: int = 16,
        mode: str = "prior",
        curve: str = "slerp",
        seed: int = 0,
        steps: int = 20,
        caption_every: int = 4,
        progress: Progress | None = None,
    ) -> Walk:
        """Walk from one end to the other."""
        ends = [self.latent_of(end, seed=seed) for end in (a, b)]
        recipe = Recipe(
            keyframes=tuple(Keyframe(latent=end) for end in ends),
            modes=(mode,), frames=frames, pace="time", curve=curve, steps=steps,
        )  # fmt: skip
        return self.walk_through(recipe, caption_every=caption_every, progress=progress)

    def walk_through(
        self, recipe: Recipe, *, caption_every: int = 1, progress: Progress | None = None
    ) -> Walk:
        """Walk through keyframes as the engine does, over a model that draws."""
        recipe.check_model(self.model_version)
        latents = [self.latent_of(one.whence, seed=one.seed) for one in recipe.keyframes]
        walker = Walker(FakeStudio(), self.collection, recipe, latents)
        return walker.walk(caption_every=caption_every, progress=progress)

    def search(self, text: str, *, num: int = 24) -> tuple[Neighbour, ...]:
        """Return engravings for a text."""
        return self.collection.nearest(self.embed_texts([text])[0], limits.RESULTS.whole(num))

    def neighbours(
        self, vector: np.ndarray, num: int = 6, *, exclude: int | None = None
    ) -> tuple[Neighbour, ...]:
        """Return the nearest engravings."""
        return self.collection.nearest(vector[:NARROW], num, exclude=exclude)

    def place(self, vector: np.ndarray) -> tuple[float, float]:
        """Return where a latent or an embedding belongs on the map."""
        return self.collection.place(unit(vector[:NARROW]))

    def decode(self, latents: np.ndarray, *, progress: Progress | None = None) -> list[Image.Image]:
        """Return drawn pictures."""
        return [draw(latent) for latent in latents]

    def words(self, latents: np.ndarray) -> list[str]:
        """Return a caption for each latent."""
        return [caption_of(latent) for latent in latents]

    def original(self, index: int) -> Image.Image:
        """Return the picture of an engraving of the collection."""
        return self.collection.picture(index) or draw(self.collection.latents[index])


@cache
def fake_engine() -> Engine:
    """Return one engine over one collection in a temporary folder, the same for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="engrave-fake-")) / "collection"
    return cast(Engine, FakeEngine(make_collection(folder)))


def noise(path: Path, size: tuple[int, int] = (160, 200), seed: int = 0) -> Path:
    """Write a picture of grey noise; its ending says in which format."""
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def serve() -> None:
    """Serve the page over the drawing engine, as app.py does over the model."""
    from engrave.ui.exhibit import build_examples
    from engrave.ui.page import build_page, launch_settings

    engine = fake_engine()
    examples = Path(tempfile.mkdtemp(prefix="engrave-fake-")) / "examples"
    build_examples(engine, examples)
    page = build_page(engine, examples)
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_settings())
    print(f"Engrave is at {address}", flush=True)
    page.block_thread()


if __name__ == "__main__":
    serve()
