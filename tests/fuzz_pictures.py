"""Damages pictures of every format and opens them: `python -m tests.fuzz_pictures 20000`.

Whatever comes must open or be refused with a sentence, in bounded memory and time.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image

from engrave.errors import PictureError
from engrave.image import FORMATS, open_picture, read_metadata

MODES = {
    "JPEG": ("L", "RGB", "CMYK"), "PNG": ("1", "L", "LA", "RGB", "RGBA", "P", "I;16"),
    "WEBP": ("RGB", "RGBA"), "TIFF": ("1", "L", "RGB", "CMYK", "I;16", "F", "LAB"),
    "GIF": ("L", "P"), "BMP": ("1", "L", "RGB"), "PPM": ("1", "L", "RGB"),
    "JPEG2000": ("L", "RGB", "RGBA"), "AVIF": ("RGB",),
}  # fmt: skip
SIDE_PX = 48
MEMORY_BYTES = 3 * 2**30  # of addresses; the code alone takes a good part of it
EDGES = (b"\x00", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x01", b"\x80")


@dataclass
class Account:
    """What came of the files."""

    opened: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    told: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def seeds() -> list[tuple[str, bytes]]:
    """Return one sound file of each format and mode."""
    found = []
    for kind in FORMATS:
        for mode in MODES[kind]:
            noise = Image.effect_noise((SIDE_PX, SIDE_PX), 80)
            buffer = BytesIO()
            _in_mode(noise, mode).save(buffer, kind)
            found.append((f"{kind} {mode}", buffer.getvalue()))
    return found


def _in_mode(noise: Image.Image, mode: str) -> Image.Image:
    if mode == "LAB":
        return Image.merge("LAB", (noise, noise, noise))
    return noise.convert("RGB").convert(mode) if mode in ("CMYK", "P") else noise.convert(mode)


def damaged(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """Return a file with one to three kinds of damage, half of it near the start."""
    hurt = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        reach = min(len(hurt), 96) if dice.random() < 0.5 else len(hurt)
        at = dice.randrange(max(1, reach))
        match dice.randrange(6):
            case 0:
                for _ in range(dice.choice((1, 4, 32))):
                    hurt[dice.randrange(reach)] = dice.randrange(256)
            case 1:
                del hurt[at:]
            case 2:
                edge = dice.choice(EDGES)
                hurt[at : at + len(edge)] = edge
            case 3:
                del hurt[at : at + dice.randint(1, 64)]
            case 4:
                hurt[at:at] = hurt[at : at + dice.randint(1, 256)] * dice.randint(1, 8)
            case _:
                start = dice.randrange(len(other))
                hurt[at:at] = other[start : start + dice.randint(1, 512)]
        if not hurt:
            hurt = bytearray(b"\x00")
    return bytes(hurt)


def files(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield damaged files, formats in turn; the same for the same seed."""
    dice, sound = random.Random(seed), seeds()
    for number in range(count):
        name, data = sound[number % len(sound)]
        yield f"{name} #{number}", damaged(dice, data, dice.choice(sound)[1])


def run(count: int, seed: int = 0, keep: Path | None = None) -> Account:
    """Open damaged files; what raises anything but PictureError is a fault, and is kept."""
    account = Account()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd tags it can live with
        for name, data in files(count, seed):
            start = time.perf_counter()
            try:
                for read in (open_picture, read_metadata):
                    _count(account, read, data)
            except Exception as error:
                account.faults.append(f"{name}: {error!r}"[:300])
                if keep:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{len(account.faults)}.bin").write_bytes(data)
            account.slowest_s = max(account.slowest_s, time.perf_counter() - start)
    return account


def _count(account: Account, read: Callable[[bytes], object], data: bytes) -> None:
    try:
        read(data)
    except PictureError as error:
        assert str(error).endswith(".") and "\n" not in str(error), error
        account.refused += read is open_picture
        account.told[str(error).split(";")[0][:60]] += 1
    else:
        account.opened += read is open_picture


def main() -> int:
    """Run from the command line; return 1 where there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for files that made a fault")
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    start = time.perf_counter()
    account = run(asked.count, asked.seed, asked.keep)
    unit = 2**30 if sys.platform == "darwin" else 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(
        f"{asked.count} files in {time.perf_counter() - start:.0f} s: {account.opened} opened, "
        f"{account.refused} refused, {len(account.faults)} faults; slowest "
        f"{account.slowest_s:.2f} s, peak memory {peak:.2f} GiB"
    )
    print("\n".join(account.faults[:20]))
    return 1 if account.faults else 0


if __name__ == "__main__":
    sys.exit(main())
