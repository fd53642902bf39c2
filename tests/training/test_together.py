"""Several processes train as one would: clips, scales, statistics, gradients, and runs that change hands."""

import multiprocessing
import shutil
import socket

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.training.clips import stack_clips
from roam_lite.training.joined_norms import JoinedBatchNorm, join_norms
from roam_lite.training.loader import ClipBatches
from roam_lite.training.schedule import scales_at
from tests.training.test_loader import equal
from tests.training.together import train, uneven

CONFIG = uneven()
STAGES = CONFIG.training.stages
LOOP = "training.stages.closed_loop"


@pytest.fixture(scope="module")
def run():
    """Trains in so many processes, up to a step; returns gradients, statistics and losses."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.training.together"])

    def run(out, world, until=1, stage="closed_loop", **options):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        started = [
            context.Process(
                target=train, args=(rank, world, port, out, stage, until), kwargs=options
            )
            for rank in range(world)
        ]
        for process in started:
            process.start()
        for process in started:
            process.join(100)
        assert [process.exitcode for process in started] == [0] * world
        return load_file(out / "found.safetensors")

    return run


def differences(found, expected):
    """By how much each part (backbone, theta0, losses ...) differs: norms, relative to its own.

    By parts and not by tensors: the gradient of a bias before a batch norm is rounding alone.
    """
    assert found.keys() == expected.keys()
    parts = {}
    for name in expected:
        parts.setdefault(name.partition(".")[0], []).append(name)
    for part, names in parts.items():
        a, b = (
            torch.cat([v[name].double().flatten() for name in names]) for v in (found, expected)
        )
        yield part, float((a - b).norm() / b.norm())


def assert_close(found, expected, tolerance=1e-5):
    assert {part: d for part, d in differences(found, expected) if not d <= tolerance} == {}


def checkpoint(out):
    return (out / "checkpoint.safetensors").read_bytes()


# What each process does


def test_processes_draw_the_clips_of_one_between_them():
    whole = ClipBatches("synthetic", 0, STAGES, CONFIG)[5]
    parts = [ClipBatches("synthetic", 0, STAGES, CONFIG, part=(r, 2))[5] for r in (0, 1)]
    assert [len(part.views) for part in parts] == [2, 1]
    (first, third), (second,) = (part.videos() for part in parts)
    assert equal(stack_clips([first, second, third]), whole)


def test_processes_draw_the_scales_of_one_between_them():
    model = MetaModel(CONFIG, torch.Generator().manual_seed(0))
    whole, *parts = (
        scales_at(model, STAGES[1], 3, 0, 5, 1.0, part) for part in ((0, 1), (0, 2), (1, 2))
    )
    assert torch.equal(parts[0], whole[0::2])
    assert torch.equal(parts[1], whole[1::2])
    assert not torch.equal(whole[0], whole[1])


def test_more_processes_than_clips_are_refused():
    with pytest.raises(InputError, match=r"takes 3 clips per step, too few for 4 processes; give"):
        ClipBatches("synthetic", 0, STAGES, CONFIG, part=(0, 4))


@pytest.mark.parametrize("affine", [True, False])
def test_a_joined_batch_norm_alone_is_torchs(affine):
    torch.manual_seed(0)
    found, expected = (nn.Sequential(nn.BatchNorm2d(3, affine=affine)) for _ in range(2))
    join_norms(found)
    assert type(found[0]) is JoinedBatchNorm
    x = (100 + torch.randn(4, 3, 5, 6)).requires_grad_()
    weights, outcomes = torch.randn(4, 3, 5, 6), []
    for norm in (found, expected):
        y = norm(x)
        inputs = [x, *norm.parameters()]
        gradients = torch.autograd.grad((y * weights).sum(), inputs)
        outcomes.append([y, *gradients, *norm.buffers(), norm.eval()(x)])
    torch.testing.assert_close(*outcomes, rtol=1e-4, atol=1e-4)


# What they find together


@pytest.mark.parametrize("stage", ["first_step", "closed_loop"])
def test_the_gradient_of_two_processes_is_that_of_one_with_all_clips(run, tmp_path, stage):
    """And so are losses and running statistics; one process has two clips, the other has one."""
    expected = run(tmp_path / "one", 1, stage=stage)
    assert ("backbone.layers.stem.0.0.weight" in expected) == (stage == "first_step")
    assert_close(run(tmp_path / "two", 2, stage=stage), expected)


@pytest.mark.parametrize(
    ("until", "options"),
    [
        (2, {"repeat": 1}),
        (1, {"constants": ("training.hidden_kappa=0.5",)}),
        (
            1,
            {
                "constants": tuple(
                    f"{LOOP}.{word}" for word in ("meta_gradient=evolution", "pairs=2")
                )
            },
        ),
    ],
    ids=["repeat", "hidden factors", "evolution"],
)
def test_so_it_is_with_other_options(run, tmp_path, until, options):
    expected = run(tmp_path / "one", 1, until, **options)
    found = run(tmp_path / "two", 2, until, **options)
    # Evolution divides small differences of losses by the spread, and their rounding with them.
    assert_close(
        found,
        expected,
        5e-5 if any("evolution" in w for w in options.get("constants", ())) else 1e-5,
    )
    assert found["drawn"].tolist() == [3, 0]


def test_so_it_is_in_parts_of_which_the_last_alone_waits(run, tmp_path):
    """Four clips in two processes, two parts each."""
    four = (f"{LOOP}.batch=4",)
    expected = run(tmp_path / "one", 1, constants=four)
    assert_close(run(tmp_path / "two", 2, constants=(*four, f"{LOOP}.parts=2")), expected)


def test_a_run_of_two_processes_goes_on_with_two_or_one(run, tmp_path):
    run(tmp_path / "begun", 2, until=2)
    for name in ("same", "fewer"):
        shutil.copytree(tmp_path / "begun", tmp_path / name)
    expected = run(tmp_path / "whole", 2, until=3)
    run(tmp_path / "same", 2, until=3)
    assert checkpoint(tmp_path / "same") == checkpoint(tmp_path / "whole")
    assert_close(run(tmp_path / "fewer", 1, until=3), expected)


def test_a_run_of_one_process_goes_on_with_two(run, tmp_path):
    run(tmp_path / "begun", 1, until=2)
    shutil.copytree(tmp_path / "begun", tmp_path / "more")
    expected = run(tmp_path / "begun", 1, until=3)
    assert_close(run(tmp_path / "more", 2, until=3), expected)
