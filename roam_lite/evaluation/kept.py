"""What saved results were tracked on, and what is known about their runs besides boxes and times.

    FOLDER/tracked/NAME.json   {"source": from `source_of`, "runs": one entry per repetition}

Results are reused only if their source is that of this run. Toolkits do not write such files: without
one, it is unknown what was tracked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from roam_lite.data.images import some
from roam_lite.data.sequence import FrameError, Frames, Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.report import write_json
from roam_lite.text import read_text

UNKNOWN = "no record of what was tracked"
_TRUTH = "ground truth"


def source_of(sequence: Sequence, guided: bool = True) -> dict[str, Any]:
    """Return what identifies a video and its target, by the terms used in messages, as JSON types.

    These are the names and sizes of all images, and the bytes of three; without files, the pixels of
    these three frames. With `guided`, also the ground truth of all frames, which protocols with restarts use.
    """
    paths, last = getattr(sequence.frames, "paths", ()), len(sequence) - 1
    source = {
        "number of frames": len(sequence),
        "first box": sequence.boxes[0].tolist(),
        "names and sizes of images": _digest(
            "\n".join(f"{path.name} {_size(path)}" for path in paths).encode()
        ),
    }
    for place, index in (("first", 0), ("middle", last // 2), ("last", last)):
        source[f"{place} image"] = _digest(_content(sequence.frames, index))
    if guided:
        truth = sequence.boxes if sequence.polygons is None else sequence.polygons
        source[_TRUTH] = _digest(truth.tobytes())
    return source


def differences(folder: Path, sequence: Sequence) -> list[str]:
    """Return the terms in which the source of saved results differs from the sequence, or `UNKNOWN`."""
    kept = _read(folder, sequence.name).get("source")
    if not isinstance(kept, dict) or not kept:
        return [UNKNOWN]
    present = source_of(sequence, guided=_TRUTH in kept)
    return [word for word in present if present[word] != kept.get(word)]


def refuse_differing(folder: Path, differing: Mapping[str, Iterable[str]]) -> None:
    """Raise InputError if the results of any sequence, given by name, were tracked on other video."""
    if differing:
        told = [f"{name} ({', '.join(words)})" for name, words in differing.items()]
        raise InputError(
            f"{folder}: results of other sequences, different in {some(told, '; ')}; choose another "
            "--results, or track again with --overwrite; `roam-lite report` scores the folder with "
            "the --root that it belongs to"
        )


def note(
    folder: Path, name: str, repetition: int, run: Any, source: Mapping[str, Any] | None
) -> None:
    """Add what is known about a repetition's run."""
    known = facts(folder, name)[: repetition - 1]
    known += [{}] * (repetition - 1 - len(known))
    known.append({"unreadable": run.unreadable, "lost": getattr(run, "lost", ())})
    write_json(_path(folder, name), {"source": source or {}, "runs": known})


def facts(folder: Path, name: str) -> list[dict[str, tuple[int, ...]]]:
    """Return `unreadable` and `lost` of each repetition's run, as far as the folder has them."""
    runs = _read(folder, name).get("runs", [])
    return [{key: tuple(frames) for key, frames in run.items()} for run in runs]


def forget(folder: Path, name: str) -> None:
    """Remove the notes on a sequence."""
    _path(folder, name).unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path:
    return folder / "tracked" / f"{name}.json"


def _read(folder: Path, name: str) -> dict[str, Any]:
    path = _path(folder, name)
    try:
        content = json.loads(read_text(path)) if path.is_file() else {}
        frames = [f for run in content.get("runs", []) for kind in run.values() for f in kind]
        if not all(type(frame) is int for frame in frames):
            raise ValueError("frames that are not numbers")
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); track {name} again with --overwrite"
        ) from error
    return content


def _content(frames: Frames, index: int) -> bytes:
    paths = getattr(frames, "paths", None)
    with suppress(OSError, FrameError):
        return paths[index].read_bytes() if paths else frames[index].tobytes()
    return b""


def _size(path: Path) -> int | None:
    with suppress(OSError):
        return path.stat().st_size
    return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
