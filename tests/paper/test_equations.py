"""Every numbered equation of the paper: the library against an independent NumPy one."""

import sys
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from roam_lite.adaptation import adapt, meta_loss, update_loss
from roam_lite.config import Config, modify
from roam_lite.model.filters import anchor_size, filter_size, warp_filters
from roam_lite.model.losses import gaussian_labels, make_targets, tracking_loss
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.paper.equations import EQUATIONS
from roam_lite.rules import SGD, build_rule
from roam_lite.rules.preprocessing import CHANNELS, stack_input
from roam_lite.rules.scaling import draw_scales
from roam_lite.training.rollout import rollout
from tests import reference
from tests.tiny import TINY, draw_batch, draw_clips, given_episode, tiny_model

CHECKS = {}
SHARES = (None, 0.6)  # rates by themselves, as in the paper, or relative to lambda0


def equation(number, **options):
    """Register a check of one equation; it gets a generator and draws shapes and values."""

    def register(check):
        CHECKS[number] = partial(check, **options)
        return check

    return register


def same(actual, expected, rtol=1e-9, atol=1e-10):
    if isinstance(actual, torch.Tensor):
        actual = actual.detach().numpy()
    assert_allclose(actual, expected, rtol=rtol, atol=atol)


def draw_config(rng, **fixed) -> Config:
    """Another tiny configuration each time: constants of the losses and sizes of theta."""
    model = {
        "backbone": f"tiny-{rng.integers(1, 4)}",  # its channels
        "reduced": int(rng.integers(1, 4)),
        "base_filter": int(rng.choice([1, 3, 5])),
        "patch_size": int(rng.integers(16, 33)),
        "filter_scale": float(rng.uniform(1.0, 2.0)),
        "label_sharpness": float(rng.uniform(5, 30)),
        "response_loss": str(rng.choice(["balanced", "focused", "plain"])),
        "regression_anchors": int(rng.integers(1, 12)),
        "easy_error": float(rng.uniform(0.05, 0.3)),
        "delta_spread": tuple(rng.uniform(0.1, 1, 2).tolist()),
    }
    return modify(TINY, model=model | fixed)


def draw_theta(rng, config, videos):
    return 0.5 * rng.normal(size=(videos, ThetaLayout.of(config.model).size))


@equation(1)
def check_theta_is_both_branches(rng):
    config = draw_config(rng)
    theta = draw_theta(rng, config, 3)
    branches = ThetaLayout.of(config.model).split(torch.from_numpy(theta))
    for video in range(3):
        expected = reference.split_theta(theta[video], config)
        for branch, parts in zip(branches, expected, strict=True):
            for part, array in zip(branch, parts, strict=True):
                same(part[video], array, rtol=0, atol=0)


@equation(2, outputs=1)
@equation(3, outputs=4)
def check_kernels_are_warped(rng, outputs):
    videos, channels, base = 4, int(rng.integers(1, 4)), int(rng.choice([1, 3, 5, 11]))
    kernels = rng.normal(size=(videos, outputs, channels, base, base))
    sizes = rng.integers(0, 8, (videos, 2)) * 2 + 1
    canvas = int(sizes.max())
    warped = warp_filters(torch.from_numpy(kernels), torch.from_numpy(sizes), canvas)
    for video, (rows, columns) in enumerate(sizes):
        top, left = (canvas - rows) // 2, (canvas - columns) // 2
        expected = np.zeros((outputs, channels, canvas, canvas))
        expected[:, :, top : top + rows, left : left + columns] = reference.warp(
            kernels[video], rows, columns
        )
        same(warped[video], expected)


@equation(4, axis=0)
@equation(5, axis=1)
def check_rows_come_from_the_height_and_columns_from_the_width(rng, axis):
    config, limit = draw_config(rng), int(rng.integers(5, 80))
    targets = rng.uniform(0.1, 300, size=(20, 2))  # (w, h)
    sizes = filter_size(
        torch.from_numpy(targets), config.model.filter_scale, config.model.stride, limit
    )
    extents = targets[:, 1 - axis]
    same(sizes[:, axis], [reference.filter_side(extent, limit, config) for extent in extents])


@equation(6)
def check_anchor_belongs_to_the_filter(rng):
    config = draw_config(rng)
    sizes = rng.integers(0, 30, (10, 2)) * 2 + 1
    anchors = anchor_size(
        torch.from_numpy(sizes).double(), config.model.filter_scale, config.model.stride
    )
    same(anchors, [reference.anchor_extent(*size, config) for size in sizes])


@equation(7)
def check_tracking_loss_of_any_prediction(rng):
    config = draw_config(rng)
    batch = draw_batch(rng, videos=3, samples=int(rng.integers(1, 4)), config=config.model)
    labels = batch.features[:, :, 0]
    response = torch.from_numpy(rng.normal(scale=0.3, size=labels.shape))
    deltas = torch.from_numpy(rng.normal(size=(*labels.shape[:2], 4, *labels.shape[2:])))
    cells = reference.cell_positions(labels.shape[-1])
    grid = torch.from_numpy(cells)
    targets = make_targets(
        torch.from_numpy(batch.boxes), torch.from_numpy(batch.sizes), grid, grid, config.model
    )
    losses = tracking_loss(response, deltas, targets, config.model)
    for video in range(3):
        _, boxes, size = batch.video(video)
        expected = reference.targets(boxes, size, cells, cells, config)
        loss, _ = reference.prediction_loss(
            response[video].numpy(), deltas[video].numpy(), *expected, config
        )
        same(losses[video], loss)


@equation(8)
def check_labels_are_gaussian(rng):
    config = draw_config(rng)
    xs, ys = (reference.cell_positions(int(rng.integers(3, 20))) for _ in range(2))
    boxes = np.concatenate([rng.uniform(-10, 60, (5, 2)), rng.uniform(2, 40, (5, 2))], axis=1)
    labels = gaussian_labels(
        *map(torch.from_numpy, (boxes, xs, ys)), config.model.stride, config.model.label_sharpness
    )
    for label, box in zip(labels, boxes, strict=True):
        same(label, reference.label_map(box, xs, ys, config))


@equation(9)
def check_update_is_one_gradient_step(rng):
    # Small, because the reference takes one step along every coordinate.
    config, videos = draw_config(rng, base_filter=3, patch_size=20), 2
    batch, theta = draw_batch(rng, videos, config=config.model), draw_theta(rng, config, videos)
    rates = rng.uniform(0, 0.2, theta.shape)
    adapted = adapt(
        torch.from_numpy(theta),
        batch.samples(config.model),
        SGD(torch.from_numpy(rates)),
        None,
        config.model,
    )
    for video in range(videos):
        loss, gradient = reference.loss_and_gradient(theta[video], *batch.video(video), config)
        same(adapted.update_loss[video], loss)
        same(adapted.theta[video], reference.update(theta[video], rates[video], gradient))


@equation(10)
def check_optimizer_sees_rate_gradient_theta_loss(rng):
    shape = (3, int(rng.integers(1, 30)))
    rates, theta = 10 ** rng.uniform(-8, 0, shape), rng.normal(size=shape)
    gradient = rng.normal(size=shape) * 10 ** rng.uniform(-9, 2, shape)
    loss = rng.uniform(0, 5, 3)
    arrays = [torch.from_numpy(a) for a in (rates, gradient, theta, loss)]
    p = float(rng.uniform(5, 15))
    for kind in CHANNELS:
        stack = stack_input(kind, p, *arrays)
        for video in range(3):
            expected = reference.input_stack(
                kind, rates[video], gradient[video], theta[video], loss[video], p
            )
            same(stack[video], expected)


@equation(11)
def check_learning_rates_come_from_the_lstm(rng):
    kind, hidden = str(rng.choice(["raw", "log_sign"])), int(rng.integers(1, 8))
    videos, size = 2, int(rng.integers(1, 20))
    share = SHARES[int(rng.integers(2))]
    p = float(rng.uniform(5, 15))
    changes = {"input": kind, "input_range": p, "hidden": hidden, "initial_share": share}
    config = modify(TINY, rule=changes).rule
    rule = build_rule("lstm", config=config, parts=torch.zeros(size, dtype=torch.long)).double()
    weights = {name: value.numpy() for name, value in rule.state_dict().items()}
    rates0 = rng.uniform(0.01, 0.1, (videos, size))
    state, memories, last = rule.init(None, torch.from_numpy(rates0)), [None] * videos, rates0
    for _ in range(3):
        theta, gradient = rng.normal(size=(2, videos, size))
        loss = rng.uniform(0, 2, videos)
        _, state, rates = rule.step(*map(torch.from_numpy, (theta, gradient, loss)), state)
        for video in range(videos):
            stack = reference.input_stack(
                kind, last[video], gradient[video], theta[video], loss[video], p
            )
            around = None if share is None else rates0[video]
            expected, memories[video] = reference.emitted_rates(
                stack, memories[video], weights, around
            )
            same(rates[video], expected)
        last = rates.detach().numpy()


@equation(12, function=update_loss, samples=3)
@equation(13, function=meta_loss, samples=1)
def check_loss_of_a_model(rng, function, samples):
    config, videos = draw_config(rng), 2
    batch, theta = draw_batch(rng, videos, samples, config.model), draw_theta(rng, config, videos)
    losses = function(torch.from_numpy(theta), batch.samples(config.model), config.model)
    for video in range(videos):
        same(losses[video], reference.tracking_loss(theta[video], *batch.video(video), config))


@equation(14)
def check_meta_loss_is_averaged_over_updates_and_videos(rng):
    changes = {
        "input": str(rng.choice(["raw", "log_sign"])),
        "initial_share": SHARES[int(rng.integers(2))],
    }
    config = modify(TINY, rule=changes)
    videos, updates = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    model = tiny_model(config, seed=int(rng.integers(1000)))
    pairs = draw_clips(rng, videos, updates, config.model)
    result = rollout(model, given_episode(pairs, config.model), "full")
    expected = reference.averaged_meta_loss(
        model.theta0.detach().numpy(),
        model.lambda0.detach().numpy(),
        [[(u.video(i), f.video(i)) for u, f in pairs] for i in range(videos)],
        {name: value.numpy() for name, value in model.rule.state_dict().items()},
        config,
        model.parts.numpy(),
    )
    same(result.loss, expected)


@equation(15)
def check_scaled_model_predicts_the_same(rng):
    config, videos = draw_config(rng), 2
    layout, seed = ThetaLayout.of(config.model), int(rng.integers(1000))
    regression = layout.regression_coordinates()
    kappas = rng.uniform(0, 2, 2)
    generator = torch.Generator().manual_seed(seed)
    scales = draw_scales(regression, kappas[0], kappas[1], videos, generator)
    uniform = torch.rand((videos, layout.size), generator=torch.Generator().manual_seed(seed))
    kappa = np.where(regression, kappas[1], kappas[0])
    # Drawn in float32, hence the tolerance.
    same(scales, reference.scales(uniform.double().numpy(), kappa), rtol=1e-6)

    batch, theta = draw_batch(rng, videos, config=config.model), draw_theta(rng, config, videos)
    scales = scales.double()
    scaled = scales * torch.from_numpy(theta)
    losses = update_loss(scaled, batch.samples(config.model), config.model, scales)
    for video in range(videos):
        same(losses[video], reference.tracking_loss(theta[video], *batch.video(video), config))


def code_that_runs(check, *arguments):
    """Every code object that is entered while `check` runs."""
    entered = set()
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, _: entered.add(frame.f_code) if event == "call" else None)
    try:
        check(*arguments)
    finally:
        sys.setprofile(before)
    return entered


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("number", range(1, 16))
def test_library_computes_what_the_paper_says(number, seed):
    CHECKS[number](np.random.default_rng((number, seed)))


@pytest.mark.parametrize("number", range(1, 16))
def test_equation_names_the_functions_that_its_check_runs(number):
    entered = code_that_runs(CHECKS[number], np.random.default_rng(number))
    for function in EQUATIONS[number].functions:
        function = function.fget if isinstance(function, property) else function
        assert function.__module__.startswith("roam_lite.")
        assert function.__code__ in entered, function.__qualname__


def test_every_equation_has_an_entry_and_a_check():
    assert list(EQUATIONS) == list(range(1, 16))
    assert set(CHECKS) == set(EQUATIONS)
    for entry in EQUATIONS.values():
        assert all((entry.functions, entry.formula, entry.note))
