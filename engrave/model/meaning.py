"""Reads from a picture what it shows: EfficientNet-Lite0, then attention pooling to the meaning.

Shapes: B pictures, S side in pixels, C channels, M width of the meaning, H heads, N cells, D
channels of a head."""

from typing import Any

import timm
import torch.nn.functional as F
from einops import einsum, rearrange
from torch import Tensor, nn

from engrave.model.sphere import SCALE

FROZEN_BLOCKS = 5  # stages that fine-tuning leaves as ImageNet made them: strides 2 to 16
TRUNK_CHANNELS = 112  # what they give, at stride 16
HEADS = 8


class MeaningEncoder(nn.Module):
    """Pictures (B, 1, S, S) in [-1, 1] -> meaning (B, M) of mean 0 and norm sqrt(M) / 32."""

    def __init__(self, side_px: int, width: int) -> None:
        super().__init__()
        self.side_px, self.width = side_px, width
        net: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
        channels = net.conv_head.out_channels
        self.net: Any = net
        self.attend = nn.Linear(channels, HEADS)
        self.value = nn.Linear(channels, width)

    def trunk(self, picture_B1SS: Tensor) -> Tensor:
        """Return the features at stride 16, (B, 112, s, s): the part that can be cached."""
        seen = F.interpolate(
            picture_B1SS, size=(self.side_px, self.side_px), mode="bilinear", antialias=True
        )
        x = self.net.bn1(self.net.conv_stem(seen.expand(-1, 3, -1, -1)))
        return self.net.blocks[:FROZEN_BLOCKS](x)

    def head(self, trunk_BCss: Tensor) -> Tensor:
        """Return the meaning (B, M) of trunk features."""
        x = self.net.blocks[FROZEN_BLOCKS:](trunk_BCss)
        x_BNC = rearrange(self.net.bn2(self.net.conv_head(x)), "b c h w -> b (h w) c")
        weight_BNH = self.attend(x_BNC).softmax(dim=1)
        value_BNHD = rearrange(self.value(x_BNC), "b n (h d) -> b n h d", h=HEADS)
        pooled_BHD = einsum(weight_BNH, value_BNHD, "b n h, b n h d -> b h d")
        return F.layer_norm(rearrange(pooled_BHD, "b h d -> b (h d)"), (self.width,)) * SCALE

    def forward(self, picture_B1SS: Tensor) -> Tensor:
        return self.head(self.trunk(picture_B1SS))
