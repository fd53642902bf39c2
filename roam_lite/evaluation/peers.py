"""Trackers to compare with: OpenCV's CSRT, KCF and MIL, and anybody's by `MODULE:FACTORY`."""

import os
import pkgutil
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import cv2
import numpy as np

from roam_lite.data.sequence import to_rgb_uint8
from roam_lite.errors import InputError

# OpenCV's classes by name: wheels without the contrib modules lack some of them.
PEERS = {"csrt": "TrackerCSRT", "kcf": "TrackerKCF", "mil": "TrackerMIL"}
MIN_SIDE = 8  # pixels; on smaller boxes CSRT fails and MIL never returns
REMEDY = "let opencv-contrib-python-headless be the only OpenCV package in the environment"


def missing_peers() -> list[str]:
    """Return the names of the peers that the installed OpenCV lacks."""
    return [name for name, kind in PEERS.items() if not hasattr(cv2, kind)]


class PeerResult(NamedTuple):
    """A peer's result for one frame."""

    box: np.ndarray  # float64 [4], x, y, w, h
    score: float  # 1 found, 0 lost: OpenCV gives no more
    lost: bool


class OpenCVTracker:
    """An OpenCV tracker behind `init(image, box)` and `update(image)`, with OpenCV's defaults.

    Its boxes are whole pixels. A frame in which it finds nothing, or cannot start, is lost and
    repeats the box before it. MIL seeds itself from the clock: its scores differ from run to run.
    """

    def __init__(self, name: str) -> None:
        if name not in PEERS:
            raise InputError(f"there is no peer {name!r}; choose one of: {', '.join(PEERS)}")
        if name in missing_peers():
            raise InputError(f"{name} is not in this OpenCV; {REMEDY}")
        self.description = {"tracker": name, "opencv": cv2.__version__}
        self._kind = getattr(cv2, PEERS[name])
        self._tracker = None
        self._box = np.zeros(4)

    def init(self, image: np.ndarray, box: np.ndarray) -> None:
        """Start on an RGB uint8 image [H, W, 3]; InputError if the box has no area inside it."""
        self._box = np.array(box, dtype=float)
        self._tracker = self._kind.create()
        try:
            self._tracker.init(_bgr(image), _inside(self._box, image))
        except cv2.error:
            self._tracker = None

    def update(self, image: np.ndarray) -> PeerResult:
        """Return the box in the next image, or the box before it and `lost`."""
        found = False
        with suppress(cv2.error):
            if self._tracker is not None:
                found, box = self._tracker.update(_bgr(image))
        if found:
            self._box = np.array(box, dtype=float)
        return PeerResult(self._box.copy(), float(found), not found)


def load_object(path: str) -> Any:
    """Return what `MODULE:NAME` means, here or in the path. Raises InputError if there is no such thing."""
    module_name, _, name = path.partition(":")
    if not (module_name and name):
        raise InputError(
            f"{path!r} is not of the form MODULE:NAME, for example mypackage.fast:make"
        )
    sys.path.insert(0, os.getcwd())
    try:
        return pkgutil.resolve_name(path)
    except (ValueError, ImportError, AttributeError) as error:
        raise InputError(
            f"{path!r} cannot be loaded ({error}); is it installed, or in this folder?"
        ) from error
    finally:
        sys.path.remove(os.getcwd())


def load_factory(path: str) -> Callable[[], Any]:
    """Return a function without arguments, which can be pickled, that makes the tracker of MODULE:FACTORY.

    Raises InputError if there is none or what it makes has no `init` and `update`.
    """
    factory = load_object(path)
    tracker = factory() if callable(factory) else None
    if not (hasattr(tracker, "init") and hasattr(tracker, "update")):
        raise InputError(
            f"{path!r} makes no tracker; the factory must take no arguments and return an object "
            "with init(image, box) and update(image)"
        )
    return partial(_make, path)


def _make(path: str) -> Any:
    return load_object(path)()


def _bgr(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(to_rgb_uint8(image)[..., ::-1])


def _inside(box: np.ndarray, image: np.ndarray) -> tuple[int, int, int, int]:
    """Return the part of the box inside the image, in whole pixels, at least MIN_SIDE wide."""
    limit = np.array(image.shape[1::-1])
    low, high = np.clip(box[:2], 0, limit), np.clip(box[:2] + box[2:], 0, limit)
    if not ((high - low) > 0).all():
        raise InputError(
            f"the box {tuple(float(v) for v in box)} has no area inside the image of "
            f"{limit[0]} x {limit[1]} pixels; give x,y,w,h from 0"
        )
    size = np.minimum(np.maximum(np.rint(high - low), MIN_SIDE), limit)
    x, y = np.clip(np.rint(low), 0, limit - size).astype(int).tolist()
    w, h = size.astype(int).tolist()
    return x, y, w, h
