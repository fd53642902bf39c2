"""Sequences packed into WebDataset shards: tar files of images as they are on disk, and their index.

A sequence is a sample: `KEY.json` (name, size, boxes, visibility, suffixes of the frames) and the frames
`KEY.000000.jpg` and so on. `index.json` gives the shard and the position of each (read by `shards.py`).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from tarfile import BLOCKSIZE, RECORDSIZE

import numpy as np

from roam_lite.data.plausible import check_track
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.data.sources import FolderSource
from roam_lite.errors import InputError, warn

INDEX, VERSION = "index.json", 1
field = ".{:06d}{}".format  # name of a frame in its sample, such as `.000000.jpg`


def usable_sequences(source: FolderSource, name: str) -> Iterator[Sequence]:
    """Sequences of one name in a folder; those that cannot be trained on are skipped with a warning."""
    try:
        sequences = source.layout.targets(source.root, name)
    except InputError as error:
        warn(f"{name}: skipped: {error}")
        return
    for sequence in sequences:
        try:
            if not isinstance(sequence.frames, ImageFrames):
                raise InputError("its frames are not image files")
            check_track(sequence, sequence.frames[0].shape[1::-1])
            yield sequence
        except InputError as error:
            warn(f"{sequence.name}: skipped: {error}")


def write_shards(folder: Path, name: str, sequences: Iterable[Sequence], limit: float) -> dict:
    """Write sequences to `NAME-000000.tar` and so on, write their index, and return it.

    A shard has at most `limit` bytes, unless one sequence needs more. The output is deterministic.
    """
    from webdataset import TarWriter

    shards, places, batch, size = [], [], [], 0

    def flush() -> None:
        path = folder / f"{name}-{len(shards):06d}.tar"
        with open(path, "wb") as file, TarWriter(file, encoder=False, mtime=0) as writer:
            for sequence in batch:
                tar, key = writer.tarstream, {"__key__": f"{len(places):08d}"}
                begin = tar.offset
                writer.write(key | {"json": _description(sequence)})
                for n, image in enumerate(sequence.frames.paths):
                    writer.write(key | {field(n, image.suffix.lower())[1:]: image.read_bytes()})
                place = {"shard": len(shards), "offset": begin, "bytes": tar.offset - begin}
                places.append({"name": sequence.name, **place})
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        shards.append({"name": path.name, "bytes": path.stat().st_size, "sha256": digest})

    for sequence in sequences:
        # Upper bound: a member has a header and is padded to whole blocks, and a file to whole records.
        most = len(_description(sequence)) + sum(p.stat().st_size for p in sequence.frames.paths)
        most += 2 * BLOCKSIZE * (1 + len(sequence))
        if batch and size + most + 2 * RECORDSIZE > limit:
            flush()
            batch, size = [], 0
        batch.append(sequence)
        size += most
    if batch:
        flush()
    index = {"version": VERSION, "shards": shards, "sequences": places}
    (folder / INDEX).write_text(json.dumps(index, indent=1), encoding="utf-8")
    return index


def _description(sequence: Sequence) -> bytes:
    """The sample's JSON: a box is null if the target is absent or not labeled."""
    content = {
        "name": sequence.name,
        "size": sequence.size,
        "boxes": [None if np.isnan(box).any() else box.tolist() for box in sequence.boxes],
        "visibility": sequence.visibility.tolist(),
        "frames": [path.suffix.lower() for path in sequence.frames.paths],
    }
    return json.dumps(content).encode()
