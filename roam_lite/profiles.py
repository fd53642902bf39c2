"""Profiles: the values of every constant, by name.

`paper` has the paper's values; `laptop` is the same method at a size for two CPU cores, on features
with ImageNet weights; `desktop` is larger; `laptop-small` learns its features from scratch; `smoke` is
the smallest size that still runs every line. `config` says what each constant means.
"""

from dataclasses import replace

from roam_lite.config import (
    Config,
    ModelConfig,
    OnlineConfig,
    RuleConfig,
    Stage,
    TrainingConfig,
    modify,
)
from roam_lite.errors import InputError

_PAPER = Config(
    name="paper",
    model=ModelConfig(
        patch_size=281,
        region_scale=5.0,
        backbone="vgg16",
        reduced=64,
        base_filter=21,
        filter_scale=1.5,
        kernel_spread=0.01,
        label_sharpness=20.0,
        response_loss="balanced",
        easy_error=0.1,
        regression_anchors=32,
        delta_spread=(1.0, 1.0),
        initial_steps=1,
        initial_scales=(0.8, 1.0, 1.2),
    ),
    rule=RuleConfig(
        name="lstm",
        hidden=20,
        input="log_sign",
        input_range=10.0,
        lambda0_response=1e-6,
        lambda0_regression=1e-6,
        initial_rate=4.5e-5,
        initial_share=None,
        initial_regression_gain=1.0,
    ),
    training=TrainingConfig(
        kappa_response=1.6,
        kappa_regression=1.3,
        scale_first_step=True,
        min_visibility=0.3,
        min_side=4.0,
        stretch_jitter=(0.8, 1.2),
        shift_jitter=0.4,
        mirror_chance=0.5,
        gray_chance=0.1,
        swap_chance=0.0,
        light_gain=(0.8, 1.25),
        light_offset=20.0,
        past_labels="truth",
        # If the tracker's box just touches the target, its patch is still inside the view.
        view_scale=2,
        # As in the VOT challenges.
        lost_overlap=0.1,
        # The second moment forgets within 100 steps. Otherwise a step that diverged early on would
        # keep the steps of the learning rates small for 1,000 steps.
        betas=(0.9, 0.99),
        max_gradient_norm=1.0,
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
    ),
    online=OnlineConfig(
        update_interval=5,
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
        # Update losses of working models are below 1.
        diverged_loss=100.0,
    ),
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

_LAPTOP_SMALL = modify(
    _PAPER,
    name="laptop-small",
    model={
        "patch_size": 144,
        "backbone": "small",
        "reduced": 16,
        "base_filter": 11,
        "response_loss": "focused",
        # In plain units the deltas' loss is a tenth of the response's, and a backbone
        # trained on the sum learns nothing about boxes; Faster R-CNN's program uses these units.
        "delta_spread": (0.1, 0.2),
        "initial_steps": 2,
    },
    rule={
        "lambda0_response": 3e-6,
        "lambda0_regression": 1e-3,
        # A short training cannot relearn what lambda0 knows about each coordinate.
        "initial_share": 0.3,
        # Boxes learned from the tracker's own boxes drift.
        "initial_regression_gain": 0.07,
    },
    training={
        # RFS is for the neural optimizer, which can adapt to the scale; lambda0 cannot.
        "scale_first_step": False,
        # Online, a patch is cropped around an estimate whose size may be far off.
        "stretch_jitter": (0.75, 1.35),
        "shift_jitter": 0.35,
        "swap_chance": 0.2,
        # Online, the tracker itself crops and labels past frames; an optimizer that never saw
        # its errors trusts these labels too much.
        "past_labels": "estimates",
        "stages": (
            # The losses of a random backbone are a thousand times those of a trained one, and Adam
            # would remember them, so lambda0 waits until they have passed.
            replace(
                _FIRST_STEP, name="warm_up", steps=200, theta0_lr=1e-3, lambda0_lr=0.0, halvings=0
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
    },
    online={"penalty": 0.2},
)

_WARM_UP, _FIRST, _CLOSED_LOOP = _LAPTOP_SMALL.training.stages
_LAPTOP = modify(
    _LAPTOP_SMALL,
    name="laptop",
    model={
        "backbone": "lite0",
        "region_scale": 4.0,
        "base_filter": 13,
        # With two steps on narrower stretches, half of an error in the region's size remains in
        # the size found, so a bias settles at twice its value.
        "initial_steps": 4,
        "initial_scales": (0.7, 1.0, 1.4),
        # Without it the response is the same for all of these sizes, and the search cannot tell.
        "scale_sharpness": 4.0,
    },
    training={
        "stretch_jitter": (0.6, 1.7),
        "soft_chance": 0.35,
        "flat_chance": 0.12,
        "dark_chance": 0.12,
        "jpeg_chance": 0.25,
        # Checkpoints of neighboring steps differ by 0.02 AUC.
        "averaging": 0.98,
        "stages": (
            replace(_WARM_UP, batch=32, pretrained_share=0.0),
            # At the full rate the trunk forgets ImageNet.
            replace(_FIRST, batch=32, pretrained_share=0.1),
            # Only theta0 and lambda0, which is cheap, until they correct wrong sizes of the region.
            replace(
                _FIRST,
                name="sizes",
                steps=300,
                initial_samples=5,
                theta0_lr=2e-4,
                lambda0_lr=2e-2,
                gains_lr=2e-2,
                backbone_lr=0.0,
                halvings=3,
            ),
            replace(_CLOSED_LOOP, steps=180, batch=8),
        ),
    },
    # The response locates the center better than the regression.
    online={"position": "peak", "motion": 1.6},
)

_DESKTOP = modify(
    _LAPTOP,
    name="desktop",
    model={"backbone": "lite0-128", "patch_size": 192, "reduced": 32, "base_filter": 17},
)

_SMOKE = modify(
    _LAPTOP_SMALL,
    name="smoke",
    model={
        "patch_size": 64,
        "backbone": "small-8",
        "reduced": 4,
        "base_filter": 5,
        "regression_anchors": 8,
    },
    rule={"hidden": 4},
    training={
        "stages": (
            replace(_FIRST, steps=4, batch=2, initial_samples=2, future_frames=1),
            replace(_CLOSED_LOOP, steps=4, batch=2, updates=3, initial_samples=2),
        )
    },
)

PROFILES = {profile.name: profile for profile in (_SMOKE, _LAPTOP_SMALL, _LAPTOP, _DESKTOP, _PAPER)}


def get_profile(name: str) -> Config:
    """Return the profile's configuration. Raises InputError naming the known ones if there is none."""
    if name not in PROFILES:
        raise InputError(f"there is no profile {name!r}; choose one of: {', '.join(PROFILES)}")
    return PROFILES[name]
