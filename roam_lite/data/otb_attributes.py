"""Which of OTB's eleven attributes a sequence has, from the label files in common use.

For the sequence NAME under ROOT the first of these files is read; case does not matter,
and `Jogging.2`, `Jogging-2` and `Jogging_2` are the same target:

    ROOT/NAME/attributes.txt
    ROOT/attributes/NAME.txt
    ROOT/att/NAME.txt
    ROOT/anno/att/NAME.txt      (the benchmark's own program keeps them there)

A file contains eleven flags, 0 or 1, in the order of `ATTRIBUTES`, or the abbreviations themselves,
separated by commas, spaces or line breaks.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from roam_lite.errors import InputError
from roam_lite.text import read_text

ATTRIBUTES = {
    "IV": "illumination variation",
    "OPR": "out-of-plane rotation",
    "SV": "scale variation",
    "OCC": "occlusion",
    "DEF": "deformation",
    "MB": "motion blur",
    "FM": "fast motion",
    "IPR": "in-plane rotation",
    "OV": "out of view",
    "BC": "background clutter",
    "LR": "low resolution",
}
FOLDERS = ("attributes", "att", "anno/att")


def read_attributes(root: str | Path, names: Iterable[str]) -> dict[str, frozenset[str]] | None:
    """Abbreviations of each sequence's attributes; None if no sequence has such a file.

    Raises `InputError` if a file contains something else, or if only some sequences have one.
    """
    root = Path(root)
    shared = {
        _plain(path.stem): path
        for folder in reversed(FOLDERS)
        for path in (root / folder).glob("*.txt")
    }
    own = {name: root / name / "attributes.txt" for name in names}
    files = {n: path if path.is_file() else shared.get(_plain(n)) for n, path in own.items()}
    lacking = [name for name, path in files.items() if path is None]
    if len(lacking) == len(files):
        return None
    if lacking:
        raise InputError(
            f"{root}: no attributes for {', '.join(lacking[:3])} ({len(lacking)} of {len(files)} "
            f"sequences); put the labels of each in {FOLDERS[0]}/NAME.txt"
        )
    return {name: _labels(path) for name, path in files.items()}


def _plain(name: str) -> str:
    return re.sub(r"[-_.](?=\d+$)", ".", name.lower())


def _labels(path: Path) -> frozenset[str]:
    words = [word for word in re.split(r"[,;\s]+", read_text(path)) if word]
    if len(words) == len(ATTRIBUTES) and set(words) <= {"0", "1"}:
        return frozenset(a for a, flag in zip(ATTRIBUTES, words, strict=True) if flag == "1")
    if words and {word.upper() for word in words} <= set(ATTRIBUTES):
        return frozenset(word.upper() for word in words)
    raise InputError(
        f"{path}: neither {len(ATTRIBUTES)} flags 0 or 1 nor some of {', '.join(ATTRIBUTES)}"
    )
