# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 6. Meta-training: learning to update
#
# An optimizer is good if the model that it updates is right about frames to come. That sentence is
# differentiable: update, look at a future frame, and send the error back *through the update* to
# whatever decided about it. Algorithm 1 of the paper is that sentence in a loop.
#
# **When you are through you can**
#
# - write Algorithm 1 in a dozen lines and show that they are the library's;
# - say what the three kinds of meta-gradient keep and drop, and what each costs;
# - steer a training run: start, pause, step, stop;
# - recognize what goes wrong: no random filter scaling, long horizons, exploding meta-gradients.
#
# **Needs** [notebook 0](00_start_here.ipynb); the optimizer itself is opened up in notebook 5.
# **Paper** sections 3.2, 3.3, equations (12) to (15), Algorithm 1. **Run time** half a minute on two
# cores (`python notebooks/render.py 06_meta_training`).

# %%
import tempfile
import time
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch

from roam_lite import get_profile
from roam_lite.adaptation import meta_loss, update_loss
from roam_lite.config import modify
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.figures.style import OPTIMIZER_COLORS, use_style
from roam_lite.meta_model import MetaModel
from roam_lite.rules.scaling import draw_scales
from roam_lite.training import TrainConfig
from roam_lite.training.clips import draw_clip, stack_clips
from roam_lite.training.episodes import GivenEpisode, open_episode
from roam_lite.training.rollout import rollout
from roam_lite.widgets import Controller, dashboard, explore, show, training_run

use_style()
BLUE = OPTIMIZER_COLORS["lstm"]
KINDS = {"first_step": ":", "first_order": "--", "full": "-"}

# %% [markdown]
# ## A clip
#
# Training imitates tracking. A clip of T updates holds the stretched copies of its first patch for
# the first update, then a window of $\tau$ frames for every update that follows, and for each of
# them a frame from *after* it, on which the updated model is judged.

# %%
# One first step and true labels, as in the paper; `laptop` takes more steps, and labels as it has to online.
config = modify(get_profile("smoke"), model={"initial_steps": 1}, training={"past_labels": "truth"})
stage = config.training.stages[-1]
names = list_sequences(samples_folder())
sequences = [read_sequence(samples_folder(), name) for name in names]


def draw_clips(seed, updates, videos=2):
    """A mini-batch of clips of that many updates."""
    rng = np.random.default_rng(seed)
    longer = replace(stage, updates=updates)
    chosen = rng.choice(len(sequences), videos, replace=False)
    return stack_clips([draw_clip(sequences[i], rng, longer, config) for i in chosen])


clips = draw_clips(seed=0, updates=3)
print("first update     ", list(clips.initial_patches.shape), "[N, n, 3, S, S]")
print("later updates    ", list(clips.past_patches.shape), "[N, T - 1, tau, 3, S, S]")
print("judged on        ", list(clips.future_patches.shape), "[N, T, f, 3, S, S]")

# %%
figure, grid = plt.subplots(2, 6, figsize=(9, 3.4))
for row, video in zip(grid, range(2), strict=True):
    patches = [clips.initial_patches[video, 0], *clips.past_patches[video, 0]]
    titles = ["first", *(f"past {j}" for j in range(1, 5))]
    pairs = [*zip(titles, patches, strict=False), ("future", clips.future_patches[video, 1, 0])]
    for axes, (title, patch) in zip(row, pairs, strict=True):
        axes.imshow(patch.permute(1, 2, 0))
        axes.set_title(title)
        axes.axis("off")
show(
    figure, "Two clips as rows of patches: the first, four of a window of past frames, a future one"
)

# %% [markdown]
# ## Algorithm 1, from an empty cell
#
# Lines 5 to 11: the first step takes the learned rates $\lambda^{(0)}$, every later one those of the
# neural optimizer. The update loss is the tracking loss on n samples,
#
# $$
# \ell^{(t-1)} = \frac{1}{n} \sum_{j=1}^n L(F_j, M_j, B_j; \theta^{(t-1)}, \phi^{(t-1)}) \tag{12}
# $$
#
# and is differentiated by $\theta$. The meta loss is the same loss on a future frame, with the model
# after the step,
#
# $$
# \mathcal{L}^{(t)} = L(F^{(t+\delta)}, M^{(t+\delta)}, B^{(t+\delta)}; \theta^{(t)}, \phi^{(t-1)})
# \tag{13}
# $$
#
# and what training minimizes is its mean over all updates of all videos,
#
# $$
# \bar{\mathcal{L}} = \frac{1}{NT} \sum_{i=1}^N \sum_{t=1}^T \mathcal{L}_{\mathcal{V}_i}^{(t)} \tag{14}
# $$
#
# `create_graph=True` is the whole trick: the gradient stays part of the graph, so that
# $\bar{\mathcal{L}}$ can be differentiated through the step that it took.


# %%
def algorithm_1(model, features):
    """Meta losses [N, T]: Algorithm 1, lines 5 to 11, keeping the whole graph."""
    videos = features.updates[0].features.shape[0]
    theta, rates = model.theta0.expand(videos, -1), model.lambda0.expand(videos, -1)
    state = model.rule.init(theta, rates)
    losses = []
    for t, (past, future) in enumerate(zip(features.updates, features.future, strict=True)):
        loss = update_loss(theta, past, model.config.model)  # (12)
        (gradient,) = torch.autograd.grad(loss.sum(), theta, create_graph=True)
        step = rates * gradient
        if t > 0:
            step, state, _ = model.rule.step(theta, gradient, loss, state)  # (11)
        theta = theta - step  # (9)
        losses.append(meta_loss(theta, future, model.config.model))  # (13)
    return torch.stack(losses, dim=1)


def new_model(config=config):
    """A fresh meta model, its backbone frozen as in the closed loop."""
    model = MetaModel(config, torch.Generator().manual_seed(0))
    model.backbone.requires_grad_(False)
    return model


def meta_parameters(model):
    """What line 14 of Algorithm 1 updates."""
    return [model.theta0, model.log_lambda0, *model.rule.parameters()]


def meta_gradient(model, loss):
    """The gradient of a loss by all meta parameters, as one vector."""
    parts = torch.autograd.grad(
        loss, meta_parameters(model), retain_graph=True, materialize_grads=True
    )
    return torch.cat([part.flatten() for part in parts])


model = new_model()
features = open_episode(model, clips, train_backbone=False, precision=torch.float32)
mine = algorithm_1(model, features)
library = rollout(model, features, "full")
print("mean over the clips, T = 3:", [f"{loss:.4f}" for loss in mine.mean(dim=0).tolist()])

torch.testing.assert_close(mine, library.meta_losses)
torch.testing.assert_close(meta_gradient(model, mine.mean()), meta_gradient(model, library.loss))

# %% [markdown]
# Both assertions hold: the dozen lines and the library's `rollout` give the same losses and the same
# meta-gradient. Line 14 is one step of Adam on $\theta^{(0)}$, $\log\lambda^{(0)}$ and $\omega$. Taken
# a few times on the *same* clips it must lower the loss, or something is wrong with the gradient.

# %%
optimizer = torch.optim.Adam(meta_parameters(model), lr=3e-3)
before = rollout(model, features, "full").loss.item()
for _ in range(12):
    optimizer.zero_grad()
    rollout(model, features, "full").loss.backward()
    optimizer.step()
after = rollout(model, features, "full").loss.item()
print(f"meta loss on these clips: {before:.4f} before, {after:.4f} after 12 steps")
assert after < before

# %% [markdown]
# ## How far back should gradients reach?
#
# | kind | through the step's gradient | along $\theta$ over the updates |
# |---|---|---|
# | `full` | yes: second derivatives everywhere | yes |
# | `first_order` | no: gradients are constants | yes |
# | `first_step` | in the first update only | no: cut after every step |
#
# *Before you run the cell: which two agree best in direction? Which is cheapest?*

# %%
model = new_model()
rows = {}
for kind in KINDS:
    began = time.perf_counter()
    gradient = meta_gradient(model, rollout(model, features, kind).loss)
    rows[kind] = gradient, time.perf_counter() - began
full = rows["full"][0]
print("kind          length   cosine with full   milliseconds")
for kind, (gradient, seconds) in rows.items():
    cosine = torch.cosine_similarity(gradient, full, dim=0)
    print(f"{kind:12s} {gradient.norm():8.3g} {cosine:15.3f} {1000 * seconds:14.0f}")

assert torch.isfinite(torch.stack([gradient for gradient, _ in rows.values()])).all()
assert torch.cosine_similarity(rows["first_step"][0], full, dim=0) > 0

# %% [markdown]
# The *losses* of the three are the same to the last bit; only what is learned from them differs. That
# `first_order` comes so close to `full` here is no law: second derivatives enter multiplied by the
# rates, and those of a fresh model are tiny.
#
# ## The trainer
#
# `Trainer` wraps this in what a real run needs: clips made ahead, stages, random filter scaling, a
# guard against losses that are not finite, logs, and a state from which a stopped run continues to
# the same bits. The controller below runs it step by step, here until it is done. **In a live
# notebook press Start** to run it again, in a thread: pause it, step it, stop it, reset it.

# %%
folder = tempfile.TemporaryDirectory()
run = TrainConfig("smoke", "synthetic", out=f"{folder.name}/run", steps=24, workers=0)
controller = Controller(training_run(run))
history = controller.run()
assert [progress.record.step for progress in history] == list(range(1, 25))
assert controller.state == "finished"

# %%
dashboard(controller)

# %% [markdown]
# The jump in the left plot is where the second stage begins: its losses are of other updates and do
# not compare. On the right the black line shows the rates $\lambda^{(0)}$ of the first step, the blue
# area those that the LSTM emitted in the last step.
#
# ## What goes wrong: exploding meta-gradients, long horizons
#
# Each update multiplies the derivative by $1 - \lambda \odot H$, with $H$ the loss's second
# derivatives. Over T updates that is a product of T such factors: where a rate is too large for the
# curvature, it grows exponentially, and the meta-gradient with it. The switches below multiply all
# rates, choose the kind of meta-gradient, and lengthen the horizon.

# %%
HORIZONS = (1, 2, 4, 8)
long_clips = open_episode(new_model(), draw_clips(1, HORIZONS[-1]), False, torch.float32)


def first_updates(features, number):
    return GivenEpisode(features.updates[:number], features.future[:number])


def faster_model(gain):
    """A fresh model whose rates, and those that the optimizer builds on, are so much larger."""
    model = new_model()
    with torch.no_grad():
        model.log_gains += np.log(gain)
    return model


@torch.no_grad()
def losses_over_time(gain):
    return rollout(faster_model(gain), long_clips, "full").meta_losses.mean(dim=0)


def lengths(kind, gain):
    """Lengths of the meta-gradient over the horizons."""
    model = faster_model(gain)
    losses = [rollout(model, first_updates(long_clips, T), kind).loss for T in HORIZONS]
    return [meta_gradient(model, loss).norm().item() for loss in losses]


# The first power of ten at which updating does harm instead of good:
factor = 1
while (losses := losses_over_time(factor)).isfinite().all() and losses[-1] < 10 * losses[0]:
    factor *= 10
print(f"with rates {factor:,} times as large the updates diverge")

GAINS = {f"{gain:g} times": gain for gain in (factor, factor / 10, 1)}
over_time = {name: losses_over_time(gain).tolist() for name, gain in GAINS.items()}
table = {(kind, name): lengths(kind, gain) for kind in KINDS for name, gain in GAINS.items()}


def draw_lengths(figure, rates, all_kinds):
    figure.set_size_inches(9, 3.2)
    left, right = figure.subplots(1, 2)
    left.plot(range(1, HORIZONS[-1] + 1), over_time[rates], ".-", color=BLUE)
    for kind, dashes in KINDS.items():
        if all_kinds or kind == "full":
            right.plot(HORIZONS, table[kind, rates], "." + dashes, color=BLUE, label=kind)
    left.set(xlabel="update t", ylabel="meta loss (13)", yscale="log", title=f"rates {rates}")
    right.set(xlabel="horizon T (updates)", ylabel="length of the meta-gradient", yscale="log")
    right.legend(title="meta-gradient")


explore(
    draw_lengths,
    alt="Meta loss over the updates, and the length of the meta-gradient over the horizon",
    rates=list(GAINS),
    all_kinds=True,
)

# %% [markdown]
# Where a curve ends, the numbers are no longer finite.

# %%
for name in GAINS:
    told = ", ".join(
        f"{n:.3g} at T = {T}" for T, n in zip(HORIZONS, table["full", name], strict=True)
    )
    print(f"rates {name:12s} length {told}")

wild, calm = (np.array(table["full", name]) for name in (next(iter(GAINS)), "1 times"))
assert not np.isfinite(wild).all() or wild[-1] > 100 * calm[-1]
assert np.isfinite(calm).all()

# %% [markdown]
# Three remedies are in the trainer: gradients are shortened to length 1, a step whose loss or
# gradient is not finite is thrown away and counted (`skipped`), and `first_step` cuts the chain. None
# of them makes a diverged clip teach anything. What helps is to begin with small rates and to let a
# ramp bring in what makes the problem hard.
#
# ## What goes wrong: no random filter scaling
#
# Section 3.3: an optimizer that always sees inputs of one magnitude learns one rate and emits it
# whatever comes. RFS multiplies $\theta$ by
#
# $$ \epsilon \sim \exp(\mathcal{U}(-\kappa, \kappa)), \quad
#    \theta_\epsilon = \epsilon \odot \theta \tag{15} $$
#
# and divides inside the loss, so that the *function* is the same and the rates that it needs are not:
# they are $\epsilon^2$ times as large. To see it at all, this optimizer starts from one rate for all,
# without the help of $\lambda^{(0)}$, and only $\omega$ is trained.

# %%
plain = modify(config, rule={"initial_share": None, "initial_rate": 1e-3})
KAPPAS = plain.training.kappa_response, plain.training.kappa_regression
pool = [open_episode(new_model(), draw_clips(10 + i, 3), False, torch.float32) for i in range(8)]


def scaled_rollout(model, features, scales):
    """One rollout whose later updates see epsilon * theta."""
    return rollout(model, features, "first_step", scales)


def train(rfs, steps=80):
    """An LSTM trained on the pool of clips, with or without random filter scaling."""
    model, generator = new_model(plain), torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(model.rule.parameters(), lr=1e-2)
    for step in range(steps):
        ramp = min(1.0, 2 * step / steps) if rfs else 0.0
        kappas = [ramp * kappa for kappa in KAPPAS]
        scales = draw_scales(model.regression_coordinates, *kappas, 2, generator)
        loss = scaled_rollout(model, pool[step % len(pool)], scales).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.rule.parameters(), 1.0)
        optimizer.step()
    return model


trained = {"with RFS": train(rfs=True), "without RFS": train(rfs=False)}

# %%
EXPONENTS = np.linspace(-2.5, 2.5, 11)
unseen = [open_episode(new_model(), draw_clips(100 + i, 3), False, torch.float32) for i in range(3)]


@torch.no_grad()
def loss_when_scaled(model, exponent):
    """Meta loss after the last update, on clips not trained on, all of theta scaled by e^exponent."""
    scales = torch.full((2, model.theta0.numel()), float(np.exp(exponent)))
    results = [scaled_rollout(model, clip, scales).meta_losses[:, -1].mean() for clip in unseen]
    return torch.stack(results).mean().item()


curves = {
    name: [loss_when_scaled(model, exponent) for exponent in EXPONENTS]
    for name, model in trained.items()
}


def draw_curves(figure, random_filter_scaling):
    figure.set_size_inches(6, 3.4)
    axes = figure.subplots()
    shown = "with RFS" if random_filter_scaling else "without RFS"
    for name, losses in curves.items():
        dashes, alpha = "-" if name == "with RFS" else "--", 1 if name == shown else 0.4
        axes.plot(EXPONENTS, losses, "." + dashes, color=BLUE, alpha=alpha, label=name)
    axes.axvspan(-KAPPAS[1], KAPPAS[1], color=BLUE, alpha=0.08)
    axes.set(xlabel="log of the scale that theta is seen at", ylabel="last meta loss", yscale="log")
    axes.legend()


explore(
    draw_curves,
    alt="Meta loss after the last update against the scale of theta, trained with and without RFS",
    random_filter_scaling=False,
)

# %%
for name, losses in curves.items():
    at = dict(zip(np.round(EXPONENTS, 1).tolist(), losses, strict=True))
    print(f"{name:12s} loss at e^-2: {at[-2.0]:.3g}, at e^-1: {at[-1.0]:.3g}, at 1: {at[0.0]:.3g}")

assert all(np.isfinite(losses[5]) for losses in curves.values())
assert curves["with RFS"][3] < curves["without RFS"][3]  # at e^-1, inside the band

# %% [markdown]
# Toward the left the coordinates are small and their gradients large: the rate that suits scale 1 is
# far too large there, and whoever never saw such a scale diverges. The shaded band is what RFS
# trained on; beyond it, it knows no better either. [Notebook 4](04_why_learning_rates_must_adapt.ipynb)
# takes the same effect apart on a problem with one number.
#
# ## Recap
#
# - The meta loss is the tracking loss on frames after the update; its gradient runs through the
#   update itself.
# - What is kept of that gradient is a choice between cost, stability and what can be learned.
# - Long horizons multiply factors: rates that are too large by one update are far too large by ten.
# - Random filter scaling changes the scale of the problem and not the problem.
#
# ## Exercises
#
# Write the function, run the cell. Solutions are in
# [solutions](solutions/06_meta_training_solutions.ipynb).
#
# **06.1** (easy) The averaged meta loss (14), from the losses of N videos over T updates.


# %%
def averaged(losses):
    """The meta loss of losses [N, T]."""
    ...


check("06.1", averaged)

# %% [markdown]
# **06.2** (medium) Random filter scaling (15) on a linear model that predicts $x \odot \theta$. Given
# `uniform`, numbers drawn evenly from 0 to 1, return $\theta_\epsilon = \epsilon \odot \theta$ and what the
# model must predict *from it*, so that the function is the same as before.


# %%
def scaled(theta, uniform, kappa, x):
    """(epsilon * theta, the prediction), tensors [P] each."""
    ...


check("06.2", scaled)

# %% [markdown]
# **06.3** (hard) A meta-gradient by hand. The loss of a sample $(x, y)$ is $(x\theta - y)^2$. Take one
# step on `past` with the rate; the meta loss is that of `future` afterwards. Return its derivatives by
# the *first* theta and by the rate. Numbers only, no autograd.


# %%
def meta_gradient_by_hand(theta, rate, past, future):
    """(dL/dtheta, dL/drate); past and future are pairs (x, y)."""
    ...


check("06.3", meta_gradient_by_hand)

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - M. Andrychowicz et al. Learning to Learn by Gradient Descent by Gradient Descent. NeurIPS 2016.
# - C. Finn, P. Abbeel, S. Levine. Model-Agnostic Meta-Learning. ICML 2017: first against second order.
# - K. Lv, S. Jiang, J. Li. Learning Gradient Descent: Better Generalization and Longer Horizons.
#   ICML 2017: random scaling.
#
# **Next:** [7. Online tracking](07_online_tracking.ipynb).
