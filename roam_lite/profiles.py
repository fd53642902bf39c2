"""Profiles: every constant of the method in one place, with its symbol and section of the paper.

A profile is a frozen dataclass. `paper` holds the paper's values, `laptop` the same method at a size
that meta-trains on two CPU cores, `smoke` the smallest size that still runs every line.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from roam_lite.errors import InputError

MetaGradient = Literal["first_step", "first_order", "chained", "full"]


@dataclass(frozen=True)
class Stage:
    """One stretch of meta-training: Algorithm 1 with its own horizon, batch and learning rates.

    A stage with `updates = 1` trains the first step alone (lines 5 and 6 of Algorithm 1: theta0,
    lambda0 and, where the profile has no pretrained one, the backbone); later stages add the
    neural optimizer's updates.
    """

    name: str
    steps: int
    batch: int  # N, video clips in a mini-batch (section 5)
    updates: int  # T, model updates in a clip, the first step included (eq. 14)
    initial_samples: int  # of the nine stretched first patches (section 4)
    future_frames: int  # frames of each meta loss; the paper uses one (footnote 3)
    horizon: int  # frames after an update from which the meta loss draws; the paper uses tau
    meta_gradient: MetaGradient
    theta0_lr: float  # Adam's step for theta0
    lambda0_lr: float  # Adam's step for log(lambda0)
    rule_lr: float  # Adam's step for the neural optimizer's omega
    gains_lr: float  # Adam's step for the optimizer's log gains on lambda0, one a part of theta
    backbone_lr: float  # Adam's step for the backbone; 0 keeps it frozen
    halvings: int  # how often all rates are halved, evenly over the stage (section 5)
    kappa_ramp: float = 0.5  # share of the stage over which kappa grows from 0 to its full value
    precision: Literal["float32", "bfloat16"] = "float32"  # of the backbone's layers


@dataclass(frozen=True)
class Profile:
    """All constants of one size of the method."""

    name: str
    # Patches (section 5)
    patch_size: int  # S, pixels
    roi_scale: float  # gamma
    # Features (section 5)
    backbone: Literal["small", "vgg16"]
    convolutions: int  # of VGG-16: 12 in the paper, 10 in its authors' program
    channels: int  # C of the feature map
    stride: int  # c, patch pixels per cell
    # Tracking model (section 3.1)
    reduced: int  # channels after the dimension reduction layer
    base_filter: int  # side of the fixed-size kernels, cells
    filter_scale: float  # rho
    # Losses (eq. 7, 8)
    label_sharpness: float  # alpha
    response_loss: Literal["balanced", "focused", "plain"]
    regression_anchors: int  # anchors of highest IoU in the regression loss, per frame
    delta_spread: tuple[float, float]  # units of the box deltas: of shifts, and of log sizes
    # Initial model (Algorithm 1, line 5; section 4)
    initial_steps: int  # gradient steps with lambda0; the paper takes one (footnote 1)
    # Neural optimizer (section 3.2)
    hidden: int  # units of each of the two recurrent layers
    rule_input: Literal["raw", "log_sign"]  # 4 channels as in (10), or 5
    initial_rate_response: float  # where lambda0 starts on the response branch's coordinates
    initial_rate_regression: float  # and on the regression branch's
    initial_updating_rate: float  # what the neural optimizer emits before training
    initial_updating_share: float | None  # if set, it emits rates relative to lambda0, from here
    initial_regression_gain: float  # what those of the regression branch are multiplied by at first
    # Random filter scaling (section 3.3)
    kappa_response: float
    kappa_regression: float
    scale_first_step: bool  # whether lambda0's step is taken in scaled coordinates too
    # Sampling in training (section 5)
    update_interval: int  # tau, frames
    stretch_jitter: tuple[float, float]  # range of scale and of aspect factors
    shift_jitter: float  # largest shift of the target from the patch's middle, as a share of S
    look_jitter: float  # chance that a clip's colors are exchanged, and that its axes are
    past_labels: Literal["truth", "estimates"]  # past samples: true boxes, or what the model tracks
    stages: tuple[Stage, ...]
    # Online tracking (section 4)
    initial_scales: tuple[float, ...]  # s and r
    update_steps: int  # gradient steps at each update
    update_batches: Literal["halves", "all"]
    penalty: float  # k of the scale-and-ratio penalty
    motion: float  # sharpness of the motion map
    wide_motion: float  # the same after a weak response
    weak_response: float  # share of the first response under which a frame is not trusted
    strong_response: float  # share above which it is trusted again
    size_rate: float  # weight of a new size in the interpolation
    min_size: float  # image pixels
    search_scales: tuple[float, ...]  # of the multi-scale search (ROAM)

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as plain JSON types."""
        return asdict(self)


_PAPER = Profile(
    name="paper",
    patch_size=281,
    roi_scale=5.0,
    backbone="vgg16",
    convolutions=12,
    channels=512,
    stride=4,
    reduced=64,
    base_filter=21,
    filter_scale=1.5,
    label_sharpness=20.0,
    response_loss="balanced",
    regression_anchors=32,
    delta_spread=(1.0, 1.0),
    initial_steps=1,
    hidden=20,
    rule_input="log_sign",
    initial_rate_response=1e-6,
    initial_rate_regression=1e-6,
    initial_updating_rate=4.5e-5,
    initial_updating_share=None,
    initial_regression_gain=1.0,
    kappa_response=1.6,
    kappa_regression=1.3,
    scale_first_step=True,
    update_interval=5,
    stretch_jitter=(0.8, 1.2),
    shift_jitter=0.4,
    look_jitter=0.0,
    past_labels="truth",
    stages=(
        Stage(
            name="meta",
            steps=100_000,
            batch=16,
            updates=6,
            initial_samples=9,
            future_frames=1,
            horizon=5,
            meta_gradient="first_step",
            theta0_lr=1e-6,
            lambda0_lr=1e-2,
            rule_lr=1e-3,
            gains_lr=1e-2,
            backbone_lr=0.0,
            halvings=4,
            kappa_ramp=0.1,
        ),
    ),
    initial_scales=(0.8, 1.0, 1.2),
    update_steps=2,
    update_batches="halves",
    penalty=0.05,
    motion=0.8,
    wide_motion=0.2,
    weak_response=0.1,
    strong_response=0.6,
    size_rate=0.6,
    min_size=10.0,
    search_scales=(0.964, 1.0, 1.0375),
)

_FIRST_STEP = Stage(
    name="first_step",
    steps=2400,
    batch=16,
    updates=1,
    initial_samples=3,
    future_frames=3,
    horizon=30,
    meta_gradient="full",
    theta0_lr=3e-4,
    lambda0_lr=5e-2,
    rule_lr=1e-3,
    gains_lr=5e-2,
    backbone_lr=1e-3,
    halvings=4,
    precision="bfloat16",
)

_LAPTOP = replace(
    _PAPER,
    name="laptop",
    patch_size=144,
    backbone="small",
    convolutions=0,
    channels=48,
    reduced=16,
    base_filter=11,
    response_loss="focused",
    # In their own units the deltas' loss is a tenth of the response's, and a backbone that is
    # trained by the sum learns nothing about boxes; Faster R-CNN's program uses these units.
    delta_spread=(0.1, 0.2),
    initial_steps=2,
    initial_rate_response=3e-6,
    initial_rate_regression=1e-3,
    # A short training cannot find again what lambda0 knows of each coordinate.
    initial_updating_share=0.3,
    # Boxes that are learned from one's own boxes wander.
    initial_regression_gain=0.07,
    # RFS is there for the neural optimizer, which can adapt to the scale; lambda0 cannot.
    scale_first_step=False,
    # Online, a patch is cut around an estimate whose size may be far off.
    stretch_jitter=(0.75, 1.35),
    shift_jitter=0.35,
    look_jitter=0.2,
    # Online, past frames are cut and labeled by the tracker itself; an optimizer that never saw
    # its errors trusts the labels too much.
    past_labels="estimates",
    penalty=0.2,
    stages=(
        # The losses of a random backbone are a thousand times those of a trained one, and Adam would
        # remember them: lambda0 waits until they are over.
        replace(
            _FIRST_STEP,
            name="warm_up",
            steps=200,
            theta0_lr=1e-3,
            lambda0_lr=0.0,
            halvings=0,
        ),
        _FIRST_STEP,
        Stage(
            name="closed_loop",
            steps=450,
            batch=4,
            updates=24,
            initial_samples=9,
            future_frames=1,
            horizon=5,
            meta_gradient="chained",
            theta0_lr=5e-4,
            lambda0_lr=2e-2,
            rule_lr=1e-2,
            gains_lr=5e-2,
            backbone_lr=0.0,
            halvings=4,
            precision="bfloat16",
        ),
    ),
)

_SMOKE = replace(
    _LAPTOP,
    name="smoke",
    patch_size=64,
    channels=8,
    reduced=4,
    base_filter=5,
    hidden=4,
    regression_anchors=8,
    stages=(
        replace(_LAPTOP.stages[1], steps=4, batch=2, initial_samples=2, future_frames=1),
        replace(_LAPTOP.stages[2], steps=4, batch=2, updates=3, initial_samples=2),
    ),
)

PROFILES = {profile.name: profile for profile in (_SMOKE, _LAPTOP, _PAPER)}


def get_profile(name: str) -> Profile:
    """Return the profile of that name.

    Raises InputError naming the known ones if there is none.
    """
    try:
        return PROFILES[name]
    except KeyError:
        known = ", ".join(PROFILES)
        raise InputError(f"there is no profile {name!r}; choose one of: {known}") from None
