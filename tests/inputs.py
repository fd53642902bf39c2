"""Inputs as users have them, built below a folder; and trackers that tell what they were shown.

Every builder returns a function of (folder, monkeypatch) that makes the input. Frame t, from 0, is of the
gray 20 (t + 1); its target's box is x = 10 + 2 t, y = 20, 16 x 12, so that a tracker that reads the
gray finds it: whatever loses, doubles or reorders frames or their pixels loses the target.
"""

import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from tests import trees
from tests.cli.commands import run
from tests.fakes import Statue

BOX = "--box 10,20,16,12"
VIDEO = f"track --video {{d}}/v {BOX} --boxes {{d}}/b.txt"
READER = "--tracker tests.inputs:Reader"
TRACK = f"{VIDEO} {READER}"
SCORE = f"evaluate --root {{d}}/data --workers 1 {READER}"
KEPT = f"{SCORE} --results {{d}}/r"
COMPARE, REPORT = "compare {d}/a.json {d}/b.json", "report {d}/a.json {d}/b.json --out {d}/o"
RIGHT = r"A +0\.952 +1\.000"  # the score of what is read and paired as it is meant
LENGTH = 6
TRUTH = "".join(f"{11 + 2 * t},21,16,12\n" for t in range(LENGTH))
ALL = r"\n".join(TRUTH.split())  # of the boxes written


class Reader(Statue):
    """A tracker that knows from the gray of the picture where the target is."""

    def init(self, image, box):
        super().init(image, box)
        self.first = self.number(image)

    def update(self, image):
        x, *others = self.box
        return (x + 2 * (self.number(image) - self.first), *others)

    @staticmethod
    def number(image):
        return round(image[30, 40].mean() / 20)


def gray(number):
    return np.full((60, 80, 3), 20 * (number + 1), np.uint8)


def encoded(picture, suffix=".png"):
    return cv2.imencode(suffix, picture)[1].tobytes()


def pictures(names=None, picture=gray, folder="v"):
    """Images of these names, the picture of each by its place."""
    names = names or [f"{number:04d}.png" for number in range(1, LENGTH + 1)]

    def make(d, _patch):
        (d / folder).mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names):
            (d / folder / name).write_bytes(encoded(picture(number), Path(name).suffix.lower()))

    return make


def series(suffix, picture=gray):
    """Images 0 to 5 of a kind."""
    return pictures([f"{number}{suffix}" for number in range(LENGTH)], picture)


def with_box(box):
    """The command line that tracks from this box."""
    return TRACK.replace(" 10,20,16,12", f"={box}")


def numbered(numbers, suffix=".png", digits=4, folder="v"):
    """Images whose names are these numbers, the picture by the number, from 1."""
    return both(*(
        pictures([f"{n:0{digits}d}{suffix}"], lambda _, n=n: gray(n - 1), folder) for n in numbers
    ))  # fmt: skip


def file(name, content=""):
    """A file of text or bytes, its folder too; what is there is replaced."""

    def make(d, _patch):
        path = d / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return make


def folder(name):
    return lambda d, _patch: (d / name).mkdir(parents=True)


def both(*makes):
    def make(d, patch):
        for one in makes:
            one(d, patch)

    return make


def edited(name, change):
    """A file, the first of the pattern, whose bytes are changed by a function."""

    def make(d, _patch):
        path = next(d.glob(name))
        content = change(path.read_bytes())
        path.unlink()
        path.write_bytes(content)

    return make


def renamed(name, other):
    return lambda d, _patch: (d / name).rename((d / name).with_name(other))


def removed(name):
    return lambda d, _patch: (d / name).unlink()


def data(truth=TRUTH, images=None, names=("A",)):
    """Sequences in OTB layout below `data`, their ground truth as given."""
    return both(*(
        both(
            images or pictures(folder=f"data/{name}/img"),
            file(f"data/{name}/groundtruth_rect.txt", truth),
        )
        for name in names
    ))  # fmt: skip


def rows(change):
    """Data whose rows of ground truth, float [T, 4] from 0, were changed."""
    return data(trees.lines(change(trees.square(LENGTH)), origin=1))


def cut(name, size=60):
    """A file that lacks its end, once it is there."""
    return edited(name, lambda content: content[:size])


def called(*arguments):
    """What a command leaves behind that was run before, with exit code 0."""

    def make(d, _patch):
        assert run(*(str(argument).format(d=d) for argument in arguments)) == 0

    return make


@cache
def _trained():
    """A run of two steps, trained once; the folder ends with the process."""
    place = tempfile.TemporaryDirectory()
    out = ("--workers", "0", "--out", place.name)
    assert run("train", "--profile", "smoke", "--steps", "2", *out) == 0
    return place


def trained(d, _patch):
    shutil.copytree(_trained().name, d / "run")


def tracked(*change, truth=TRUTH):
    """Kept results of A, tracked before something changed."""
    return both(data(truth), called(*KEPT.split()), *change)


def tracker(update="return self.box", init="self.box = box", after=""):
    """`mine.py` with a tracker Mine of these bodies."""
    return file(
        "mine.py",
        "import sys\nimport numpy as np\n\n\nclass Mine:\n"
        f"    def init(self, image, box):\n        {init}\n"
        f"    def update(self, image):\n        {update}\n{after}",
    )


def report(name="a", auc=0.5, **tracker_facts):
    """A file as evaluate --json writes it, of the sequences A and B."""
    entry = {"auc": auc, "precision_20": 0.6, "fps": 9.0, "frames": 6}
    described = {"tracker": name, "benchmark": "otb", "scoring": "official"} | tracker_facts
    content = {"sequences": {"A": entry, "B": entry}, "mean": entry, "tracker": described}
    return file(f"{name}.json", json.dumps(content))


def raising(error, place="roam_lite.evaluation.running.engine.run_benchmark"):
    """A fault of the program's: the function at that place raises."""

    def fail(*_arguments, **_options):
        raise error

    return lambda _d, patch: patch.setattr(place, fail)


def turned(picture, orientation=6):
    """A JPEG whose EXIF data say how it is to be turned."""
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + bytes([0, orientation]) + bytes(6)
    exif = b"Exif\0\0" + tiff
    content = encoded(picture, ".jpg")
    return content[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + content[2:]


def palette(picture):
    """A BMP with a palette, which is what many old recorders write."""
    values = picture[::-1, :, 0]
    table = b"".join(bytes([v, v, v, 0]) for v in range(256))
    height, width = values.shape
    offset = 54 + len(table)
    head = b"BM" + (offset + values.size).to_bytes(4, "little") + bytes(4)
    head += offset.to_bytes(4, "little") + (40).to_bytes(4, "little")
    head += width.to_bytes(4, "little") + height.to_bytes(4, "little")
    head += b"\x01\0\x08\0" + bytes(12 + 4) + (256).to_bytes(4, "little") + bytes(4)
    return head + table + values.tobytes()


def film(picture=gray, kind="FFV1"):
    """A video of the same frames, by default without loss."""

    def make(d, _patch):
        code = cv2.VideoWriter.fourcc(*kind)
        writer = cv2.VideoWriter(str(d / "v.avi"), code, 25, (80, 60))
        for number in range(LENGTH):
            writer.write(picture(number))
        writer.release()

    return make


def latin(d, _patch):
    """A film whose name is no UTF-8."""
    film()(d, _patch)
    os.rename(d / "v.avi", os.fsencode(d) + b"/caf\xe9.avi")
