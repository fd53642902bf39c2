"""A step's settings of speed and memory: what they do, and that its gradient stays what it was."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_leaves

from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.training import Trainer, recompute, step
from roam_lite.training.clips import draw_footage, stack_clips
from roam_lite.training.recompute import _Taken
from roam_lite.training.rollout import rollout
from roam_lite.training.schedule import scales_at, trained_parameters
from roam_lite.training.step import MetaStep, add_gradients, check_compiler, rounded_products
from tests.tiny import TINY, draw_clips, given_episode, tiny_model
from tests.training.painted import painted_sequence

SMOKE = modify(get_profile("smoke"), training={"swap_chance": 0.0})
STAGE = replace(SMOKE.training.stages[-1], batch=3, precision="float32")


@pytest.fixture(scope="module")
def footage():
    generators = [np.random.default_rng(seed) for seed in range(3)]
    return stack_clips([draw_footage(painted_sequence(), g, STAGE, SMOKE) for g in generators])


def found(footage, **changes):
    """The rollout of a step with other settings, and its whole gradient."""
    stage = replace(STAGE, **changes)
    model = MetaModel(SMOKE, torch.Generator().manual_seed(0))
    module = MetaStep(model, stage)
    trained_parameters(model, stage)
    scales = scales_at(model, stage, 3, 0, 0, 1.0)
    result = add_gradients(module, footage.parts(stage.parts), stage, scales, None)
    trained = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return result, torch.cat(trained), model


@pytest.fixture(scope="module")
def usual(footage):
    return found(footage)


@pytest.mark.parametrize(
    "changes",
    [{"parts": 2}, {"parts": 3}, {"recompute": 1}, {"recompute": 3}, {"channels_last": False}],
    ids=str,
)
def test_settings_do_not_change_the_gradient(footage, usual, changes):
    result, gradient, _ = found(footage, **changes)
    tolerance = 1e-6 if "recompute" in changes else 1e-5
    assert (gradient - usual[1]).norm() <= tolerance * usual[1].norm()
    for name in ("meta_losses", "update_losses", "first_rates", "updating_rates"):
        torch.testing.assert_close(getattr(result, name), getattr(usual[0], name))


@pytest.mark.parametrize("rule", ["lstm", "gru", "fc", "const", "steepest"])
@pytest.mark.parametrize("kind", ["first_step", "first_order", "chained", "full"])
def test_what_is_computed_again_has_the_same_gradient(kind, rule):
    episode = given_episode(draw_clips(np.random.default_rng(0), 2, 6))
    gradients = []
    for every in (0, 2):
        model = tiny_model(rule=rule)
        rollout(model, episode, kind, recompute=every).loss.backward()
        known = [p.grad for p in model.parameters() if p.grad is not None]
        gradients.append(torch.cat([gradient.flatten() for gradient in known]))
    assert gradients[0].norm() > 0
    assert (gradients[1] - gradients[0]).norm() <= 1e-6 * gradients[0].norm()


def test_recomputing_keeps_less_for_the_backward_pass(monkeypatch):
    """Counted are the numbers that autograd saves, each storage once, and the states that are kept."""
    episode = given_episode(draw_clips(np.random.default_rng(0), 2, 9))

    def saved(every):
        kept, steps = {}, []

        def noted(*arguments):
            steps.append(_Taken(*arguments))
            return steps[-1]

        def note(tensor):
            kept[tensor.data_ptr()] = tensor.numel()
            return tensor

        monkeypatch.setattr(recompute, "_Taken", noted)
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            model = tiny_model(modify(TINY, rule={"hidden": 20}))
            result = rollout(model, episode, "chained", recompute=every)
        for taken in steps:
            for leaf in filter(torch.is_tensor, (*taken.seen, *tree_leaves(taken.state))):
                kept[leaf.data_ptr()] = leaf.numel()
        assert result.meta_losses.requires_grad
        return sum(kept.values())

    assert saved(3) < 0.6 * saved(0)


def test_the_backbones_numbers_lie_as_the_stage_says(footage, usual):
    weights = {
        last: [p for p in model.backbone.parameters() if p.ndim == 4 and p.shape[1] > 1]
        for last, model in ((True, usual[2]), (False, found(footage, channels_last=False)[2]))
    }
    for last, kind in ((True, torch.channels_last), (False, torch.contiguous_format)):
        assert all(weight.is_contiguous(memory_format=kind) for weight in weights[last])
    assert not any(weight.is_contiguous() for weight in weights[True] if weight.shape[2] > 1)


@pytest.mark.parametrize("tf32", [None, True, False])
def test_products_are_rounded_for_the_step_alone(tf32):
    backends = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [backend.allow_tf32 for backend in backends]
    with suppress(RuntimeError), rounded_products(tf32):
        inside = [backend.allow_tf32 for backend in backends]
        raise RuntimeError
    assert inside == (before if tf32 is None else [tf32, tf32])
    assert [backend.allow_tf32 for backend in backends] == before


def test_a_step_is_taken_with_the_products_that_its_stage_wants(config, painted, monkeypatch):
    seen = []

    def noted(*arguments):
        seen.append(torch.backends.cuda.matmul.allow_tf32)
        return add_gradients(*arguments)

    monkeypatch.setattr(step, "add_gradients", noted)
    constants = ("training.stages.closed_loop.tf32=true",)
    list(Trainer(config(steps=2, constants=constants)).run())
    assert seen == [False, True]


def test_compiling_without_a_compiler_is_refused_before_anything_is_written(
    config, monkeypatch, tmp_path
):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InputError, match=r"no C\+\+ compiler \(no-such-compiler\) found"):
        Trainer(config(constants=("training.stages.closed_loop.compile=true",)))
    assert not (tmp_path / "run").exists()


def test_what_is_compiled_is_the_frozen_copy_whatever_its_length(monkeypatch):
    model, empty = MetaModel(SMOKE, torch.Generator().manual_seed(0)), torch.nn.Sequential()
    monkeypatch.setattr(model.backbone, "folded", lambda: empty)
    monkeypatch.setattr(torch, "compile", lambda module: module)
    monkeypatch.setattr(step, "check_compiler", lambda: None)
    assert MetaStep(model, replace(STAGE, compile=True)).frozen is empty


@pytest.mark.long
def test_a_compiled_backbone_has_the_same_gradient(footage, usual):
    try:
        check_compiler()
    except InputError:
        pytest.skip("no C++ compiler")
    gradient = found(footage, compile=True)[1]
    assert (gradient - usual[1]).norm() <= 1e-4 * usual[1].norm()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": 0}, "parts 0"),
        ({"recompute": -1}, "recompute -1"),
        ({"parts": 2, "meta_gradient": "evolution"}, "evolution"),
        ({"recompute": 2, "meta_gradient": "evolution"}, "evolution"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        replace(STAGE, **change)


def test_more_parts_than_clips_are_refused(config):
    constants = ("training.stages.closed_loop.parts=3",)
    with pytest.raises(InputError, match="takes 2 clips per step, too few for 3 parts"):
        Trainer(config(constants=constants))


@pytest.mark.parametrize("repeat", [None, 1])
def test_a_run_in_parts_gives_the_losses_of_one_that_is_whole(config, painted, tmp_path, repeat):
    """Both stages' backbones stand still: batch norms that learn would see other clips."""
    still = tuple(f"training.stages.{stage.name}.backbone_lr=0" for stage in SMOKE.training.stages)
    parts = tuple(f"training.stages.{stage.name}.parts=2" for stage in SMOKE.training.stages)
    losses = []
    for name, constants in (("whole", still), ("parts", still + parts)):
        run = config(steps=4, repeat=repeat, constants=constants, out=str(tmp_path / name))
        losses.append(torch.tensor([record.meta_losses[0] for record in Trainer(run).run()]))
    torch.testing.assert_close(*losses, rtol=1e-4, atol=1e-5)
