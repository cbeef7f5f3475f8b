"""One table of the metrics we know: our name, what others call it, what it means, when it is
healthy."""

from __future__ import annotations

import re
from dataclasses import dataclass

STEP_NAMES = ("_step", "step", "global_step", "trainer/global_step", "iteration", "iter")
STAGE_NAMES = ("stage", "phase")
RUN_STAGES = ("meaning", "autoencoder", "captions", "priors")  # trackers get `stage/metric` from us
VALIDATION = "validation_"
_HELD_OUT = r"^(validation|valid|val|eval|evaluation|dev)_"
_TRAINING = r"^(train|training|batch|metrics|model|optimizer|optim)_"
EDGES = re.compile(r"__(MIN|MAX)$")  # envelope columns of a chart's export


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: `better` is -1 where lower is better, 1 where higher is, 0 where neither."""

    name: str
    kind: str  # loss, score, latent, rate, gradient, speed or clock
    better: int
    also: tuple[str, ...]
    what: str
    healthy: str


def _metric(name: str, kind: str, better: int, also: str, what: str, healthy: str) -> Metric:
    return Metric(
        name=name, kind=kind, better=better, also=tuple(also.split()), what=what, healthy=healthy
    )


TABLE = (
    _metric("loss_total", "loss", -1, "loss total_loss nll objective",
            "Weighted sum of all losses; what the optimiser lowers.",
            "Falls, then levels out; rises only where a new term joins."),
    _metric("loss_image", "loss", -1, "image_loss reconstruction_loss recon_loss loss_recon",
            "How far drawn pictures lie from the real ones.",
            "Falls; may rise a little where an adversary begins to ask for texture."),
    _metric("loss_caption", "loss", -1,
            "caption_loss text_loss ce_loss cross_entropy loss_text loss_ce",
            "Nats per word piece of the caption, padding left out.",
            "Falls well below the logarithm of the vocabulary."),
    _metric("loss_alignment", "loss", -1,
            "alignment_loss contrastive_loss loss_contrastive align_loss",
            "How far pictures and their texts lie apart in the shared space.",
            "Falls while the norm of the latent stays."),
    _metric("caption_accuracy", "score", 1, "accuracy acc token_accuracy caption_acc",
            "Share of word pieces guessed right, given those before.",
            "Rises; padding must not be counted."),
    _metric("learning_rate", "rate", 0, "lr lr_adamw lr_adam lr_sgd learning_rate_0 lr_0",
            "Size of a step of the optimiser.",
            "Rises in a short warm-up, then falls smoothly."),
    _metric("gradient_norm", "gradient", 0, "grad_norm gradient_norm_total total_norm gnorm",
            "Length of the gradient before it is clipped.",
            "Falls or stays; neither explodes nor vanishes."),
    _metric("latent_mean", "latent", 0, "z_mean latents_mean",
            "Average of all numbers of the latents.",
            "Small beside their spread."),
    _metric("latent_std", "latent", 0, "z_std latents_std",
            "Spread of the numbers of the latents.",
            "Stays; with the norm fixed it is norm / sqrt(width) and says nothing of its own."),
    _metric("latent_norm", "latent", 0, "z_norm latent_l2_norm latents_norm",
            "Length of the latent vectors.",
            "Stays; where nothing fixes it, an alignment loss can shrink it."),
    _metric("latent_min", "latent", 0, "z_min latents_min",
            "Smallest number in the latents.", "As far below zero as the largest is above."),
    _metric("latent_max", "latent", 0, "z_max latents_max",
            "Largest number in the latents.", "As far above zero as the smallest is below."),
    _metric("effective_rank", "latent", 1, "latent_rank latent_effective_rank rank rankme",
            "How many directions the latents of a batch really use: exp of the entropy of "
            "their singular values.",
            "Many; near one means that all pictures look alike to the model."),
    _metric("images_per_second", "speed", 1,
            "throughput samples_per_second samples_per_sec img_s imgs_per_sec",
            "Pictures that pass through a training step each second.", "Stays."),
    _metric("seconds", "clock", 0, "runtime elapsed wall_time time_elapsed",
            "Time since the start.", "Grows evenly."),
    _metric("timestamp", "clock", 0, "unix_time", "Time of day.", "Grows evenly."),
    _metric("epoch", "clock", 0, "epochs train_epoch", "Passes over all pictures.", "Grows."),
)  # fmt: skip
BY_NAME = {metric.name: metric for metric in TABLE}
_ALIASES = {alias: metric.name for metric in TABLE for alias in (metric.name, *metric.also)}


def canonical(raw: str) -> str:
    """Return our name of a column, or the column's own where the table does not know it."""
    tail = raw.rsplit(" - ", 1)[-1]  # `run name - metric`, as charts are exported
    plain = re.sub(r"[^a-z0-9]+", "_", tail.lower()).strip("_")
    held_out = re.search(_HELD_OUT, plain)
    plain = re.sub(_HELD_OUT, "", plain)
    if not held_out:
        plain = re.sub(_TRAINING, "", plain) if plain not in _ALIASES else plain
    plain = re.sub(r"_(step|batch)$", "", plain)
    if held_out:
        return VALIDATION + _ALIASES.get(plain, plain)
    return _ALIASES.get(plain, tail.strip())


def base_name(name: str) -> str:
    """Return the name without `validation_`."""
    return name.removeprefix(VALIDATION)


def kind_of(name: str) -> str:
    """Return the kind of a metric; an unknown name with `loss` in it is a loss."""
    base = base_name(name)
    if base in BY_NAME:
        return BY_NAME[base].kind
    if "loss" in base.lower():
        return "loss"
    if base.lower().endswith("gradient_norm"):
        return "gradient"
    return "rate" if base.lower().endswith("learning_rate") else "other"


SCORES = ("accuracy", "recall", "cider", "bleu", "meteor", "rouge", "_r1", "_r5", "_r10", "ssim")
ERRORS = ("mse", "mae", "kid", "fid", "perplexity", "error", "nll")


def better_of(name: str) -> int:
    """Return -1 where lower is better, 1 where higher is, 0 where that is not known."""
    base = base_name(name).lower()
    if base in BY_NAME:
        return BY_NAME[base].better
    if "loss" in base or any(word in base for word in ERRORS):
        return -1
    return 1 if any(word in base for word in SCORES) else 0
