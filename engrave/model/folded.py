"""Makes a model that only reads and draws do so faster: the same numbers from fewer passes."""

from copy import deepcopy
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engrave.model.meaning import MeaningEncoder
from engrave.model.multimodal import MultimodalModel


@torch.no_grad()
def folded(meaning: MeaningEncoder) -> MeaningEncoder:
    """Return a copy for inference: each batch norm is part of the convolution before it, and the
    channels of a pixel lie side by side, which takes about half of the time on a CPU."""
    copy = deepcopy(meaning).eval()
    for parent in list(copy.net.modules()):
        for (first, conv), (second, norm) in pairwise(list(parent.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                # the bias takes the place of what the norm subtracted; its activation stays
                setattr(parent, first, fuse_conv_bn_eval(conv, norm))
                setattr(parent, second, getattr(norm, "act", nn.Identity()))
    return copy.to(memory_format=torch.channels_last)


def side_by_side(model: MultimodalModel) -> MultimodalModel:
    """Lay the weights of encoder and decoder out so that the channels of a pixel lie side by side,
    and return the model; on a CPU it then draws in half of the time."""
    for part in (model.layout, model.decoder):
        part.to(memory_format=torch.channels_last)
    return model
