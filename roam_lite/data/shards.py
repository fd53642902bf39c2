"""Training sequences from shards written by `roam-lite pack`, in a folder or at a URL.

A shard at a URL is downloaded to the user's cache folder when one of its sequences is first drawn, and
named by its sha256. Which sequence is drawn depends only on the index.
"""

import hashlib
import json
import re
import sys
import tarfile
from collections import namedtuple
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlparse

import numpy as np

from roam_lite.data.index import cache_folder
from roam_lite.data.packing import INDEX, VERSION, field
from roam_lite.data.recent import FrameCache, Recent
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.data.sources import KEPT_FRAMES, FolderSource, frames_of, without_impossible
from roam_lite.errors import InputError, warn
from roam_lite.extras import require
from roam_lite.files import whole_file

_REMEDY = "copy it again, or pack the sequences again"
_DAMAGE = (tarfile.TarError, OSError, ValueError, LookupError, TypeError, AttributeError)
Shard = namedtuple("Shard", "name bytes sha256")
Place = namedtuple("Place", "name shard offset bytes")  # a sequence and its location


class ShardSource(FolderSource):
    """The sequences of packed shards, drawn as a `FolderSource` draws them from folders.

    `place` is the folder, or the beginning of the URLs, of `index.json`; `{}` in a URL stands for a
    file's name. Missing or truncated shards are reported once, and their sequences are skipped.
    Raises `InputError` if there is no index, and for `pipe:` URLs unless `allow_pipe`.
    """

    nothing = f"its shards are missing, truncated or damaged; {_REMEDY}"
    several = True  # an unusable sequence does not stop training

    def __init__(self, place: str, allow_pipe: bool = False) -> None:
        self.name, self.place, self.allow_pipe = f"shards:{place}", place, allow_pipe
        self.remote = bool(re.match(r"\s*([a-z][\w+.-]*://|pipe:)", place, re.IGNORECASE))
        self.cache, self._recent = FrameCache(), Recent(KEPT_FRAMES, frames_of)
        self.shards, self.places = self._read_index()
        self.names = [place.name for place in self.places]
        self._files: dict[int, Path | None] = {}

    def file(self, shard: int) -> Path | None:
        """A shard's local file, downloaded if necessary; None, with one message, if missing or truncated."""
        if shard not in self._files:
            try:
                self._files[shard] = self._find(shard)
            except InputError as error:
                self._files[shard] = None
                told = f"{error}; its sequences are skipped"
                # Workers do not warn; the parent process looks at all shards of a folder.
                print(told, file=sys.stderr) if self.remote else warn(told)
        return self._files[shard]

    def _looked_at(self, count: int) -> list[int]:
        """Some or all sequences of a folder's intact shards; for a URL, one sequence."""
        rows = (row for row, place in enumerate(self.places) if self.file(place.shard))
        usable = [next(rows, None)] if self.remote else list(rows)
        chosen = np.linspace(0, len(usable) - 1, min(count, len(usable))).astype(int)
        return [usable[i] for i in chosen if usable[i] is not None]

    def _read(self, index: int) -> list[Sequence]:
        place = self.places[index]
        try:
            path = self.file(place.shard)
            return [without_impossible(read_sample(path, place, self.cache))] if path else []
        except InputError as error:
            print(f"{error}; it is skipped", file=sys.stderr)
            return []

    def _read_index(self) -> tuple[list[Shard], list[Place]]:
        where = self._where(INDEX)
        try:
            with self._opened(where) if self.remote else open(where, "rb") as stream:
                return parse_index(stream.read())
        except _DAMAGE as error:
            raise InputError(
                f"{where}: not an index of shards ({_reason(error)}); give what roam-lite pack wrote"
            ) from error

    def _where(self, name: str) -> str:
        if self.remote and "{}" in self.place:
            return self.place.replace("{}", name)
        return f"{self.place.rstrip('/')}/{name}"

    def _find(self, shard: int) -> Path:
        name, expected, sha256 = self.shards[shard]
        where = self._where(name)
        try:
            path = cache_folder() / "shards" / f"{sha256}.tar" if self.remote else Path(where)
            size = path.stat().st_size if path.is_file() else 0
            if self.remote and size != expected:
                digest, size = hashlib.sha256(), 0
                with whole_file(path) as new, open(new, "wb") as copy:
                    with self._opened(where) as stream:
                        while size <= expected and (chunk := stream.read(2**20)):
                            size += copy.write(chunk)
                            digest.update(chunk)
                    if digest.hexdigest() != sha256:
                        raise InputError(f"the {size} bytes received do not match {INDEX}")
        except (OSError, RuntimeError, InputError) as error:
            raise InputError(f"{where}: cannot be read ({_reason(error)}); {_REMEDY}") from error
        if size != expected:
            raise InputError(f"{where}: has {size} bytes, but {expected} in {INDEX}; {_REMEDY}")
        return path

    def _opened(self, url: str) -> BinaryIO:
        """The library's stream of a URL. Raises `InputError` if it is forbidden or cannot be opened."""
        require("webdataset", "shards behind a URL")
        from webdataset.gopen import gopen, rewrite_url

        try:
            # The environment may rewrite URLs.
            if urlparse(rewrite_url(url)).scheme == "pipe" and not self.allow_pipe:
                raise InputError("this would run in a shell; give --allow-pipe to allow it")
            return gopen(url)
        except (ValueError, AssertionError, ImportError) as error:
            raise InputError(f"not opened: {error}") from error


def parse_index(data: bytes) -> tuple[list[Shard], list[Place]]:
    """The content of an index. Raises an error of `_DAMAGE` if it is not one, or is impossible."""
    content = json.loads(data)
    shards = [Shard(*map(row.__getitem__, Shard._fields)) for row in content["shards"]]
    places = [Place(*map(row.__getitem__, Place._fields)) for row in content["sequences"]]
    if content["version"] != VERSION or not places:
        raise ValueError(f"version {content['version']}, {len(places)} sequences")
    for shard in shards:  # names become parts of paths and of shell commands
        if not re.fullmatch(r"\w+-\d+\.tar [0-9a-f]{64}", f"{shard.name} {shard.sha256}", re.A):
            raise ValueError(f"a shard {shard}")
    for place in places:
        end = place.offset + place.bytes
        if place.shard < 0 or not 0 <= place.offset < end <= shards[place.shard].bytes:
            raise ValueError(f"{place} is outside its shard")
    return shards, places


def read_sample(path: Path, place: Place, cache: FrameCache) -> Sequence:
    """The sequence at a place in a shard, frames read through the cache; `InputError` if damaged."""
    spans = {}
    try:
        with open(path, "rb") as file:
            file.seek(place.offset)
            with tarfile.open(fileobj=file, mode="r:") as tar:
                for member in tar:
                    spans[member.name] = (member.offset_data, member.size)
                    if tar.offset >= place.offset + place.bytes:
                        break
        truth = path / f"{min(spans, default='none').partition('.')[0]}.json"
        content = json.loads(_content(spans, truth))
        frames = [truth.with_suffix(field(*pair)) for pair in enumerate(content["frames"])]
        spans = {frame.name: spans[frame.name] for frame in frames}
        return Sequence(
            content["name"],
            ImageFrames(frames, partial(cache.read, read=partial(_content, spans))),
            np.array([row or [np.nan] * 4 for row in content["boxes"]]),
            np.array(content["visibility"]),
            size=content["size"] and tuple(content["size"]),
            truth=truth,
        )
    except _DAMAGE as error:
        raise InputError(f"{path}: {place.name} cannot be read ({error!r}); {_REMEDY}") from error


def _content(spans: dict[str, tuple[int, int]], path: Path) -> bytes:
    offset, size = spans[path.name]
    with open(path.parent, "rb") as file:  # SHARD/MEMBER
        file.seek(offset)
        return file.read(size)


def _reason(error: Exception) -> str:
    """The error; for a command that the library ran, only its exit status."""
    found = re.search(r"exit -?\d+", str(error))
    return found[0] if found else getattr(error, "strerror", None) or str(error)
