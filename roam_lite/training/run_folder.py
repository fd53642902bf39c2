"""The folder of a training run: its options, configuration, state, checkpoint and card.

`config.json` has the whole configuration: a resumed run continues with the constants
that it started with, even if its profile has changed.
"""

import hashlib
import json
import platform
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch

from roam_lite.config import Config, Stage
from roam_lite.data.sources import parse_sources, source_words, split_weight
from roam_lite.errors import InputError
from roam_lite.files import write_atomically
from roam_lite.text import read_text
from roam_lite.training.processes import world

CONFIG, STATE = "config.json", "state.safetensors"
CHECKPOINT, CARD = "checkpoint.safetensors", "checkpoint.json"
BEST, BEST_CARD = "best.safetensors", "best.json"


@dataclass(frozen=True)
class TrainConfig:
    """What to train, on which data, and where to write it."""

    profile: str
    data: str
    out: str
    steps: int | None = None  # over all selected stages; None: the profile's own numbers
    batch: int | None = None  # at most this many clips per step; None: the profile's own numbers
    seed: int = 0
    device: str = "cpu"
    workers: int = 1
    rule: str = "lstm"
    rfs: bool = True
    first_rate: float | None = None  # a fixed rate for the first step, instead of lambda0
    constants: tuple[str, ...] = ()  # changes to the profile's: "rule.hidden=8"
    init: str | None = None  # a checkpoint to start from
    fresh_rule: bool = False  # whether to initialize the neural optimizer, not load it from `init`
    backbone_weights: str | None = None  # file of a pretrained backbone; None: its default source
    repeat: int | None = None  # steps of a stage after which its clips repeat; None: never
    stages: tuple[str, ...] | None = None  # names; None: all of the profile's
    save_interval: int = 50
    allow_pipe: bool = False  # whether data may come from `pipe:` URLs, which run in a shell

    def identity(self) -> dict:
        """Return the options that a resumed run must keep: all but place, speed and permissions."""
        other = ("out", "workers", "save_interval", "allow_pipe")
        return {name: value for name, value in asdict(self).items() if name not in other}


def written_config(run: TrainConfig) -> Config:
    """Return the configuration of the run to resume in the folder, without changing anything.

    Raises InputError if there is none, if it is another run's, is unreadable, or has lost its state: it
    would start over, and its first save would replace a trained checkpoint.
    """
    out = Path(run.out)
    path = out / CONFIG
    if not path.is_file():
        raise InputError(
            f"{out}: no run to resume, {CONFIG} is missing; omit --resume to start one, or give the "
            "run's --out"
        )
    if (out / CHECKPOINT).exists() and not (out / STATE).exists():
        raise InputError(
            f"{out}: {STATE} is missing, so the run cannot continue; restore it, train further from its "
            f"{CHECKPOINT} with --init in another --out, or start over with --overwrite"
        )
    try:
        written = json.loads(read_text(path))
        identity, config = dict(written["run"]), written["config"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: not a run that this version can resume ({error!r}); start over with "
            "--overwrite, or start from its checkpoint with --init in another --out"
        ) from error
    wanted = json.loads(json.dumps(run.identity()))
    # A run of an earlier version has fewer options; it used what are now their defaults.
    known = {f.name: f.default for f in fields(TrainConfig)} | identity
    known = json.loads(json.dumps({name: known[name] for name in wanted}, default=str))
    differing = sorted(name for name in wanted if known[name] != wanted[name])
    drawn_from, began_with = written.get("sequences"), identity.get("data")
    if drawn_from is not None and differing in ([], ["data"]):
        _check_data(run, drawn_from, began_with)
        differing = []
    if differing:
        raise InputError(
            f"{run.out}: has a run with other {', '.join(differing)}; "
            f"resume with the options in its {CONFIG}, or choose another --out"
        )
    return Config.from_dict(config, str(path))


def claim(run: TrainConfig, config: Config, overwrite: bool) -> None:
    """Prepare the folder for a new run; `overwrite` removes the run in it.

    Raises InputError if it is not empty and `overwrite` is false, or if its content is not a run.
    """
    out = Path(run.out)
    # A killed run may leave hidden, unfinished files behind, which are not results.
    if out.exists() and any(not path.name.startswith(".") for path in out.iterdir()):
        if not overwrite:
            raise InputError(
                f"{out}: exists; add --resume to continue it, --overwrite to start over, "
                "or choose another --out"
            )
        if not (out / CONFIG).is_file():
            raise InputError(f"{out}: has files but no run ({CONFIG}); choose another --out")
        # The configuration is removed last: without it, the rest could not be identified.
        for name in (STATE, CHECKPOINT, CARD, BEST, BEST_CARD, "log.jsonl"):
            (out / name).unlink(missing_ok=True)
        shutil.rmtree(out / "tensorboard", ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    remove_leftovers(out)
    content = {
        "run": run.identity(),
        "sequences": digest_data(run.data, run.allow_pipe),
        "config": config.to_dict(),
    }
    write_atomically(out / CONFIG, json.dumps(content, indent=2).encode())


def digest_data(data: str, allow_pipe: bool = False) -> str:
    """A digest of the clips' sources that is independent of place: kinds, weights, names of sequences.

    Raises InputError for data that cannot be listed.
    """
    sources = parse_sources(data, 0, allow_pipe)
    kinds = [(s.name.partition(":")[0], sources.count(s), *s.names) for s in dict.fromkeys(sources)]
    return hashlib.sha256(json.dumps(kinds).encode()).hexdigest()


def _check_data(run: TrainConfig, drawn_from: str, began_with: str) -> None:
    """Raise InputError if the data, which may have moved, cannot be listed or has other sequences."""
    remedy = (
        f"the run in {run.out} began with --data {began_with}; if that has moved, resume with its new "
        "place in --data; a run on other data needs another --out"
    )
    try:
        found = digest_data(run.data, run.allow_pipe)
    except InputError as error:
        raise InputError(f"{error}; {remedy}") from error
    if found != drawn_from:
        raise InputError(f"{run.data}: not the data that the run started with; {remedy}")


def remove_leftovers(out: Path) -> None:
    """Remove unfinished files of a killed run."""
    for leftover in out.glob(".*.[0-9]*.tmp.*"):
        leftover.unlink()


def model_card(
    run: TrainConfig, stages: tuple[Stage, ...], done: dict[str, Any], parent: dict | None
) -> dict:
    """Return a checkpoint's card: `done` counts the run's steps, skipped steps and seconds so far.

    Data sets are named without their folders. `parent` is the card of the checkpoint that the run
    started from.
    """
    several = f"{world()} x " if world() > 1 else ""
    return {
        "steps": done["step"],
        "of": sum(stage.steps for stage in stages),
        "stages": [asdict(stage) for stage in stages],
        "data": name_data(run.data),
        "seed": run.seed,
        "rfs": run.rfs,
        **({} if run.first_rate is None else {"first_rate": run.first_rate}),
        **({} if run.repeat is None else {"repeat": run.repeat}),
        **({"constants": list(run.constants)} if run.constants else {}),
        "init": parent,
        "hours": round(done["seconds"] / 3600, 3),
        "skipped_steps": done["skipped"],
        "machine": f"{several}{run.device}, {torch.get_num_threads()} threads, {platform.machine()}",
        "torch": torch.__version__,
        "license": "MIT",
    }


def name_data(data: str) -> str:
    """Return the sources of `--data` and their weights, with only the last part of each folder's path."""
    named = []
    for name, weight in map(split_weight, source_words(data)):
        kind, colon, place = name.partition(":")
        place = urlsplit(place).path if "://" in place else place  # no host, no query
        named.append(kind + colon + Path(place).name + (f"*{float(weight):g}" if weight else ""))
    return ",".join(named)
