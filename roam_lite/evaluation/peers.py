"""OpenCV's trackers, to compare with."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from roam_lite.data.pixels import to_rgb_uint8, used_bits
from roam_lite.errors import InputError
from roam_lite.evaluation.peer_weights import find_networks


@dataclass(frozen=True)
class Peer:
    """A tracker of OpenCV."""

    kind: str  # its class; wheels without the contrib modules lack some
    # If it consists of networks: the parameters that name their files, and the word that each file's
    # name contains.
    networks: Mapping[str, str] = field(default_factory=dict)


PEERS = {
    "csrt": Peer("TrackerCSRT"),
    "kcf": Peer("TrackerKCF"),
    "mil": Peer("TrackerMIL"),
    "nano": Peer("TrackerNano", {"backbone": "backbone", "neckhead": "head"}),
    "vit": Peer("TrackerVit", {"net": ""}),
}
MIN_SIDE = 8  # pixels; on smaller boxes CSRT fails and MIL never returns
REMEDY = "keep opencv-contrib-python-headless as the only OpenCV package in the environment"


def missing_peers() -> list[str]:
    """Return the names of the peers that the installed OpenCV lacks."""
    return [name for name, peer in PEERS.items() if not hasattr(cv2, peer.kind)]


def peers_with_weights() -> list[str]:
    """Return the names of the peers whose weights the user must provide."""
    return [name for name, peer in PEERS.items() if peer.networks]


class PeerResult(NamedTuple):
    """A peer's result for one frame."""

    box: np.ndarray  # float64 [4], x, y, w, h
    score: float  # the network's confidence; other peers only say 1 found, 0 lost
    lost: bool


class OpenCVTracker:
    """An OpenCV tracker behind `init(image, box)` and `update(image)`, with OpenCV's defaults.

    Its boxes are whole pixels. In a frame in which it finds nothing, or cannot start, it is lost and
    repeats the last box. MIL seeds itself from the clock, so its scores differ from run to run.
    NanoTrack never reports that it lost the target. `weights` are as in `peer_weights.find_networks`.
    Raises InputError, before anything is tracked, for what OpenCV lacks or cannot read.
    """

    def __init__(self, name: str, weights: str | Path | None = None) -> None:
        if name not in PEERS:
            raise InputError(f"there is no peer {name!r}; choose one of: {', '.join(PEERS)}")
        if name in missing_peers():
            raise InputError(f"{name} is not in this OpenCV; {REMEDY}")
        self._kind = PEERS[name].kind
        self._files = find_networks(name, PEERS[name].networks, weights)
        self.description: dict[str, Any] = {"tracker": name, "opencv": cv2.__version__}
        if self._files:
            self.description["weights"] = {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
                for path in self._files.values()
            }
            self._try()
        self._tracker = None
        self._box = np.zeros(4)

    def init(self, image: np.ndarray, box: np.ndarray) -> None:
        """Start on an RGB uint8 image [H, W, 3]; InputError if the box has no area inside it."""
        self._box, self._bits = np.array(box, dtype=float), used_bits(image)
        self._tracker = self._create()
        try:
            self._tracker.init(_bgr(image, self._bits), _inside(self._box, image))
        except cv2.error:
            self._tracker = None

    def update(self, image: np.ndarray) -> PeerResult:
        """Return the box in the next image, or the last box and `lost`."""
        found, score = False, 0.0
        with suppress(cv2.error):
            if self._tracker is not None:
                found, box = self._tracker.update(_bgr(image, self._bits))
                ask = getattr(self._tracker, "getTrackingScore", None)
                score = float(ask() if ask else found)
        if found:
            self._box = np.array(box, dtype=float)
        return PeerResult(self._box.copy(), score, not found)

    def _create(self) -> Any:
        kind = getattr(cv2, self._kind)
        if not self._files:
            return kind.create()
        parameters = getattr(cv2, f"{self._kind}_Params")()
        for name, path in self._files.items():
            setattr(parameters, name, str(path))
        with _quiet():
            return kind.create(parameters)

    def _try(self) -> None:
        """Track a blank image, so that wrong networks fail here instead of losing every frame."""
        blank = np.zeros((64, 64, 3), np.uint8)
        try:
            with _quiet():
                tracker = self._create()
                tracker.init(blank, (16, 16, 32, 32))
                tracker.update(blank)
        except cv2.error as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"{self.description['tracker']}: OpenCV cannot track with "
                f"{' and '.join(map(str, self._files.values()))} ({reason}); give other weights"
            ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep OpenCV from printing what it lacks, as OpenCV 5 does at every start."""
    log = getattr(cv2.utils, "logging", cv2)  # in OpenCV 4 these are functions of cv2 itself
    before = log.setLogLevel(0)
    try:
        yield
    finally:
        log.setLogLevel(before)


def _bgr(image: np.ndarray, bits: int) -> np.ndarray:
    return np.ascontiguousarray(to_rgb_uint8(image, bits)[..., ::-1])


def _inside(box: np.ndarray, image: np.ndarray) -> tuple[int, int, int, int]:
    """Return the part of the box inside the image, in whole pixels, at least MIN_SIDE wide."""
    limit = np.array(image.shape[1::-1])
    low, high = np.clip(box[:2], 0, limit), np.clip(box[:2] + box[2:], 0, limit)
    if not ((high - low) > 0).all():
        raise InputError(
            f"the box {tuple(float(v) for v in box)} has no area inside the image of "
            f"{limit[0]} x {limit[1]} pixels; give 0-based x,y,w,h"
        )
    size = np.minimum(np.maximum(np.rint(high - low), MIN_SIDE), limit)
    x, y = np.clip(np.rint(low), 0, limit - size).astype(int).tolist()
    w, h = size.astype(int).tolist()
    return x, y, w, h
