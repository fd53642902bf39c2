"""`roam-lite train`: meta-train a tracking model and its neural optimizer."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roam_lite.cli.options import (
    add_device_option,
    constant,
    count,
    device_from,
    names,
    positive_number,
    weights_read,
    whole_number,
)
from roam_lite.cli.validation import add_validation_options, validation_from
from roam_lite.errors import InputError

if TYPE_CHECKING:
    from roam_lite.training import Trainer

DESCRIPTION = """\
meta-train the tracking model and its neural optimizer
Writes a run folder: config.json, log.jsonl, TensorBoard files, the state to resume from, and
checkpoint.safetensors with its model card. Ctrl-C stops after the current step and saves; after any
interruption, --resume continues bit for bit. If the data has moved, give its new place: --resume accepts
other folders in --data if they contain the same sequences.
--profile selects the constants of a new run. They are written to config.json and to every checkpoint;
--resume uses those of config.json, even if the profile has changed since."""

EXAMPLES = """\
  roam-lite train --profile smoke --data synthetic --steps 4 --out runs/smoke
  roam-lite train --profile laptop --data synthetic --out runs/laptop
  roam-lite train --profile laptop --data synthetic --out runs/laptop --resume
  roam-lite train --profile laptop --data synthetic --devices 2 --out runs/laptop --resume
  roam-lite train --profile laptop --data 'synthetic*0.5,otb:DIR*2' --rule gru --out runs/gru \\
      --init runs/laptop/checkpoint.safetensors --stages closed_loop
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--profile",
        default="laptop",
        help="constants of a new run: smoke, laptop-small, laptop (default), desktop or paper",
    )
    parser.add_argument(
        "--data",
        default="synthetic",
        metavar="SOURCES",
        help="comma-separated list of synthetic (default), collage:photographs, collage:DIR, LAYOUT:DIR "
        "(otb, vot, lasot, got10k, trackingnet, vid, det or coco) and shards:PLACE, the folder or URL of "
        "shards written by roam-lite pack; *K after a source draws it K times as often",
    )
    parser.add_argument(
        "--allow-pipe",
        action="store_true",
        help="read shards from pipe: URLs, which run in a shell",
    )
    parser.add_argument("--out", required=True, metavar="RUN", help="run folder")
    parser.add_argument(
        "--steps",
        type=count,
        metavar="N",
        help="total steps of all stages (default: the profile's)",
    )
    parser.add_argument(
        "--batch", type=count, metavar="N", help="at most N clips per step (default: the profile's)"
    )
    parser.add_argument("--seed", type=whole_number, default=0, help="default: 0")
    parser.add_argument(
        "--workers",
        type=whole_number,
        default=1,
        help="processes that make clips, per training process (default: 1)",
    )
    parser.add_argument(
        "--repeat",
        type=count,
        metavar="N",
        help="draw clips only for the first N steps of each stage, then reuse them; they stay in memory, "
        "as features if the backbone is frozen and the boxes are the true ones",
    )
    add_device_option(parser)
    _add_process_options(parser)
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--resume", action="store_true", help="continue the run in RUN")
    begin.add_argument(
        "--overwrite", action="store_true", help="delete the run in RUN and start over"
    )
    _add_method_options(parser)
    add_validation_options(parser)


def _add_process_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--devices",
        type=count,
        default=1,
        metavar="N",
        help="training processes on this machine, which share the clips of every step; with --device "
        "cuda, each has its own GPU (default: 1)",
    )
    parser.add_argument("--nodes", type=count, default=1, metavar="M", help="machines (default: 1)")
    parser.add_argument(
        "--rendezvous",
        metavar="HOST:PORT",
        help="with several machines, the address at which they meet, on one of them; all of them must "
        "see the folder --out",
    )


def _add_method_options(parser: argparse.ArgumentParser) -> None:
    method = parser.add_argument_group("method")
    method.add_argument(
        "--rule",
        default="lstm",
        metavar="NAME",
        help="the optimizer to train: lstm (default), gru, fc, const or steepest",
    )
    method.add_argument(
        "--no-rfs", dest="rfs", action="store_false", help="train without random filter scaling"
    )
    method.add_argument(
        "--first-rate",
        type=positive_number,
        metavar="RATE",
        help="use this fixed rate for the first step, as SGD does, and train theta0 for it; lambda0 is "
        "not trained",
    )
    method.add_argument("--init", metavar="CHECKPOINT", help="start from these weights")
    method.add_argument(
        "--fresh-rule",
        action="store_true",
        help="initialize the neural optimizer instead of loading it from --init",
    )
    method.add_argument(
        "--set",
        dest="constants",
        action="append",
        default=[],
        type=constant,
        metavar="PATH=VALUE",
        help="change a constant of the profile, for example training.kappa_response=2 or "
        "training.stages.closed_loop.batch=4; may be repeated",
    )
    method.add_argument(
        "--backbone-weights",
        metavar="FILE",
        help="ImageNet weights: for lite0 a .pth file (default: the extra `pretrained` includes them), for "
        "VGG-16 a .safetensors file (default: torchvision downloads them)",
    )
    method.add_argument("--stages", type=names, metavar="A,B", help="run only these stages")


def run(args: argparse.Namespace) -> None:
    """Train until all steps are done or Ctrl-C is pressed, in as many processes as requested."""
    # OpenMP reads this when torch is imported. By default its threads spin while idle, on the same
    # cores on which the workers make clips.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    several = args.devices > 1 or args.nodes > 1
    if args.workers and not several:  # several processes have servers of their own
        from roam_lite.workers import TO_CLIP, interrupts_held, start_early

        with interrupts_held():
            start_early(TO_CLIP)  # before this process imports torch below
    from roam_lite.training.faults import resumed_from
    from roam_lite.training.processes import launched

    if several and launched():
        raise InputError("another launcher has started this process; omit --devices and --nodes")
    try:
        if not several:
            train(args)
            return
        from roam_lite.training.launch import launch

        places = {"devices": args.devices, "nodes": args.nodes, "rendezvous": args.rendezvous}
        launch(train, args, **places, device=device_from(args))
    except ChildProcessError as error:
        kept = resumed_from(Path(args.out))
        raise ChildProcessError(f"{error}; {kept}") from error


def train(args: argparse.Namespace) -> None:
    """Train in this process, together with other processes if a launcher has started it."""
    from tqdm import tqdm

    from roam_lite.files import check_outputs
    from roam_lite.memory import keep_freed_memory
    from roam_lite.training import TrainConfig, Trainer, processes
    from roam_lite.training.faults import explained

    files = {
        f"--out/{name}": Path(args.out, name)
        for name in ("checkpoint.safetensors", "checkpoint.json", "best.safetensors", "best.json")
    }
    check_outputs(files, {"--out": args.out}, inputs=weights_read(args), overwrite=True)
    keep_freed_memory()
    args.device, args.stages = device_from(args), args.stages and tuple(args.stages)
    args.constants = tuple(args.constants)
    known = {field.name for field in fields(TrainConfig)}
    config = TrainConfig(**{name: value for name, value in vars(args).items() if name in known})
    with processes.process_group(args.device):
        trainer = Trainer(
            config, resume=args.resume, overwrite=args.overwrite, validation=validation_from(args)
        )
        speaks = processes.rank() == 0
        if speaks and trainer.step < trainer.steps:
            report_start(trainer, config.init)
        done = {"total": trainer.steps, "initial": trainer.step, "unit": "step"}
        bar = tqdm(**done, file=sys.stderr, disable=not speaks)
        several = processes.world() > 1
        with (
            explained(trainer),
            bar,
            stop_asked(several) as stop,
            closing(trainer.run()) as records,
        ):
            for record in records:
                bar.set_description(record.stage, refresh=False)
                bar.set_postfix(
                    meta=f"{record.meta_loss:.4f}",
                    update=f"{sum(record.update_losses) / len(record.update_losses):.4f}",
                    skipped=record.skipped,
                    refresh=False,
                )
                bar.update()
                if processes.any_says(bool(stop)):
                    break
    if speaks and trainer.step < trainer.steps:
        print(f"stopped after step {trainer.step} of {trainer.steps}; --resume continues")
    if speaks:
        seconds, skipped = trainer.seconds, trainer.skipped
        print(f"{trainer.step} steps in {seconds / 60:.1f} minutes, {skipped} of them skipped")
        *sources, (_, unusable) = trainer.drawn.items()
        told = ", ".join(f"{number} of {source}" for source, number in sources)
        print(f"clips drawn: {told}; {unusable} could not be used and were replaced")
        if trainer.best is not None:
            print(f"best AUC {trainer.best:.4f}: {trainer.out / 'best.safetensors'}")
        print(f"wrote {trainer.out}")


def report_start(trainer: "Trainer", init: str | None) -> None:
    """Print how wide the training data is, and which constants differ from those of `--init`."""
    from roam_lite.training.beginning import changed_constants
    from roam_lite.training.breadth import report_breadths

    lines = report_breadths(trainer.batches.sources, trainer.config)
    changed = changed_constants(trainer.parent, trainer.config) if trainer.parent else []
    if changed:
        lines = [*lines, f"other constants than in {init}: {', '.join(changed)}"]
    for line in lines:
        print(line, file=sys.stderr)


@contextmanager
def stop_asked(several: bool = False) -> Iterator[list[int]]:
    """Yield a list that is empty until Ctrl-C or SIGTERM asks to stop; a second one stops immediately.

    Not with `several` processes, which get each signal twice: from the terminal and their launcher.
    """
    asked: list[int] = []
    before: dict[int, Any] = {}

    def note(number: int, _frame: object) -> None:
        asked.append(number)
        if not several:
            restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, note)
    try:
        yield asked
    finally:
        restore()
