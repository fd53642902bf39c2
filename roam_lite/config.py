"""Configurations: every constant of the method, with its symbol and section of the paper.

A `Config` has four parts: the tracking model, the update rule, its meta-training, and online
tracking. A checkpoint holds its whole configuration, so that editing a constant here or in
`profiles` never changes what trained weights do.
"""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass, replace
from functools import cached_property
from sys import float_info
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from roam_lite.errors import InputError

MetaGradient = Literal["first_step", "first_order", "chained", "full", "evolution"]
# What messages call the types of constants.
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
    kernel_spread: float  # of the kernels' random start: responses begin near 0, gradients do not
    # Losses (eq. 7, 8)
    label_sharpness: float  # alpha
    response_loss: Literal["balanced", "focused", "plain"]
    easy_error: float  # cells with a smaller error are solved, and stay out of the balanced loss
    regression_anchors: int  # anchors of highest IoU in the regression loss, per frame
    delta_spread: tuple[float, float]  # units of the box deltas: of shifts, and of log sizes
    # Initial model (Algorithm 1, line 5; section 4)
    initial_steps: int  # gradient steps with lambda0, 0 or more; the paper takes one (footnote 1)
    initial_scales: tuple[float, ...]  # s and r of the stretched first samples
    scale_sharpness: float = 0.0  # of the labels, in the logarithm of the target's size

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
    """Who updates theta: lambda0 at first, then the neural optimizer (section 3.2)."""

    name: str  # in `rules.RULES`
    hidden: int  # units of each of the two recurrent layers
    input: Literal["raw", "log_sign"]  # 4 channels as in (10), or 5
    input_range: float  # p: magnitudes from e^-p to 1 are given as logarithms ([1], appendix A)
    lambda0_response: float  # where lambda0 starts on the response branch's coordinates
    lambda0_regression: float  # and on the regression branch's
    initial_rate: float  # what the neural optimizer emits before training
    initial_share: float | None  # if set, it emits rates relative to lambda0, from this share on
    initial_regression_gain: float  # what those of the regression branch are multiplied by at first


@dataclass(frozen=True)
class Stage:
    """One stretch of meta-training: Algorithm 1 with its own horizon, batch and learning rates.

    A stage with `updates = 1` trains the first step alone (lines 5 and 6 of Algorithm 1: theta0,
    lambda0 and, where there is no pretrained one, the backbone); later stages add the neural
    optimizer's updates.

    Raises InputError for parts, or steps to recompute, that cannot be.
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
    pretrained_share: float = 1.0  # of backbone_lr, for the layers with pretrained weights
    kappa_ramp: float = 0.5  # share of the stage over which kappa grows from 0 to its full value
    precision: Literal["float32", "bfloat16"] = "float32"  # of the backbone's layers
    rule_layers: Literal["all", "last"] = "all"  # those of the neural optimizer that learn
    # Speed and memory; of these only `parts` changes what is computed, where a backbone learns
    parts: int = 1  # of the mini-batch, one after the other; batch norms that learn see one of them
    recompute: int = 0  # gradient steps of which one memory of the optimizer is kept; 0: of each
    tf32: bool | None = None  # products of CUDA rounded to 10 bits; None: torch's own setting
    channels_last: bool = True  # the order of the backbone's numbers in memory
    compile: bool = False  # the backbone, by torch.compile
    # Evolution strategies (`meta_gradient = "evolution"`)
    pairs: int = 4  # perturbations, each followed in both signs
    segments: int = 1  # of an episode, with perturbations of their own
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

    Raises InputError for an average that cannot be kept.
    """

    # Random filter scaling (section 3.3)
    kappa_response: float
    kappa_regression: float
    scale_first_step: bool  # whether lambda0's step is taken in scaled coordinates too
    # Sampling (section 5)
    min_visibility: float  # frames that show less of the target teach the background
    min_side: float  # pixels; smaller targets have no texture, and boxes uncertain by a third
    stretch_jitter: tuple[float, float]  # range of scale and of aspect factors
    shift_jitter: float  # largest shift of the target from the patch's middle, as a share of S
    # Augmentation: of a whole clip, and the light of single patches
    mirror_chance: float
    gray_chance: float
    swap_chance: float  # that a clip's color channels are exchanged, and that its axes are
    light_gain: tuple[float, float]  # range of what pixels are multiplied by
    light_offset: float  # largest number added to pixels, of 255
    # Closed loop: the model tracks in training too
    past_labels: Literal["truth", "estimates"]  # past samples: true boxes, or what the model tracks
    view_scale: int  # side of the part of a frame that a clip holds, in sides of a patch
    lost_overlap: float  # below this overlap the target is lost, and the tracker is put back on it
    # Outer optimizer (Adam)
    betas: tuple[float, float]
    max_gradient_norm: float  # longer gradients are shortened
    stages: tuple[Stage, ...]
    # Positive control: each video's theta has a scale of its own, log-uniform in e^-k to e^k, that
    # the optimizer is not told
    hidden_kappa: float = 0.0
    averaging: float = 0.0  # decay of the weights' average in a checkpoint; 0: the last step's
    # Augmentation of a whole clip, as by worse cameras; ranges of how much
    soft_chance: float = 0.0  # that it is softened, as by a lens or an enlarged smaller frame
    softness: tuple[float, float] = (1.2, 3.0)  # pixels of a patch that look like one
    flat_chance: float = 0.0  # that its contrast is low
    contrast: tuple[float, float] = (0.3, 0.7)  # what is left of it, about a middle gray
    dark_chance: float = 0.0  # that it is dark
    light: tuple[float, float] = (0.125, 0.5)  # what is left of it
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

    Raises InputError for values that no tracker can work with.
    """

    update_interval: int  # tau, frames
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
    diverged_loss: float  # an update loss above which the model goes back to the first frame's
    position: Literal["box", "peak"] = "box"  # the center: the regressed box's, or the score's peak
    # What an update learns from, and when; as they stand here, updates are the paper's
    memory: int = 0  # frames kept; 0: 2 tau
    replayed: int = 0  # most frames, evenly spaced, of those before the newest tau; 0: tau
    first_share: float = 0.0  # weight of the first frame's samples in every loss; DiMP: 0.25
    certainty: float = (
        0.0  # power of a frame's response, relative to the first one's, in its weight
    )
    age: float = 0.0  # weights fall by e^-age a frame
    hard_negative: float = (
        0.0  # share of the highest peak at which a second calls for a step; 0: none
    )
    update_response: float = 0.0  # mean share of the first response below which no update is taken

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
    """All constants of one size of the method; `name` is that of the profile that it began as."""

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

        Raises InputError naming `source` and the constant that is missing, unknown or of another
        type.
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
    except InputError as error:  # of constants that do not go together
        raise InputError(f"{source}: {error}") from error


def convert(hint: Any, value: Any, source: str) -> Any:
    """Return a value as the type that its field has. Raises InputError if it is of another one."""
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
        if abs(value) <= float_info.max:  # which nan is not, either
            return float(value)
    elif value in options if kind is Literal else type(value) is hint:
        return value
    expected = " or ".join(map(repr, options)) if kind is Literal else _KINDS.get(hint, hint)
    raise InputError(f"{source}: {value!r} does not fit; expected {expected}")
