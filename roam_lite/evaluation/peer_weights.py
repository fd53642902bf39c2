"""Find the networks that some of OpenCV's trackers need: .onnx files in the user's folder."""

from collections.abc import Mapping
from pathlib import Path

from roam_lite.errors import InputError


def find_networks(
    tracker: str, networks: Mapping[str, str], weights: str | Path | None
) -> dict[str, Path]:
    """Return the .onnx file of each of the tracker's networks.

    `networks` gives the word that each one's file name contains, in any case; "" matches all. `weights` is
    a folder with one such file each, or FOLDER/START if only names that begin with START
    count. Raises InputError if weights are missing, unwanted, or not one file for each network, or if
    the names differ in more than these words: OpenCV would track badly with mixed versions.
    """
    if not networks and weights is not None:
        raise InputError(f"{tracker} takes no weights; omit them")
    if networks and weights is None:
        raise InputError(f"{tracker} needs weights: give --weights DIR, {_folder(networks)}")
    files = {name: _only_file(tracker, networks, name, Path(weights)) for name in networks}
    rests = {files[name].name.lower().replace(word, "") for name, word in networks.items() if word}
    if len(rests) > 1:
        raise InputError(
            f"{weights}: {' and '.join(file.name for file in files.values())} do not seem to be of one "
            "version; give files whose names differ only in "
            f"{' and '.join(repr(word) for word in networks.values())}"
        )
    return files


def _only_file(tracker: str, networks: Mapping[str, str], name: str, weights: Path) -> Path:
    folder, start = (weights, "") if weights.is_dir() else (weights.parent, weights.name)
    word = networks[name]
    files = [
        p for p in folder.glob("*.onnx") if p.name.startswith(start) and word in p.name.lower()
    ]
    if len(files) == 1:
        return files[0]
    kind = f".onnx file with {word!r} in its name" if word else ".onnx file"
    found = ", ".join(sorted(path.name for path in files))
    raise InputError(
        f"{weights}: {f'more than one {kind} ({found})' if files else f'no {kind}'}; give {tracker} "
        f"{_folder(networks)}, or the beginning of their names: DIR/START"
    )


def _folder(networks: Mapping[str, str]) -> str:
    words = (f" with {word!r} in its name" if word else "" for word in networks.values())
    return "a folder with one .onnx file" + " and one".join(words)
