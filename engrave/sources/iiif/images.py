"""Asks for a canvas's picture in a size that is enough: from its service, else as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from engrave.errors import EngraveError, SourceError
from engrave.sources.fetch import Fetcher
from engrave.sources.iiif.canvases import Json, Picture, id_of, listed, size_of
from engrave.sources.words import shown

SIDE_PX = 1024  # of the longer side, more than any model here looks at
MAX_INFO_BYTES = 1_000_000
STARTS = (b"{", b"<", b"[", b"\xef\xbb\xbf<")  # of answers that tell of a fault instead


def fetch_picture(picture: Picture, fetcher: Fetcher) -> bytes:
    """Return the encoded picture, by the first way that works; raises SourceError."""
    first: EngraveError | None = None
    for address in _ways(picture, fetcher):
        try:
            data = fetcher.get(address)
            if data.lstrip()[:1] in STARTS or not data:
                raise SourceError(f"{shown(address)} holds a text and no picture; look at it.")
            return data
        except SourceError as error:
            first = first or error
    raise first or SourceError("This canvas has no picture with an address.")


def _ways(picture: Picture, fetcher: Fetcher) -> Iterator[str]:
    """Yield addresses, that of the smallest picture that is enough first."""
    for service in picture.services:
        if id_of(service) and version_of(service):
            told = {"width": picture.width_px, "height": picture.height_px} | service
            if not _is_enough(told):
                told |= _info(service, fetcher)
            yield from sized_addresses(told, id_of(service).rstrip("/"), bool(picture.id))
            break
    if picture.id:
        yield picture.id


def sized_addresses(service: Json, base: str, has_file: bool) -> Iterator[str]:
    """Yield requests that a service of this version and level answers."""
    version, (width_px, height_px) = version_of(service), size_of(service)
    last = "0/native.jpg" if version == 1 else "0/default.jpg"
    whole = "max" if version == 3 else "full"
    if level_of(service) == 0:
        size = _ready_size(service, version)
        if size:
            yield f"{base}/full/{size}/{last}"
        if not has_file:  # else that file is the surer one: many hosts of level 0 have only tiles
            yield f"{base}/full/{whole}/{last}"
        return
    limit_px = min(SIDE_PX, *_limits(service))
    if not (width_px and height_px):
        yield f"{base}/full/!{limit_px},{limit_px}/{last}"
    elif max(width_px, height_px) > limit_px:
        # the width alone is the one form that every version takes from level 1 on
        yield f"{base}/full/{max(1, width_px * limit_px // max(width_px, height_px))},/{last}"
    yield f"{base}/full/{whole}/{last}"


def version_of(service: Json) -> int:
    """Return the version of the Image API that a service speaks, 0 for other services."""
    kind = service.get("type") or service.get("@type")
    told = f"{kind} {service.get('@context')} {service.get('profile')}"
    if "ImageService3" in told or "/image/3" in told:
        return 3
    if "ImageService2" in told or "/image/2" in told:
        return 2
    return 1 if re.search(r"ImageService1|image-api|/image/1", told) else 0


def level_of(service: Json) -> int | None:
    """Return how much a service can do: 0 gives only what it lists."""
    profiles = (profile for profile in listed(service.get("profile")) if isinstance(profile, str))
    found = next((re.search(r"level([012])", profile) for profile in profiles), None)
    return int(found[1]) if found else None


def _is_enough(service: Json) -> bool:
    """Tell whether a service says enough of itself to ask it at once."""
    level = level_of(service)
    if level == 0:
        return bool(service.get("sizes"))
    return level is not None and all(size_of(service))


def _info(service: Json, fetcher: Fetcher) -> Json:
    """Return what a service says of itself when it is asked; nothing where that fails."""
    try:
        data = fetcher.get(id_of(service).rstrip("/") + "/info.json", MAX_INFO_BYTES)
        info = json.loads(data)
    except (SourceError, ValueError, RecursionError):
        return {}
    return {k: v for k, v in info.items() if v is not None} if isinstance(info, dict) else {}


def _ready_size(service: Json, version: int) -> str:
    """Return the smallest listed size that is enough, else the largest."""
    sizes = [size_of(one) for one in listed(service.get("sizes"))[:100] if isinstance(one, dict)]
    sizes = sorted(size for size in sizes if all(size))
    if not sizes:
        return ""
    enough = [size for size in sizes if max(size) >= SIDE_PX]
    width_px, height_px = enough[0] if enough else sizes[-1]
    return f"{width_px},{height_px}" if version == 3 else f"{width_px},"


def _limits(service: Json) -> list[int]:
    """Return the largest sides that a service gives."""
    told: list[Any] = [service, *(p for p in listed(service.get("profile")) if isinstance(p, dict))]
    found = [one.get(name) for one in told for name in ("maxWidth", "maxHeight")]
    return [side for side in found if isinstance(side, int) and side > 0] or [SIDE_PX]
