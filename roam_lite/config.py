"""Configurations: every constant of the method, with its symbol and section of the paper.

A `Config` has four parts: the tracking model, the update rule, its meta-training, and online
tracking. A checkpoint contains its whole configuration, so editing a constant here or in
`profiles` never changes how trained weights behave.
"""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass, replace
from functools import cached_property
from sys import float_info
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from roam_lite.errors import InputError

MetaGradient = Literal["first_step", "first_order", "chained", "full", "evolution"]
# Names of the constants' types in messages.
_KINDS = {int: "a whole number", float: "a finite number", tuple[float, ...]: "numbers"}


@dataclass(frozen=True)
class ModelConfig:
    """The tracking model: patches, features, filters, labels, losses (section 3.1)."""

    # Patches (section 5)
    patch_size: int  # S, pixels
    region_scale: float  # gamma
    # Features (section 5): a name in `model.backbones.BACKBONES`
    backbone: str
    # Branches (section 3.1)
    reduced: int  # channels after the dimension reduction layer
    base_filter: int  # side of the fixed-size kernels, cells
    filter_scale: float  # rho
    kernel_spread: float  # of the kernels' random start: small responses, but not small gradients
    # Losses (eq. 7, 8)
    label_sharpness: float  # alpha
    response_loss: Literal["balanced", "focused", "plain"]
    easy_error: float  # cells with a smaller error are solved and excluded from the balanced loss
    regression_anchors: int  # anchors of highest IoU in the regression loss, per frame
    delta_spread: tuple[float, float]  # units of the box deltas: for shifts and for log sizes
    # Initial model (Algorithm 1, line 5; section 4)
    initial_steps: int  # gradient steps with lambda0, 0 or more; the paper takes one (footnote 1)
    initial_scales: tuple[float, ...]  # s and r by which the first samples are stretched
    scale_sharpness: float = 0.0  # sharpness of the labels in the logarithm of the target's size

    def __post_init__(self) -> None:
        if self.initial_steps < 0:
            raise InputError(f"constant initial_steps: {self.initial_steps}; give 0 or more")

    @cached_property
    def channels(self) -> int:
        """C, the backbone's number of feature channels."""
        return _find_backbone(self.backbone).channels

    @cached_property
    def stride(self) -> int:
        """c, patch pixels per cell of the backbone's map."""
        return _find_backbone(self.backbone).stride


@dataclass(frozen=True)
class RuleConfig:
    """The update rule of theta: lambda0 at first, then the neural optimizer (section 3.2)."""

    name: str  # in `rules.RULES`
    hidden: int  # units in each of the two recurrent layers
    input: Literal["raw", "log_sign"]  # 4 channels as in (10), or 5
    input_range: float  # p: magnitudes from e^-p to 1 are given as logarithms ([1], appendix A)
    lambda0_response: float  # initial lambda0 of the response branch's coordinates
    lambda0_regression: float  # and of the regression branch's
    initial_rate: float  # what the neural optimizer emits before training
    initial_share: float | None  # if set, rates are relative to lambda0, starting at this share
    initial_regression_gain: float  # initial factor on the rates of the regression branch
    online: str | None = None  # the rule to track with by default; None: this one
    online_lr: float | None = None  # and its learning rate, if it needs one


@dataclass(frozen=True)
class Stage:
    """One phase of meta-training: Algorithm 1 with its own horizon, batch and learning rates.

    A stage with `updates = 1` trains only the first step (lines 5 and 6 of Algorithm 1: theta0,
    lambda0 and, if it is not pretrained, the backbone); later stages add the neural
    optimizer's updates.

    Raises InputError for impossible `parts` or `recompute`.
    """

    name: str
    steps: int
    batch: int  # N, video clips in a mini-batch (section 5)
    updates: int  # T, model updates in a clip, the first step included (eq. 14)
    initial_samples: int  # how many of the nine stretched first patches (section 4)
    future_frames: int  # frames of each meta loss; the paper uses one (footnote 3)
    horizon: int  # frames after an update that the meta loss is drawn from; the paper uses tau
    meta_gradient: MetaGradient
    theta0_lr: float  # Adam's step for theta0
    lambda0_lr: float  # Adam's step for log(lambda0)
    rule_lr: float  # Adam's step for the neural optimizer's omega
    gains_lr: float  # Adam's step for the optimizer's log gains on lambda0, one per part of theta
    backbone_lr: float  # Adam's step for the backbone; 0 keeps it frozen
    halvings: int  # how often all rates are halved, evenly spaced over the stage (section 5)
    pretrained_share: float = 1.0  # of backbone_lr, for the layers with pretrained weights
    kappa_ramp: float = 0.5  # share of the stage over which kappa grows from 0 to its full value
    precision: Literal["float32", "bfloat16"] = "float32"  # of the backbone's layers
    rule_layers: Literal["all", "last"] = "all"  # layers of the neural optimizer that are trained
    # Speed and memory; only `parts` changes the result, and only if a backbone learns
    parts: int = 1  # of the mini-batch, one after the other; batch norms that learn see only one
    recompute: int = 0  # keep the optimizer's memory once in so many gradient steps; 0: in each
    tf32: bool | None = None  # CUDA matrix products rounded to 10 bits; None: torch's own setting
    channels_last: bool = True  # memory format of the backbone
    compile: bool = False  # whether to compile the backbone with torch.compile
    # Evolution strategies (`meta_gradient = "evolution"`)
    pairs: int = 4  # perturbations, each with both signs
    segments: int = 1  # of an episode, each with its own perturbations
    spread: float = 0.1  # standard deviation of a perturbation

    def __post_init__(self) -> None:
        given = f"stage {self.name}: parts {self.parts}, recompute {self.recompute}"
        if self.parts < 1 or self.recompute < 0:
            raise InputError(f"{given}; give parts of 1 or more, and recompute of 0 or more")
        if self.meta_gradient == "evolution" and (self.parts > 1 or self.recompute):
            raise InputError(f"{given}: evolution has no graph whose memory they save; omit both")


@dataclass(frozen=True)
class TrainingConfig:
    """How the rule is meta-trained: random filter scaling, sampling, outer optimizer, stages.

    Raises InputError for an impossible average.
    """

    # Random filter scaling (section 3.3)
    kappa_response: float
    kappa_regression: float
    scale_first_step: bool  # whether lambda0's step is also taken in scaled coordinates
    # Sampling (section 5)
    min_visibility: float  # frames that show less of the target count as background
    min_side: float  # pixels; smaller targets lack texture and have boxes uncertain by a third
    stretch_jitter: tuple[float, float]  # range of scale factors and of aspect factors
    shift_jitter: float  # largest shift of the target from the patch's center, as a share of S
    # Augmentation of whole clips, and of the light in single patches
    mirror_chance: float
    gray_chance: float
    swap_chance: float  # that a clip's color channels are swapped, and that its axes are
    light_gain: tuple[float, float]  # range of factors on pixels
    light_offset: float  # largest number added to pixels, of 255
    # Closed loop: the model also tracks during training
    past_labels: Literal["truth", "estimates"]  # of past samples: true boxes, or the model's own
    view_scale: int  # side of the part of a frame that a clip stores, in patch sides
    lost_overlap: float  # below this overlap the target is lost, and the tracker is reset to it
    # Outer optimizer (Adam)
    betas: tuple[float, float]
    max_gradient_norm: float  # longer gradients are clipped
    stages: tuple[Stage, ...]
    # Positive control: each video's theta has its own scale, log-uniform in e^-k to e^k, which
    # the optimizer does not know
    hidden_kappa: float = 0.0
    averaging: float = 0.0  # decay of the averaged weights in a checkpoint; 0: no averaging
    # Augmentation of whole clips, as by worse cameras; ranges of strength
    soft_chance: float = 0.0  # that it is blurred, as by a lens or by enlarging a smaller frame
    softness: tuple[float, float] = (1.2, 3.0)  # pixels of a patch that are blurred into one
    flat_chance: float = 0.0  # that its contrast is low
    contrast: tuple[float, float] = (0.3, 0.7)  # remaining share of it, around a middle gray
    dark_chance: float = 0.0  # that it is dark
    light: tuple[float, float] = (0.125, 0.5)  # remaining share of the light
    sensor_noise: float = 3.0  # in the dark, standard deviation, of 255
    jpeg_chance: float = 0.0  # that it is compressed
    jpeg_quality: tuple[float, float] = (25.0, 70.0)

    def __post_init__(self) -> None:
        if not 0 <= self.averaging < 1:
            raise InputError(
                f"training constant averaging: {self.averaging!r}; give at least 0 and less than 1"
            )


@dataclass(frozen=True)
class OnlineConfig:
    """How a target is followed (section 4). These constants can be set when a tracker is loaded.

    Raises InputError for values that cannot work.
    """

    update_interval: int  # tau, frames
    update_steps: int  # gradient steps at each update
    update_batches: Literal["halves", "all"]
    penalty: float  # k of the scale-and-ratio penalty
    motion: float  # sharpness of the motion map
    wide_motion: float  # the same after a weak response
    weak_response: float  # share of the first response below which a frame is not trusted
    strong_response: float  # share above which it is trusted again
    size_rate: float  # weight of a new size in the interpolation
    min_size: float  # image pixels
    search_scales: tuple[float, ...]  # of the multi-scale search (ROAM)
    diverged_loss: float  # update loss above which the model is reset to the first frame's
    position: Literal["box", "peak"] = "box"  # the center: the regressed box's, or the score's peak
    # What updates learn from, and when; the defaults here give the paper's updates
    memory: int = 0  # stored frames; 0: 2 tau
    replayed: int = 0  # at most this many frames, evenly spaced, from before the newest tau; 0: tau
    first_share: float = 0.0  # weight of the first frame's samples in every loss; DiMP: 0.25
    certainty: float = 0.0  # exponent, in a frame's weight, of its share of the first response
    age: float = 0.0  # weights decay by e^-age per frame
    hard_negative: float = 0.0  # share of the first peak that a second needs for a step; 0: never
    update_response: float = 0.0  # mean share of the first response below which updates are skipped

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name in ("update_interval", "update_steps"):
                fits, expected = value >= 1, "at least 1"
            elif name in ("min_size", "diverged_loss"):
                fits, expected = value > 0, "above 0"
            elif name == "search_scales":
                fits, expected = value and min(value) > 0, "one or more, all above 0"
            elif name == "memory":
                fits = value == 0 or value >= self.update_interval
                expected = "0, or update_interval or more"
            elif name in ("first_share", "hard_negative"):
                fits, expected = 0 <= value <= 1, "0 to 1"
            elif name == "weak_response":
                fits, expected = 0 <= value <= self.strong_response, "0 to strong_response"
            else:
                fits, expected = isinstance(value, str) or value >= 0, "0 or more"
            if not fits:
                raise InputError(f"online constant {name}: {value!r}; give {expected}")


@dataclass(frozen=True)
class Config:
    """All constants of one size of the method; `name` is that of the original profile."""

    name: str
    model: ModelConfig
    rule: RuleConfig
    training: TrainingConfig
    online: OnlineConfig

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as plain JSON types."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any], source: str = "configuration") -> "Config":
        """Return the configuration that `to_dict` gave.

        Raises InputError naming `source` and a constant that is missing, unknown or of a wrong type.
        """
        return build(Config, values, source)


def modify(config: Config, name: str | None = None, **parts: Mapping[str, Any]) -> Config:
    """Return a configuration with other constants: `modify(config, model={"reduced": 8})`."""
    changed = {part: replace(getattr(config, part), **values) for part, values in parts.items()}
    return replace(config, name=name or config.name, **changed)


def _find_backbone(name: str) -> Any:
    from roam_lite.model.backbones import find_backbone  # which needs torch

    return find_backbone(name)


def build(kind: type, values: Any, source: str) -> Any:
    """Return a dataclass from plain JSON types."""
    if not isinstance(values, Mapping):
        raise InputError(f"{source}: {values!r} is not a {kind.__name__}")
    hints = get_type_hints(kind)
    required = {field.name for field in fields(kind) if field.default is MISSING}
    wrong = sorted((required - values.keys()) | (values.keys() - hints.keys()))
    if wrong:
        raise InputError(
            f"{source}: {', '.join(wrong)} missing or unknown in {kind.__name__}; "
            "was it written by another version?"
        )
    parts = {n: convert(hints[n], v, f"{source}, {n}") for n, v in values.items()}
    try:
        return kind(**parts)
    except InputError as error:  # for constants that do not fit together
        raise InputError(f"{source}: {error}") from error


def convert(hint: Any, value: Any, source: str) -> Any:
    """Return a value as its field's type. Raises InputError if it has another type."""
    if is_dataclass(hint):
        return build(hint, value, source)
    kind, options = get_origin(hint), get_args(hint)
    if isinstance(hint, UnionType):  # a number or None
        return None if value is None else convert(options[0], value, source)
    if kind is tuple and isinstance(value, list | tuple):
        kinds = options[:1] * len(value) if options[-1] is Ellipsis else options
        if len(kinds) == len(value):
            return tuple(convert(k, v, source) for k, v in zip(kinds, value, strict=True))
    elif hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) <= float_info.max:  # False for nan, too
            return float(value)
    elif value in options if kind is Literal else type(value) is hint:
        return value
    expected = " or ".join(map(repr, options)) if kind is Literal else _KINDS.get(hint, hint)
    raise InputError(f"{source}: {value!r} does not fit; expected {expected}")
