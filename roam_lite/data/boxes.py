"""Text files of boxes and flags, as benchmarks and toolkits write them.

Arguments and results are 0-based; `origin` is the number from which a file counts pixels.
"""

import re
from pathlib import Path

import numpy as np

from roam_lite.errors import InputError, warn
from roam_lite.files import write_atomically
from roam_lite.text import read_text


def read_boxes(path: str | Path, *, origin: int = 1) -> np.ndarray:
    """Boxes float64 [T, 4], 0-based, of a text file with one `x y w h` per line.

    Commas, tabs, semicolons and spaces are separators, also mixed. An empty, short, nan or infinite
    row becomes a row of nan, with a warning if empty or short. Raises `InputError` naming the line for
    anything else.
    """
    rows, short = [], []
    for number, values in enumerate(read_rows(path), 1):
        if len(values) > 4:
            raise InputError(f"{path}, line {number}: {len(values)} values instead of x,y,w,h")
        if len(values) < 4:
            short.append(number)
        rows.append(values if len(values) == 4 else [np.nan] * 4)
    if short:
        warn(
            f"{path}: {len(short)} empty or short line(s), the first is line {short[0]}; each counts "
            "as a frame without the target"
        )
    boxes = np.array(rows, dtype=np.float64).reshape(-1, 4)
    boxes[~np.isfinite(boxes).all(axis=1)] = np.nan
    boxes[:, :2] -= origin
    return boxes


def read_truth(path: str | Path, *, origin: int = 1) -> np.ndarray:
    """Boxes of a ground-truth file, like `read_boxes`. Also raises `InputError` if it has none."""
    boxes = read_boxes(path, origin=origin)
    if len(boxes) == 0:
        raise InputError(f"{path}: no boxes; restore the file")
    return boxes


def write_boxes(path: str | Path, boxes: np.ndarray, *, origin: int = 1) -> None:
    """Write 0-based boxes [T, 4] as `x,y,w,h` lines, to 1e-4 px, completely or not at all."""
    shifted = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    shifted[:, :2] += origin
    write_atomically(Path(path), "".join(f"{format_row(row)}\n" for row in shifted).encode())


def read_rows(path: str | Path) -> list[list[float]]:
    """The numbers in each line. Raises `InputError` naming the line, also for decimal commas.

    Ignores empty lines at the end, and every second line if exactly those are empty.
    """
    lines = read_text(path).rstrip().split("\n")
    if len(lines) > 4 and not any(map(str.strip, lines[1::2])) and all(map(str.strip, lines[::2])):
        lines = lines[::2]  # doubled line breaks
    rows = []
    for number, line in enumerate(lines if any(lines) else (), 1):
        words = re.split(r"[;\s]+", line.strip())
        if len(words) > 3 and all(re.fullmatch(r"-?\d+,\d+", word) for word in words):
            raise InputError(f"{path}, line {number}: decimal commas in {line!r}; use points")
        try:
            rows.append([float(word) for word in re.split(r"[,;\s]+", line) if word])
        except ValueError:
            raise InputError(
                f"{path}, line {number}: {line.strip()[:60]!r} is not a row of numbers; correct it"
            ) from None
    return rows


def read_labels(path: str | Path) -> np.ndarray:
    """Float64 [n] of a label file, one number per line or all in one; `InputError` for anything else."""
    values = np.array([value for row in read_rows(path) for value in row])
    if len(values) == 0:
        raise InputError(f"{path}: no labels; restore the file")
    if not np.isfinite(values).all():
        raise InputError(f"{path}: label {np.argmin(np.isfinite(values)) + 1} is not finite")
    return values


def read_flags(path: str | Path, length: int) -> np.ndarray:
    """Bool [length] of a label file; some files are a few frames short, and these frames get False."""
    flags = np.zeros(length, dtype=bool)
    labels = read_labels(path)[:length]
    flags[: len(labels)] = labels > 0
    return flags


def format_row(values: np.ndarray) -> str:
    """Numbers rounded to 1e-4, written as short as possible and separated by commas."""
    rounded = np.round(values, 4) + 0.0  # + 0.0 turns -0 into 0
    return ",".join(f"{value:.10g}" for value in rounded)
