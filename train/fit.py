"""Takes a preset, data and a folder, and runs the stages that are still to do."""

from __future__ import annotations

import dataclasses
import json
import platform
import subprocess
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import set_seed
from tqdm import tqdm

from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.config import ModelConfig
from engrave.errors import ConfigError, DataError
from engrave.model.multimodal import MultimodalModel
from engrave.tokenizer import Tokenizer
from train import config as settings
from train import corrections, trackers
from train.accepted import is_review_export
from train.config import STAGES, TrainConfig
from train.data import Examples, load
from train.loop import Budget, Run, accelerator, save_state
from train.setup import fresh_model
from train.stages.autoencoder import AutoencoderStage
from train.stages.base import Context, Stage
from train.stages.captions import CaptionStage
from train.stages.meaning import MeaningStage
from train.stages.priors import PriorStage

MAKERS: dict[str, type[Stage]] = {
    "meaning": MeaningStage,
    "autoencoder": AutoencoderStage,
    "captions": CaptionStage,
    "priors": PriorStage,
}
STALE = {
    "meaning": ("meaning-*", "latent-*", "text-*"),
    "autoencoder": ("latent-*",),
    "captions": (),
    "priors": (),
}


def fit(
    *,
    preset: str,
    data: Path,
    out: Path,
    stage: str = "all",
    minutes: float | None = None,
    epochs: float | None = None,
    resume: bool = False,
    start: Path | None = None,
    stop_after: int | None = None,
    changes: dict[str, Any] | None = None,
    tracker: str | None = None,
) -> dict[str, float]:
    """Train, from the checkpoint in `start` where one is given, and return the last validation
    figures; raises Interrupted when `stop_after` steps were made.

    Of an export of the caption desk a finished model learns words alone, unless another stage is
    asked for, and run.json tells what that changed on accepted captions that were held out.
    """
    training = dataclasses.replace(settings.named(preset), **(changes or {}))
    exported = is_review_export(data)
    names = corrections.STAGES if stage == "all" and start and exported else _stages(stage)
    trackers.check(tracker)
    if not resume and stage == "all" and (out / "run.json").exists():
        raise ConfigError(
            f"{out} holds a run already; add --resume to go on with it, or name another folder."
        )
    out.mkdir(parents=True, exist_ok=True)
    set_seed(training.seed)
    speeder = accelerator(tracker, out)
    with speeder.main_process_first():  # what the first has cached the others only read
        model, context = _context(preset, training, data, out, speeder.device, start)
        record = _record(out, preset, context, data, speeder.num_processes)
    trackers.start(speeder, tracker, out, record | {"seed": training.seed})
    figures: dict[str, float] = {}
    for name in names:
        if stage == "all" and name in record["done"]:
            continue
        share = training.stages[name].minutes_share if len(names) > 1 else 1.0
        budget = Budget(None if minutes is None else minutes * share, epochs, stop_after)
        figures, took = _run(name, context, budget, resume, speeder)
        record["minutes"] = round(record.get("minutes", 0.0) + took, 1)  # of all passes so far
        if speeder.is_main_process:
            _finish(name, model, context, record, figures)
        speeder.wait_for_everyone()
    speeder.end_training()
    return figures


def _stages(stage: str) -> tuple[str, ...]:
    if stage == "all":
        return STAGES
    if stage not in STAGES:
        raise ConfigError(f"There is no stage '{stage}'; choose all or one of {', '.join(STAGES)}.")
    return (stage,)


def _context(
    preset: str,
    training: TrainConfig,
    data: Path,
    out: Path,
    device: torch.device,
    start: Path | None = None,
) -> tuple[MultimodalModel, Context]:
    config = settings.sizes(preset)
    train = load(data, "train", config.side_px, out / "cache")
    if is_review_export(data):
        training = corrections.adapted(training, len(train)) if start else training
    elif len(train) < 8:
        raise DataError(f"{data} has {len(train)} training pictures; training needs 8 or more.")
    validation = _validation(data, config.side_px, out, train)
    if (out / "model.pt").is_file():
        model = load_raw(out, config)
    else:
        model = fresh_model(config, train) if start is None else load_start(start, config)
    model.to(device)
    return model, Context(model, train, validation, training, out, device)


def _validation(data: Path, side_px: int, out: Path, train: Examples) -> Examples:
    try:
        return load(data, "validation", side_px, out / "cache")
    except DataError:
        kept = max(
            4, len(train) // 20
        )  # a folder without a validation split lends a few of its pictures
        return Examples(train.pictures[:kept], train.rows[:kept])


def load_start(start: Path, config: ModelConfig) -> MultimodalModel:
    """Load a finished model to train on, under the name of the preset; its vocabularies stay."""
    model = from_pretrained(start)
    own = model.config
    fitting = dataclasses.replace(
        config, text_vocab=own.text_vocab, caption_vocab=own.caption_vocab, preset=own.preset
    )
    if fitting != own:
        raise ConfigError(
            f"{start} holds a model of preset {own.preset}, whose sizes are not those of "
            f"{config.preset}; choose the preset it was trained with, or another folder."
        )
    model.config = dataclasses.replace(own, preset=config.preset)
    return model


def load_raw(out: Path, config: ModelConfig) -> MultimodalModel:
    """Load the full-precision weights of a run under way."""
    held = torch.load(out / "model.pt", map_location="cpu", weights_only=True)
    pieces = Tokenizer(held["text"]), Tokenizer(held["caption"])
    model = MultimodalModel(ModelConfig.fromdict(held["config"]), *pieces)
    model.load_state_dict(held["weights"])
    if model.config.preset != config.preset:
        raise ConfigError(
            f"{out} holds preset {model.config.preset}, not {config.preset}; name another folder."
        )
    return model


def _run(
    name: str, context: Context, budget: Budget, resume: bool, speeder: Any
) -> tuple[dict[str, float], float]:
    """Return the stage's last figures and how many minutes it took."""
    made = MAKERS[name](context).to(context.device)
    made.eval()
    with speeder.main_process_first():
        made.prepare()
    run = Run(made, budget, context.out / "log.jsonl", speeder)
    if resume:
        run.resume()
    return run.go(), run.elapsed / 60


def _finish(
    name: str,
    model: MultimodalModel,
    context: Context,
    record: dict[str, Any],
    figures: dict[str, float],
) -> None:
    """Keep the stage's weights, mark it done, and drop what was cached from older ones."""
    save_raw(model, context.out)
    stale = STALE[name] if name != "autoencoder" or context.config.layout_trained else ()
    for pattern in stale:
        for path in context.cache.glob(f"{pattern}.npy"):
            path.unlink()
    record["done"] = [*[done for done in record["done"] if done != name], name]
    record["figures"][name] = figures
    if "corrections" in record:
        found = corrections.finish(context.out, model, context.validation, record["corrections"])
        record["corrections"] = found
        tqdm.write(corrections.told(found))
    record["finished"] = time.strftime("%Y-%m-%d %H:%M:%S")
    record["version"] = f"{record['preset']}-{time.strftime('%Y%m%d-%H%M')}"
    (context.out / "run.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    (context.out / "stages" / name / "state.pt").unlink(missing_ok=True)
    save_pretrained(
        model, context.out / "model", {"preset": record["preset"], "version": record["version"]}
    )


def save_raw(model: MultimodalModel, out: Path) -> None:
    held = {
        "config": model.config.asdict(),
        "text": model.text_pieces.pieces,
        "caption": model.caption_pieces.pieces,
        "weights": model.state_dict(),
    }
    save_state(held, out / "model.pt")


def _record(out: Path, preset: str, context: Context, data: Path, processes: int) -> dict[str, Any]:
    """Return what is known of the run so far, or begin its record."""
    path = out / "run.json"
    if path.is_file():
        known = dict(json.loads(path.read_text(encoding="utf-8")))
        if "corrections" in known:
            corrections.check_same(out, context.validation)
        return known
    packages = ("torch", "transformers", "timm", "accelerate", "numpy")
    record = {
        "preset": preset,
        "version": f"{preset}-{time.strftime('%Y%m%d')}",
        "data": Path(data).name,
        "train_pictures": len(context.train),
        "validation_pictures": len(context.validation),
        "device": str(context.device),
        "hardware": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "processes": processes,
        "commit": _commit(),
        "versions": {name: metadata.version(name) for name in packages},
        "config": context.config.asdict(),
        "parameters": sum(p.numel() for p in context.model.parameters()),
        "done": [],
        "figures": {},
    }
    if is_review_export(data):
        begun = corrections.begin(context.out, context.model, context.train, context.validation)
        record["corrections"] = begun
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    save_raw(context.model, out)
    return record


def _commit() -> str:
    """Return the commit of the code, or nothing outside of a repository."""
    command = ["git", "rev-parse", "HEAD"]
    folder = Path(__file__).parent
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError:  # no git here
        return ""
    return done.stdout.strip()
