"""Prints figures beside what they must be held against."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from engrave.errors import DataError

TABLE = (  # title, the figure, what stands beside it
    ("captions: loss in nats", "caption_loss",
     ("shuffled_caption_loss", "blank_caption_loss", "train_caption_loss")),
    ("captions: right tokens", "caption_accuracy",
     ("shuffled_caption_accuracy", "blank_caption_accuracy", "train_caption_accuracy")),
    ("captions: bits per byte", "bits_per_byte", ("train_bits_per_byte",)),
    ("captions: CIDEr", "cider",
     ("nn_cider", "random_cider", "frequent_cider", "blank_cider", "shuffled_cider",
      "train_cider")),
    ("captions: CIDEr where two described", "beside_human_cider", ("human_cider",)),
    ("captions: BLEU-4", "bleu4", ("nn_bleu4", "random_bleu4", "frequent_bleu4", "human_bleu4")),
    ("captions: ROUGE-L", "rouge_l", ("nn_rouge_l", "frequent_rouge_l", "human_rouge_l")),
    ("captions: distinct share", "distinct_share", ("nn_distinct_share",)),
    ("captions: own match", "clip_like_match",
     ("true_clip_like_match", "nn_clip_like_match", "shuffled_clip_like_match")),
    ("reconstruction: error at 256 px", "image_mse",
     ("shuffled_meaning_mse", "shuffled_layout_mse", "train_image_mse")),
    ("reconstruction: the same without padding", "image_mse_masked", ("train_image_mse_masked",)),
    ("reconstruction: error at 64 px", "image_mse_64",
     ("pca_mse_64", "thumbnail_mse_64", "mean_mse_64", "train_image_mse_64")),
    ("reconstruction: the same without padding", "image_mse_64_masked",
     ("pca_mse_64_masked", "thumbnail_mse_64_masked", "mean_mse_64_masked")),
    ("reconstruction: likeness of structure", "ssim", ("train_ssim",)),
    ("reconstruction: the same without padding", "ssim_masked", ("train_ssim_masked",)),
    ("reconstruction: sharpness", "sharpness", ("train_sharpness",)),
    ("reconstruction: lattice of 4 pixels", "lattice", ("lattice_real",)),
    ("search: recall at 1, text to image", "t2i_r1", ("chance_r1", "train_t2i_r1")),
    ("search: recall at 10, text to image", "t2i_r10", ("chance_r10", "train_t2i_r10")),
    ("search: recall at 10, image to text", "i2t_r10", ("chance_r10", "train_i2t_r10")),
    ("generation: KID", "kid", ("kid_floor", "kid_train_real", "train_kid")),
    ("generation: precision", "precision", ("precision_real",)),
    ("generation: recall", "recall", ("recall_real",)),
    ("generation: density", "density", ("density_real",)),
    ("generation: coverage", "coverage", ("coverage_real",)),
    ("generation: text found among 100", "r_precision",
     ("r_precision_real", "train_r_precision", "train_r_precision_real")),
    ("generation: spread of a prompt", "diversity", ("diversity_real",)),
    ("generation: nearest of training", "train_nn_similarity", ("test_nn_similarity",)),
    ("generation: nearest of all training", "index_nn_similarity", ("real_index_nn_similarity",)),
    ("leaning on an engraving: KID", "leaning_kid", ("kid_floor",)),
    ("leaning on an engraving: text found", "leaning_r_precision", ("r_precision_real",)),
    ("leaning on an engraving: nearest of training", "leaning_train_nn_similarity",
     ("leaning_test_nn_similarity",)),
    ("walks: KID of the middles, prior", "walk_kid",
     ("crossfade_kid", "crossfade_decoded_kid", "walk_kid_direct")),
    ("walks: path length, prior", "ppl", ("crossfade_ppl", "ppl_direct")),
    ("latent: norm", "latent_norm", ("latent_std", "latent_mean")),
    ("latent: effective rank of the meaning", "latent_effective_rank_meaning", ()),
    ("latent: effective rank of the layout", "latent_effective_rank_layout", ()),
)  # fmt: skip
COMPARED = (  # figures by which runs are set side by side
    "caption_accuracy", "cider", "nn_cider", "distinct_share", "image_mse_64", "sharpness",
    "t2i_r10", "kid", "r_precision", "walk_kid", "latent_effective_rank_meaning",
    "latent_effective_rank_layout",
)  # fmt: skip


def table(figures: Mapping[str, float]) -> str:
    """Return the figures that were measured beside their baselines, as Markdown."""
    lines = ["| figure | model | beside it |", "|---|---|---|"]
    for title, name, others in TABLE:
        if name in figures:
            beside = ", ".join(f"{o} {figures[o]:.4f}" for o in others if o in figures)
            lines.append(f"| {title} | {with_error(figures, name)} | {beside} |")
    return "\n".join(lines)


def with_error(figures: Mapping[str, float], name: str) -> str:
    """Return a figure and its standard error."""
    error = figures.get(f"{name}_error")
    return f"{figures[name]:.4f}" + (f" ± {error:.4f}" if error else "")


def side_by_side(evaluations: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table of several evaluations, one a column, as Markdown."""
    lines = [f"| figure | {' | '.join(evaluations)} |", "|---" * (len(evaluations) + 1) + "|"]
    for name in COMPARED:
        cells = [with_error(f, name) if name in f else "" for f in evaluations.values()]
        if any(cells):
            lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def read_evaluations(paths: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Read evaluations under the names of their folders; raises DataError when a file is none."""
    found = {}
    for path in paths:
        try:
            page = json.loads(path.read_text(encoding="utf-8"))
            found[path.resolve().parent.name] = {
                name: value for name, value in page.items() if isinstance(value, int | float)
            }
        except (OSError, ValueError, AttributeError) as error:
            raise DataError(
                f"{path} is no evaluation ({error}); write one with `python -m train evaluate`."
            ) from error
    return found
