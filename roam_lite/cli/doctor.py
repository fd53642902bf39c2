"""`roam-lite doctor`: is everything installed that the other commands need?"""

import argparse
import itertools
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

DESCRIPTION = """\
report the environment: versions, devices, checkpoints, benchmarks
With --root, reports which benchmarks a folder or its subfolders contain, how complete each one is, and
what is missing; of a large benchmark, 200 evenly spaced sequences are read. Fails (exit code 1) if
something is missing that the other commands need. An incomplete benchmark ("part") is not a failure;
an unreadable sequence is."""

EXAMPLES = """\
  roam-lite doctor
  roam-lite doctor --root OTB100
  roam-lite doctor --root datasets
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--root", metavar="DIR", help="also look for benchmarks in this folder")


def run(args: argparse.Namespace) -> int:
    """Print a line for each finding; return 1 if something is missing."""
    missing = False
    benchmarks = () if args.root is None else _benchmarks(args.root)
    for mark, text in itertools.chain(_environment(), benchmarks):
        missing |= mark == "MISS"
        print(f"{mark}  {text}")
    return int(missing)


def _environment() -> Iterator[tuple[str, str]]:
    """Yield a mark and a text for everything that other commands need."""
    from roam_lite.errors import InputError
    from roam_lite.profiles import PROFILES

    looks: dict[str, Callable[[], str]] = {
        "python": lambda: f"{platform.python_version()} on {platform.platform()}",
        "torch": _torch,
        "opencv": _opencv,
        "extras": _extras,
        "video": _video,
        "disk": lambda: f"{shutil.disk_usage('.').free / 1e9:.1f} GB free in {Path.cwd()}",
        **{profile: partial(_checkpoint, profile) for profile in PROFILES},
        "samples": _samples,
    }
    for subject, look in looks.items():
        try:
            yield "ok  ", f"{subject:10}  {look()}"
        except Exception as error:  # whatever is broken, still report the other findings
            kind = (
                ""
                if isinstance(error, InputError | OSError | ImportError)
                else type(error).__name__
            )
            yield "MISS", f"{subject:10}  {kind}{kind and ': '}{' '.join(str(error).split())}"


def _benchmarks(root: str) -> Iterator[tuple[str, str]]:
    """Yield a mark and a text for each benchmark in the folder."""
    from roam_lite.data.layouts import LAYOUTS
    from roam_lite.data.survey import survey
    from roam_lite.errors import InputError

    finding = None
    try:
        for finding in survey(root):
            mark = "MISS" if finding.broken else "ok  " if finding.complete else "part"
            yield mark, f"{finding.part.title}: {finding}"
        if finding is None:
            known = ", ".join(LAYOUTS)
            raise InputError(
                f"{root}: no sequence in a known layout ({known}), here or in its subfolders"
            )
    except InputError as error:
        yield "MISS", f"benchmarks  {error}"


def _torch() -> str:
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no CUDA device"
    return f"{torch.__version__}, {torch.get_num_threads()} threads, {device}"


def _opencv() -> str:
    import cv2

    from roam_lite.errors import InputError
    from roam_lite.evaluation.peers import PEERS, REMEDY, missing_peers, peers_with_weights

    if lacking := missing_peers():
        raise InputError(f"{cv2.__version__}, without the peers {', '.join(lacking)}; {REMEDY}")
    weighted = ", ".join(peers_with_weights())
    return f"{cv2.__version__}, peers {', '.join(PEERS)}; with --weights DIR: {weighted}"


def _extras() -> str:
    from roam_lite.extras import EXTRAS, missing

    lacking = {extra: ", ".join(missing(extra)) for extra in EXTRAS}
    return "; ".join(
        f"{e} lacks {names}" if names else f"{e} installed" for e, names in lacking.items()
    )


def _video() -> str:
    import numpy as np

    from roam_lite.figures.film import open_video

    with tempfile.TemporaryDirectory() as folder, open_video(Path(folder) / "test.mp4") as film:
        film.append(np.zeros((48, 64, 3), np.uint8))
    return "MP4 can be written"


def _checkpoint(profile: str) -> str:
    from roam_lite.checkpoints import WEIGHTS, load_checkpoint

    path = WEIGHTS / f"{profile}.safetensors"
    if not path.is_file() and profile != "laptop":
        return "no checkpoint is shipped for this profile; give one with --checkpoint"
    model, card = load_checkpoint(path, profile)
    trained, tracks = model.config.rule.name, model.config.rule.online or model.config.rule.name
    return f"{path}, optimizer {trained}, tracks with {tracks}, sha256 {card['sha256'][:12]}"


def _samples() -> str:
    from roam_lite.data.otb import list_sequences, read_sequence
    from roam_lite.demo import samples_folder

    root = samples_folder()
    names = list_sequences(root)
    frames = sum(len(read_sequence(root, name)) for name in names)
    return f"{len(names)} sequences, {frames} frames in {root}: {', '.join(names)}"
