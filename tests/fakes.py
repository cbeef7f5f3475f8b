"""An engine without a model: draws plausible pictures with numpy, so that pages can be tested."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from engrave import limits
from engrave.answers import Candidate, CaptionAnswer, Neighbour, Plate, Walk
from engrave.collection import Collection, Item, Label
from engrave.engine import Engine
from engrave.errors import PictureError
from engrave.image import open_picture

Progress = Callable[[float, str], None]
SIDE_PX = 256
WIDTH, NARROW = 1024, 512
SUBJECTS = ("people", "animal", "building", "sea", "bird", "plant", "machine", "landscape")
TECHNIQUES = ("wood-engraving", "metal", "woodcut", "outline")
NOUNS = ("a ship", "an owl", "a tower", "an old man", "a horse", "a bridge", "a lion", "a tree")
PLACES = ("on a hill", "by the sea", "in a wood", "before a wall", "under dark clouds")


def unit(rows: np.ndarray) -> np.ndarray:
    """Return rows at norm 1, float32."""
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def latent_from(text: str) -> np.ndarray:
    """Return the same latent for the same text."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return unit(np.random.default_rng(seed).normal(size=WIDTH))


def draw(latent: np.ndarray, side_px: int = SIDE_PX) -> Image.Image:
    """Draw hatched hills under a hatched sky; near latents give near pictures."""
    a, b, c, d, e = 32 * latent[:5].astype(float)
    y, x = np.mgrid[0:side_px, 0:side_px] / side_px
    hill = 0.55 + 0.12 * np.sin(6 * x + 2 * a) + 0.05 * np.sin(17 * x + 3 * b)
    sky = 0.75 + 0.25 * np.sin(90 * y + 6 * np.sin(5 * x + c))
    ground = 0.35 + 0.35 * np.sin(110 * (x + 0.4 * d * y) + 9 * y)
    sun = ((x - 0.5 - 0.15 * d) ** 2 + (y - 0.25 - 0.05 * e) ** 2) < 0.006
    ink = np.where(y > hill, ground, np.where(sun, 1.0, sky))
    edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) < 0.03
    return Image.fromarray((np.clip(np.where(edge, 1, ink), 0, 1) * 255).astype(np.uint8))


def caption_of(latent: np.ndarray) -> str:
    """Return a caption that depends on the latent."""
    first, second = (int(abs(value) * 10_000) for value in latent[:2])
    return f"{NOUNS[first % len(NOUNS)]} {PLACES[second % len(PLACES)]} with fine hatching"


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

    def encode(self, image: object) -> np.ndarray:
        """Return a latent that depends on the picture."""
        picture = open_picture(image)  # type: ignore[arg-type]
        return latent_from(hashlib.sha256(picture.tobytes()).hexdigest())

    def embed(self, latents: np.ndarray) -> np.ndarray:
        """Return half of each latent."""
        return unit(latents[:, :NARROW])

    def embed_texts(self, texts: list[str]) -> np.ndarray:
        """Return an embedding for each text."""
        return self.embed(np.stack([latent_from(limits.needed_text(text)) for text in texts]))

    def caption(
        self,
        image: object,
        *,
        num: int = 3,
        num_neighbours: int = 6,
        progress: Progress | None = None,
    ) -> CaptionAnswer:
        """Return captions of a picture."""
        latent = self.encode(image)
        texts = [caption_of(np.roll(latent, k)) for k in range(limits.CANDIDATES.whole(num))]
        found = tuple(Candidate(one, 0.6 / (k + 1), 0.3 - 0.05 * k) for k, one in enumerate(texts))
        return CaptionAnswer(found, self.neighbours(latent, num_neighbours), latent)

    def generate(
        self,
        text: str,
        *,
        num: int = 4,
        seed: int = 0,
        guidance: float = 2.0,
        steps: int = 20,
        num_neighbours: int = 4,
        describe: bool = True,
        progress: Progress | None = None,
    ) -> Iterator[Plate]:
        """Make plates one at a time."""
        text, guidance, steps = (
            limits.clean_text(text), limits.GUIDANCE.number(guidance), limits.STEPS.whole(steps),
        )  # fmt: skip
        for k in range(limits.PLATES.whole(num)):
            if progress:
                progress(k / num, f"engraving {k + 1}")
            own = limits.SEED.whole(seed) + k
            latent = latent_from(f"{text}|{own}|{guidance}|{steps}")
            near = self.neighbours(latent, num_neighbours)
            yield Plate(
                draw(latent), latent, text, own, guidance, steps, caption_of(latent), near, "fake-1"
            )

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
        """Walk in a straight line."""
        count = limits.FRAMES.whole(frames)
        mode = limits.one_of("mode", mode, limits.MODES)
        first, last = self.latent_of(a, seed=seed), self.latent_of(b, seed=seed)
        shares = np.linspace(0, 1, count)[:, None]
        latents = unit((1 - shares) * first + shares * last)
        pictures = []
        for k, latent in enumerate(latents):
            if progress:
                progress(k / count, f"frame {k + 1}")
            pictures.append(draw(latent))
        chosen = sorted({*range(0, count, caption_every), count - 1})
        captions = {k: caption_of(latents[k]) for k in chosen}
        return Walk(tuple(pictures), latents, captions, mode, curve)

    def search(self, text: str, *, num: int = 24) -> tuple[Neighbour, ...]:
        """Return engravings for a text."""
        return self.collection.nearest(self.embed_texts([text])[0], limits.RESULTS.whole(num))

    def neighbours(
        self, vector: np.ndarray, num: int = 6, *, exclude: int | None = None
    ) -> tuple[Neighbour, ...]:
        """Return the nearest engravings."""
        return self.collection.nearest(vector[:NARROW], num, exclude=exclude)

    def decode(self, latents: np.ndarray, *, progress: Progress | None = None) -> list[Image.Image]:
        """Return drawn pictures."""
        return [draw(latent) for latent in latents]

    def words(self, latents: np.ndarray) -> list[str]:
        """Return a caption for each latent."""
        return [caption_of(latent) for latent in latents]

    def original(self, index: int) -> Image.Image:
        """Return the picture of an engraving of the collection."""
        return draw(self.collection.latents[index])


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
