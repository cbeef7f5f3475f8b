"""Turns grey pictures into tensors and back."""

import numpy as np
import torch
from einops import rearrange
from PIL import Image
from torch import Tensor


def to_tensor(image: Image.Image) -> Tensor:
    """Return a grey picture as (1, H, W), float32, from -1 (black) to 1 (white)."""
    return torch.from_numpy(np.array(image.convert("L"), dtype=np.float32))[None] / 127.5 - 1


def to_image(picture_1HW: Tensor) -> Image.Image:
    """Return (1, H, W), from -1 (black) to 1 (white), as a picture in mode "L"."""
    grey_HW = rearrange(picture_1HW.detach().float().cpu().clamp(-1, 1), "1 h w -> h w")
    return Image.fromarray(((grey_HW + 1) * 127.5).round().to(torch.uint8).numpy())
