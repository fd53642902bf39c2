"""Whatever is in a file: it is read as something that makes sense, or an InputError names the file.

One example spoils one file that a reader takes. `make test` tries a few of each, `make test-long` a
thousand, more than 20,000 over all readers.
"""

import functools
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.checkpoints import load_checkpoint, save_checkpoint
from roam_lite.config import Config
from roam_lite.data import coco, got10k, lasot, otb, vot
from roam_lite.data.boxes import read_boxes, read_flags, read_labels, read_truth
from roam_lite.data.imagenet_xml import Marked, read_objects
from roam_lite.data.images import listed_names
from roam_lite.data.otb_attributes import read_attributes
from roam_lite.data.pixels import read_image
from roam_lite.data.video import open_frames
from roam_lite.evaluation import kept
from roam_lite.evaluation.report import read_report
from roam_lite.evaluation.results import read_configuration, read_run, read_trajectory
from roam_lite.meta_model import MetaModel
from roam_lite.model.lite0 import Trunk, load_imagenet
from roam_lite.profiles import get_profile
from roam_lite.text import read_text
from roam_lite.training.log import RunLog
from roam_lite.training.run_folder import TrainConfig, written_config
from roam_lite.training.state import load_state, save_state
from tests import trees
from tests.fuzzed.spoiled import spoiled_bytes, spoiled_json, spoiled_text
from tests.fuzzed.tried import REFUSED, tried

BOXES = "".join(f"{10 + t},{20 + t}.5,16,12\n" for t in range(8))
POLYGONS = "".join(f"{t},1,9,1,9,8,{t},8\n" for t in range(6))
CODES = "1\n5,7,10,20\n5,8,10,20\n2\n0\n0\n"
ENTRY = {"auc": 0.5, "precision_20": 0.75, "fps": 20.0, "frames": 6}
REPORT = {
    "mean": ENTRY,
    "sequences": {"A": ENTRY, "B": ENTRY},
    "tracker": {"tracker": "roam++", "rule": "lstm", "online": {"penalty": 0.2}, "lr": None},
    "lost": [],
}
COCO = {
    "images": [{"id": 9, "file_name": "9.jpg", "width": 80, "height": 60}],
    "annotations": [{"image_id": 9, "bbox": [10, 20, 16.5, 12], "iscrowd": 0}],
}
NOTE = {"source": {"number of frames": 6}, "runs": [{"unreadable": [1, 2], "lost": []}]}
RUN = TrainConfig(profile="smoke", data="synthetic", out="run")


@functools.cache
def model() -> MetaModel:
    return MetaModel(get_profile("smoke"), torch.Generator().manual_seed(0))


@functools.cache
def _trunk() -> Trunk:
    return Trunk()


def _picture(suffix: str, dtype: type = np.uint8) -> bytes:
    rng = np.random.default_rng(0)
    image = rng.integers(0, np.iinfo(dtype).max, (24, 32, 3)).astype(dtype)
    return cv2.imencode(suffix, image)[1].tobytes()


def _written(write: Callable[[Path], Any]) -> Callable[[Path], bytes]:
    def content(folder: Path) -> bytes:
        path = folder / "original.bin"
        write(path)
        return path.read_bytes()

    return content


def _video(path: Path) -> None:
    named = path.with_suffix(".avi")
    writer = cv2.VideoWriter(str(named), cv2.VideoWriter_fourcc(*"MJPG"), 25, (32, 24))
    for shade in range(4):
        writer.write(np.full((24, 32, 3), 60 * shade, np.uint8))
    writer.release()
    named.rename(path)


def _boxes_are_sound(boxes: np.ndarray) -> None:
    assert boxes.dtype == np.float64
    assert boxes.ndim == 2
    assert boxes.shape[1] == 4
    finite = np.isfinite(boxes)
    assert (finite.all(axis=1) | np.isnan(boxes).all(axis=1)).all()


def _read_coco(path: Path) -> None:
    place = path.parent / "annotations" / path.name
    place.parent.mkdir(exist_ok=True)
    shutil.copy(path, place)
    for listed in coco.list_images(path.parent, "train"):
        for sequence in coco.read_image_targets(path.parent, listed):
            _boxes_are_sound(sequence.boxes)


def _marks_are_sound(read: tuple[tuple[int, int], list[Marked]]) -> None:
    size, marked = read
    assert min(size) > 0
    assert all(np.isfinite(one.box).all() and min(one.box[2:]) > 0 for one in marked)


def _image_is_sound(image: np.ndarray) -> None:
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.size


@dataclass(frozen=True)
class Reader:
    """A reader: the file it takes, from where its original comes, and what must hold of its result."""

    file: str
    original: Callable[[Path], bytes] | bytes | str | dict
    read: Callable[[Path], Any]
    sound: Callable[[Any], None] = lambda result: None


def _sequence(layout: Any, make: Callable[[Path], Path], name: str) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        root = make(path)
        found = layout.read_sequence(root, name)
        _boxes_are_sound(found.boxes)
        assert len(found.frames) == len(found.boxes)

    return check


def _read_video(path: Path) -> None:
    frames = open_frames(path)
    for index in range(min(len(frames), 6)):
        frame = tried(frames.__getitem__, index, named=[path.name])
        if frame is not REFUSED:
            _image_is_sound(frame)


def _read_log(path: Path) -> None:
    RunLog(path.parent, 3).close()
    assert len(path.read_bytes().splitlines()) <= 3


def _read_state(path: Path) -> None:
    fresh = MetaModel(get_profile("smoke"), torch.Generator().manual_seed(0))
    meta, moments = load_state(path, {"model": fresh})
    assert isinstance(meta, dict)
    assert isinstance(moments, dict)


def _read_card(path: Path) -> None:
    weights = path.with_suffix(".safetensors")
    save_checkpoint(weights.with_name("whole.safetensors"), model(), {"steps": 1})
    shutil.copy(weights.with_name("whole.safetensors"), weights)
    loaded, card = load_checkpoint(weights)
    assert isinstance(loaded.config, Config)
    assert isinstance(card, dict)


def _card(folder: Path) -> dict:
    save_checkpoint(folder / "card.safetensors", model(), {"steps": 1})
    return json.loads((folder / "card.json").read_text())


def _read_weights(path: Path) -> None:
    save_checkpoint(path.with_name("whole.safetensors"), model(), {"steps": 1})
    shutil.copy(path.with_name("whole.json"), path.with_suffix(".json"))
    load_checkpoint(path)


def _read_facts(path: Path) -> None:
    for run in kept.facts(path.parents[1], "A"):
        assert all(isinstance(t, int) for frames in run.values() for t in frames)
    kept.differences(path.parents[1], _otb_sequence(path.parents[2]))


def _otb_sequence(folder: Path) -> Any:
    root = folder / "tree"
    if not root.exists():
        trees.otb(root)
    return otb.read_sequence(root, "A")


def _tree(make: Callable[..., Path], place: str) -> Callable[[Path], Path]:
    """Put the spoiled file at its place in a fresh tree."""

    def build(path: Path) -> Path:
        root = path.parent / "tree"
        if not root.exists():
            make(root)
        (root / place).write_bytes(path.read_bytes())
        return root

    return build


READERS = {
    "text": Reader("notes.txt", BOXES, read_text),
    "boxes": Reader("groundtruth_rect.txt", BOXES, read_boxes, _boxes_are_sound),
    "ground truth": Reader("groundtruth.txt", BOXES, read_truth, _boxes_are_sound),
    "labels": Reader("cover.label", "8\n" * 6, read_labels),
    "flags": Reader("out_of_view.txt", "0,0,1,0\n", lambda path: read_flags(path, 4)),
    "regions of VOT": Reader("groundtruth.txt", POLYGONS, vot.read_regions),
    "trajectory": Reader("A_001.txt", CODES, read_trajectory),
    "run": Reader("A.txt", BOXES, read_run, lambda run: _boxes_are_sound(run.boxes)),
    "sequence of OTB": Reader(
        "groundtruth_rect.txt",
        BOXES[: BOXES.find("16")],
        _sequence(otb, _tree(trees.otb, "A/groundtruth_rect.txt"), "A"),
    ),
    "sequence of LaSOT": Reader(
        "full_occlusion.txt",
        "0,0,1,0,0,0\n",
        _sequence(
            lasot, _tree(trees.lasot, "airplane/airplane-1/full_occlusion.txt"), "airplane-1"
        ),
    ),
    "sequence of GOT-10k": Reader(
        "meta_info.ini",
        "[METAINFO]\nurl: x\nresolution: (80, 60)\n",
        _sequence(
            got10k,
            _tree(trees.got10k, "val/GOT-10k_Val_000001/meta_info.ini"),
            "GOT-10k_Val_000001",
        ),
    ),
    "annotation of ImageNet": Reader(
        "000003.xml", trees.annotation([(10, 20, 16, 12, 0, 0)]), read_objects, _marks_are_sound
    ),
    "list of COCO": Reader("instances_train2017.json", COCO, _read_coco),
    "list of sequences": Reader(
        "list.txt", "A\nB\n", lambda path: listed_names(path.parent, "*/groundtruth.txt")
    ),
    "attributes": Reader(
        "attributes.txt",
        "IV, SV, OCC\n",
        lambda path: read_attributes(path.parents[1], [path.parent.name]),
    ),
    "report": Reader("scores.json", REPORT, read_report),
    "configuration": Reader(
        "tracker.json", REPORT["tracker"], lambda path: read_configuration(path.parent)
    ),
    "note of kept results": Reader("tracked/A.json", NOTE, _read_facts),
    "run folder": Reader(
        "config.json",
        {"run": RUN.identity(), "config": get_profile("smoke").to_dict()},
        lambda path: written_config(TrainConfig(**asdict(RUN) | {"out": str(path.parent)})),
    ),
    "training log": Reader(
        "log.jsonl", "".join(json.dumps({"step": t}) + "\n" for t in range(5)), _read_log
    ),
    "training state": Reader(
        "state.safetensors",
        _written(lambda path: save_state(path, {"model": model()}, None, {"step": 1})),
        _read_state,
    ),
    "model card": Reader(
        "checkpoint.json",
        _card,
        _read_card,
    ),
    "weights": Reader(
        "checkpoint.safetensors",
        _written(lambda path: save_checkpoint(path, model(), {"steps": 1})),
        _read_weights,
    ),
    "ImageNet weights": Reader(
        "weights.pth",
        _written(lambda path: torch.save({"_conv_stem.weight": torch.zeros(32, 3, 3, 3)}, path)),
        lambda path: load_imagenet(_trunk(), path),
    ),
    **{
        f"image {suffix}": Reader(f"0001{suffix}", _picture(suffix), read_image, _image_is_sound)
        for suffix in (".jpg", ".png", ".bmp", ".webp", ".tif")
    },
    "image of 16 bits": Reader(
        "0001.png", _picture(".png", np.uint16), read_image, _image_is_sound
    ),
    "video": Reader("clip.avi", _written(_video), _read_video),
}


def spoiled(original: Any) -> st.SearchStrategy[bytes]:
    """What may be in a file that once held this."""
    if isinstance(original, str):
        return spoiled_text(original)
    return spoiled_json(original) if isinstance(original, dict) else spoiled_bytes(original)


@pytest.mark.parametrize("name", READERS)
def test_a_spoiled_file_is_read_or_named(name, tmp_path):
    reader = READERS[name]
    original = reader.original(tmp_path) if callable(reader.original) else reader.original
    path = tmp_path / "fuzzed" / reader.file
    path.parent.mkdir(parents=True)

    @given(spoiled(original))
    def check(content):
        path.write_bytes(content)
        result = tried(reader.read, path, named=[path.stem, path.parent.name])
        if result is not REFUSED:
            reader.sound(result)

    check()
