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
# # 4. Why learning rates must adapt: the toy problem
#
# Forget video for an hour. One weight, one number in, one number out: this is the smallest problem on
# which gradient descent can go wrong, and everything about it can be worked out with a pencil. The
# paper gives it four lines in section 3.3. They explain why its optimizer emits learning rates, why a
# learned optimizer overfits, and why multiplying the weights with random numbers helps.
#
# ## What you will learn
#
# - Work out the best learning rate of a weight, and the rate at which it diverges.
# - Train a recurrent network that emits learning rates, and see how it breaks.
# - Apply random filter scaling (15), and see what happens if its compensation is forgotten.
# - Find the cause when a learned optimizer fails: change one thing at a time.
# - Read Fig. 2 of the paper, drawn anew.
#
# ## Before you start
#
# **Needs** a little calculus and gradient descent; [notebook 0](00_start_here.ipynb) for what the rates
# are good for. **Paper** section 3.3. **Run time** about 25 s on two cores (`python notebooks/render.py
# 04_why_learning_rates_must_adapt`). **Your time** about 90 minutes: 35 to read, 55 for the exercises.
# Terms are in the [glossary](../docs/glossary.md), letters in the [symbol sheet](../docs/symbols.md).

# %%
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch

from roam_lite import get_profile
from roam_lite.analysis.recording import with_network
from roam_lite.analysis.replacing import without_memory
from roam_lite.exercises import check
from roam_lite.figures.axes import draw_band
from roam_lite.figures.paper import draw_figure_2
from roam_lite.figures.style import OPTIMIZER_COLORS, use_style
from roam_lite.rules import SGD, build_rule
from roam_lite.rules.scaling import draw_scales
from roam_lite.toy import Problems, best_rates, draw_problems, meta_train, toy_loss, unroll
from roam_lite.widgets import explore, show

use_style()
SEEDS = range(5)
SGD_COLOR, CONST_COLOR, LSTM_COLOR = (OPTIMIZER_COLORS[name] for name in ("sgd", "const", "lstm"))
# Rules that emit the same rate everywhere before training, as in the paper.
RULE = get_profile("paper").rule

# %% [markdown]
# ## One weight, one step
#
# Minimize $g(\theta) = (x\theta - y)^2$ by gradient descent. Its derivative is
# $g'(\theta) = 2x(x\theta - y)$, so a step of rate $\lambda$ leaves the error
#
# $$ x\theta^{(t+1)} - y = (1 - 2\lambda x^2)\,(x\theta^{(t)} - y). $$
#
# Everything follows from that bracket. It is zero at $\lambda = 1/(2x^2)$: **one step lands on
# $y/x$**. It is $-1$ at twice that rate: the step lands as far away on the other side. Beyond it every
# step makes things worse. *The rate that is perfect for $x = 1$: what does it do at $x = 2$?*


# %%
def my_step(theta, x, y, rate):
    """One step of gradient descent on (x theta - y)^2."""
    return theta - rate * 2 * x * (x * theta - y)


theta, x, y = 0.3, 1.7, 0.8
np.testing.assert_allclose(my_step(theta, x, y, 1 / (2 * x**2)), y / x)

problem = Problems(torch.full((1, 1), x), torch.full((1, 1), y))
library = unroll(SGD(0.1), problem, updates=2).thetas.flatten()
mine = my_step(my_step(0.0, x, y, 0.1), x, y, 0.1)
np.testing.assert_allclose(mine, library[2], rtol=1e-6)

rates = np.geomspace(1e-3, 3, 400)
figure, axes = plt.subplots(figsize=(5.5, 3))
for x, dashes in ((0.5, ":"), (1, "-"), (2, "--"), (4, "-.")):
    axes.plot(rates, (1 - 2 * rates * x**2) ** 2, dashes, color=SGD_COLOR, label=f"x = {x}")
axes.axhline(1, color="black", linewidth=1)
axes.set(xscale="log", yscale="log", ylim=(1e-4, 1e3))
axes.set(xlabel="learning rate λ", ylabel="loss left after a step")
axes.legend()
show(figure, "Loss left after a step: a sharp valley for each x, and a wall to its right.")

# %% [markdown]
# At $x = 2$ it multiplies the loss by nine. A factor of two in the input is a factor of four in the
# best rate, and the way from perfect to divergence is a factor of two.
#
# ## Play with it
#
# Left: three steps from θ = −1 (y = 1). Set `log10 rate` so that the first step lands on $y/x$; then
# move $x$ and watch it miss. Middle: the loss over 12 steps. Right: the best rates under random
# scaling, which `kappa` controls; that is explained below.


# %%
def draw_step(figure, x, log10_rate, kappa):
    """The parabola with three steps, the loss over steps, and the best rates under scaling."""
    figure.set_size_inches(10, 3.2)
    left, middle, right = figure.subplots(1, 3)
    rate, y, theta = 10**log10_rate, 1.0, -1.0
    line = np.linspace(-2.5, 3.5, 300)
    left.plot(line, (x * line - y) ** 2, color="black", linewidth=1)
    path = [theta]
    for _ in range(12):
        path.append(my_step(path[-1], x, y, rate))
    path = np.array(path)
    left.plot(path[:4], (x * path[:4] - y) ** 2, "o-", color=SGD_COLOR)
    left.axvline(y / x, color="black", linestyle=":", linewidth=1)
    left.set(xlim=(-2.5, 3.5), ylim=(-0.5, (x * 2.2 + 1) ** 2), xlabel="θ", ylabel="loss")
    left.set_title(f"first step lands on {path[1]:.2f}, y / x = {y / x:.2f}", fontsize=9)
    with np.errstate(over="ignore"):
        losses = np.clip((x * path - y) ** 2, 1e-12, 1e12)
    middle.plot(losses, ".-", color=SGD_COLOR)
    middle.set(yscale="log", xlabel="step", ylabel="loss", ylim=(1e-13, 1e13))
    middle.set_title(f"a step multiplies the error by {1 - 2 * rate * x**2:.3g}", fontsize=9)
    uniform = (np.arange(2000) + 0.5) / 1000 - 1
    best = np.exp(2 * kappa * uniform) / (2 * x**2)
    bins = np.geomspace(1e-4, 1e3, 60)
    share = np.full(2000, 1 / 2000)
    right.hist(best, bins=bins, weights=share, color=LSTM_COLOR, label="best rates")
    right.axvline(rate, color=SGD_COLOR, label="learning rate")
    right.set(xscale="log", xlabel="best rate, x scaled by up to exp(κ)", ylabel="share")
    right.legend(fontsize=8)


explore(
    draw_step,
    alt="A parabola with three steps that close in on y/x; the falling loss; a single best rate.",
    x=(0.25, 4.0, 1.0, 0.05),
    log10_rate=(-3.0, 0.5, -0.7, 0.05),
    kappa=(0.0, 2.0, 0.0, 0.1),
)

# %% [markdown]
# ## Many weights, one rate
#
# A model has many weights, each with an $x$ of its own. Let $x$ range over one decade, from 1 to 10,
# and use one rate for all, as SGD does. The largest $x$ decides which rates are stable at all, the
# smallest how long it takes:

# %%
figure, axes = plt.subplots(figsize=(6, 3.2))
steps = 60
for factor, dashes in ((0.1, ":"), (0.5, "--"), (0.95, "-"), (1.05, "-.")):
    rate = factor * 2 * float(best_rates(torch.tensor(10.0)))
    curves = []
    for seed in SEEDS:
        problems = draw_problems(torch.Generator().manual_seed(seed), 1.0, 10.0)
        losses = unroll(SGD(rate), problems, steps).losses.mean(dim=1)
        curves.append(losses / losses[0])
    draw_band(axes, range(steps + 1), curves, SGD_COLOR, f"{rate:.4f}", dashes)
    print(f"rate {rate:.4f}: loss left after {steps} steps {np.median(curves, axis=0)[-1]:.3f}")
perfect = unroll(SGD(best_rates(problems.x)), problems, 1).losses.mean(dim=1)
assert perfect[1] < 1e-9 * perfect[0]
axes.plot([0, 1], [1, 1e-3], color="black", label="1 / (2x²) each")
axes.set(xlabel="step", ylabel="loss, relative", yscale="log", ylim=(1e-3, 1e3))
axes.legend(title="learning rate", fontsize=8, bbox_to_anchor=(1, 1))
show(
    figure,
    "One rate for all needs dozens of steps or diverges; the best rate of each needs one step.",
)

# %% [markdown]
# (Bands here and below: the range over five seeds, the line is their median.) Sixty steps with the
# best of these rates leave about a hundredth; a rate for each weight needs one step. A tracker has
# one or two. Hence a *vector* of learning rates, $\lambda \odot \nabla$.
#
# ## Rates can be learned
#
# If $x$ stays what it is, the best rates can be found without knowing the formula: take a step,
# look at the loss *after* it, and improve the rates by *its* gradient. That is meta-learning, and
# the paper's ConstLR variant, in full:


# %%
def learn_rates(x, seed, iterations=150):
    """Learned constant rates [P] for fixed x [P], from problems with random y."""
    parts = torch.zeros(len(x), dtype=torch.int64)  # of one kind
    rule = build_rule("const", config=replace(RULE, initial_rate=0.02), parts=parts)
    optimizer = torch.optim.Adam(rule.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(iterations):
        problems = draw_problems(generator, 1.0, 1.0, (32, len(x)))
        problems = Problems(x.expand_as(problems.y), problems.y)
        loss_after = unroll(rule, problems, updates=1).losses[1].mean()
        optimizer.zero_grad()
        loss_after.backward()
        optimizer.step()
    return rule.log_rates.exp().detach()


x = torch.tensor([1.0, 1.6, 2.5, 4.0, 6.3, 10.0])
learned = torch.stack([learn_rates(x, seed) for seed in SEEDS])
assert (learned / best_rates(x) - 1).abs().max() < 0.2

figure, axes = plt.subplots(figsize=(5, 3))
axes.plot(x, best_rates(x), color="black", linewidth=1, label="1 / (2x²)")
middle, low, high = (
    learned.median(dim=0).values,
    learned.min(dim=0).values,
    learned.max(dim=0).values,
)
axes.errorbar(x, middle, (middle - low, high - middle), fmt="o", color=CONST_COLOR, label="learned")
axes.set(xscale="log", yscale="log", xlabel="x", ylabel="learning rate")
axes.legend()
show(figure, "Learned constant rates lie on the line 1 / (2x²) over two decades, for all seeds.")

# %% [markdown]
# Fine, as long as $x$ stays. But $x$ is the input. In a tracker it is the features of whatever is in
# the video, and the next video has others. So let a network *look* at each weight and emit its rate:
# the coordinate-wise LSTM of the next notebook. All you need for now is what it sees (its last rate,
# the gradient, the weight and the loss) and that it remembers.
#
# ## A learned rate overfits the scales it saw
#
# Train it on problems with $x$ between 2.5 and 3.5, to bring down the loss after each of three
# steps. Then try it elsewhere. *What will it emit at $x = 10$?*


# %%
narrow = partial(draw_problems, low=2.5, high=3.5)


def train(kappa, seed, **options):
    """An LSTM trained on x from 2.5 to 3.5, with random scaling up to exp(kappa); its losses."""
    torch.manual_seed(seed)
    config = replace(RULE, hidden=8, initial_rate=3e-3)
    rule = build_rule("lstm", config=config, parts=torch.zeros(4, dtype=torch.int64))
    history = meta_train(rule, narrow, torch.Generator().manual_seed(seed), kappa=kappa, **options)
    return rule.requires_grad_(False), history


xs = np.geomspace(0.9, 15, 25)


def behavior(rule):
    """Median first rate, and the loss left after three steps, at each of xs."""
    first, left = [], []
    for x in xs:
        problems = draw_problems(torch.Generator().manual_seed(1), x, x, (64, 4))
        run = unroll(rule, problems, updates=3)
        first.append(float(run.rates[0].median()))
        left.append(float(run.losses[3].mean() / run.losses[0].mean()))
    return first, left


def plot_behavior(results, dashes_of):
    """First rates and remaining losses against x, for groups of trained rules."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.3))
    for name, runs in results.items():
        first, rest = zip(*runs, strict=True)
        draw_band(left, xs, first, LSTM_COLOR, name, dashes_of[name])
        draw_band(right, xs, np.clip(rest, 1e-12, 1e12), LSTM_COLOR, name, dashes_of[name])
    left.plot(xs, best_rates(torch.from_numpy(xs)), color="black", linewidth=1, label="1 / (2x²)")
    right.axhline(1, color="black", linewidth=1)
    for axes in (left, right):
        axes.axvspan(2.5, 3.5, color="gray", alpha=0.2, label="seen in training")
        axes.set(xscale="log", yscale="log", xlabel="x")
        axes.set_xticks([1, 3, 10], ["1", "3", "10"])
    left.set(ylabel="first learning rate")
    right.set(ylabel="loss left after 3 steps", ylim=(1e-9, 1e13))
    left.legend(fontsize=8)
    return figure


plain = [train(0.0, seed) for seed in SEEDS]
without = [behavior(rule) for rule, _ in plain]
at_ten = np.array([left[np.argmin(abs(xs - 10))] for _, left in without])
print(f"x = 10: the loss is multiplied by {at_ten.min():.1e} to {at_ten.max():.1e}")
assert at_ten.min() > 1e3
show(
    plot_behavior({"without scaling": without}, {"without scaling": "--"}),
    "Without scaling the rate is the same at every x, and the loss explodes right of the training range.",
)

# %% [markdown]
# It is very good between 2.5 and 3.5 and useless elsewhere: too slow on the left, an explosion on the
# right. The network has learned **one number**. On everything it saw, one number was a good answer.
#
# ## Random filter scaling
#
# Nobody can collect all videos there will ever be. But one can change $x$ without touching the data.
# Give the optimizer not θ, but
#
# $$ \epsilon \sim \exp(\mathcal{U}(-\kappa, \kappa)), \quad
#    \theta_\epsilon = \epsilon \odot \theta \tag{15} $$
#
# and the loss $g_\epsilon(\theta_\epsilon) = g(\theta_\epsilon / \epsilon)$. The model predicts
# what it predicted before; but seen from $\theta_\epsilon$ its input is $x / \epsilon$, the
# gradient is divided by ε, and the best rate is $\epsilon^2 / (2x^2)$. With κ = 1.2 it ranges over
# a factor of $e^{4.8} \approx 120$.


# %%
one_branch = torch.zeros(4, dtype=torch.bool)


def scales_of(kappa, count, generator):
    """Scales [count, 4] by the library; in exercise 04.3 you write how they are drawn."""
    return draw_scales(one_branch, kappa, kappa, count, generator)


scales = scales_of(1.2, 32, torch.Generator().manual_seed(0))
assert np.exp(-1.2) <= scales.min()
assert scales.max() <= np.exp(1.2)

problems = narrow(torch.Generator().manual_seed(0))
theta = torch.randn(32, 4, generator=torch.Generator().manual_seed(1))
same = toy_loss(scales * theta, problems.scaled(scales))
forgotten = toy_loss(scales * theta, problems)
torch.testing.assert_close(same, toy_loss(theta, problems))
print(
    f"mean loss {toy_loss(theta, problems).mean():.1f}, in scaled coordinates {same.mean():.1f}; ",
    end="",
)
print(f"with the compensation forgotten {forgotten.mean():.1f}")

at_scale = (scales * theta).requires_grad_()
(gradient,) = torch.autograd.grad(toy_loss(at_scale, problems.scaled(scales)).sum(), at_scale)
stepped = at_scale - scales**2 * best_rates(problems.x) * gradient
torch.testing.assert_close(stepped / scales, problems.y / problems.x)

# %% [markdown]
# The last two lines are worth a pencil: with $\epsilon^2$ times its best rate, every scaled weight
# lands on ε times $y/x$.
#
# Now the same training once more, κ = 1.2, everything else as before:

# %%
scaled = [train(1.2, seed) for seed in SEEDS]
with_scaling = [behavior(rule) for rule, _ in scaled]
results = {"without scaling": without, "with scaling": with_scaling}
at_ten_scaled = np.array([left[np.argmin(abs(xs - 10))] for _, left in with_scaling])
print(f"x = 10: the loss is multiplied by {at_ten_scaled.min():.1e} to {at_ten_scaled.max():.1e}")
assert at_ten_scaled.max() < 0.5
show(
    plot_behavior(results, {"without scaling": "--", "with scaling": "-"}),
    "With scaling the first rate falls along 1 / (2x²) and the loss shrinks at every x.",
)

# %% [markdown]
# It comes close to $1/(2x^2)$ without having been told. It holds as far as the scales reached, up to
# $3.5\,e^{1.2} \approx 12$; beyond, it fails like the other. Inside the narrow range the specialist is
# better by orders of magnitude. That is the price.
#
# How can one look at a weight tell its $x$? At θ = 0 the gradient is $-2xy$. If $|y|$ were always 1, the
# gradient would give $x$ away. Here $|y|$ is anything from 0.5 to 1.5, and a guess $c / g^2$ is off by
# a factor that depends on $y$. Does the network do better?

# %%
probes = narrow(torch.Generator().manual_seed(3), shape=(256, 4))
probes = probes.scaled(scales_of(1.2, 256, torch.Generator().manual_seed(4)))
guess = (2 * probes.x * probes.y).square().reciprocal()


def decades_off(rates):
    """Mean distance from the best rates, in decades, and what is left of it without a common factor."""
    log_ratio = (rates / best_rates(probes.x)).log10()
    return float(log_ratio.abs().mean()), float((log_ratio - log_ratio.median()).abs().mean())


print(f"c / g²: off by {decades_off(guess)[1]:.2f} decades")
for seed, (rule, _) in zip(SEEDS, scaled, strict=True):
    rates = unroll(rule, probes, 2).rates
    first, second = decades_off(rates[0])[0], decades_off(rates[1])[0]
    print(f"seed {seed}: first rate off by {first:.2f} decades, second by {second:.2f}")

# %% [markdown]
# With one look the network does about as well as $c / g^2$. One gradient does not tell $x$ from $y$; two
# gradients and the rate between them do. [Notebook 5](05_the_neural_optimizer.ipynb) goes on from here:
# which optimizers make use of the second look?
#
# ## Fig. 2 of the paper
#
# This is what the authors saw on their tracker: the rates that the optimizer emits *during training*,
# without and with scaling.

# %%
emitted, best_ones = {}, {}
for rules, kappa, name in (
    (plain, 0.0, "without scaling"),
    (scaled, 1.2, "with scaling, κ = 1.2"),
):
    rates = []
    for seed, (rule, _) in zip(SEEDS, rules, strict=True):
        generator = torch.Generator().manual_seed(100 + seed)
        problems = narrow(generator, shape=(256, 4))
        problems = problems.scaled(scales_of(kappa, 256, generator))
        rates.append(unroll(rule, problems, updates=3).rates.flatten().numpy())
    emitted[name], best_ones[name] = np.stack(rates), best_rates(problems.x).numpy()
    spread, ideal = np.median(np.log10(rates).std(axis=1)), np.log10(best_ones[name]).std()
    print(f"{name:22s} spread of log10(rate): {spread:.2f}, of the best {ideal:.2f}")
show(
    draw_figure_2(emitted, best_ones),
    "Histograms: without scaling a narrow peak; with scaling rates spread over two decades.",
)

# %% [markdown]
# Left, one rate whatever comes, in a range narrower even than that of the best rates. Right, rates over
# two decades, spread as the best ones are: this network had to look. (Note the different heights.)
#
# ## What scaling does not cure
#
# The network was trained for three steps. Nobody told it what to do after that:

# %%
figure, axes = plt.subplots(figsize=(6, 3.2))
length = 15
for name, rules, dashes in (("without scaling", plain, "--"), ("with scaling", scaled, "-")):
    curves = []
    for rule, _ in rules:
        problems = narrow(torch.Generator().manual_seed(7), shape=(256, 4))
        losses = unroll(rule, problems, length).losses.median(dim=1).values
        curves.append(np.clip(losses / losses[0], 1e-14, 1e14))
    draw_band(axes, range(length + 1), curves, LSTM_COLOR, name, dashes)
axes.axvspan(0, 3, color="gray", alpha=0.2, label="trained for")
axes.set(xlabel="step", ylabel="median loss, relative", yscale="log")
axes.legend(fontsize=8)
show(
    figure,
    "Median loss at familiar scales: both fall for three steps; then one rises in some seeds.",
)

# %% [markdown]
# At familiar scales the specialist's one number simply goes on working. The network that has learned to
# look diverges in some seeds. *Why?* It is tempting to blame the memory, which was never trained beyond
# the gray. That can be tested. Change one thing at a time and unroll again:
#
# - **wipe** the memory before every step;
# - **freeze** the rates after the third step;
# - **clamp** the channel that shows the size of the gradient, so that it never shows less than the
#   smallest first gradient.

# %%
lasting = narrow(torch.Generator().manual_seed(7), shape=(256, 4))


def clamped(rule):
    """The rule, which sees no gradient smaller than the smallest first one."""
    seen = []
    watched = with_network(
        rule, lambda stack, memory: seen.append(stack) or rule.logits(stack, memory)
    )
    unroll(watched, lasting, 1)
    least = seen[0][..., 1].min()

    def logits(stack, memory):
        stack = stack.clone()
        stack[..., 1] = stack[..., 1].clamp(min=least)
        return rule.logits(stack, memory)

    return with_network(rule, logits)


smaller = []
for rule, _ in scaled:
    run = unroll(rule, lasting, 3)
    gradients = (2 * lasting.x * (lasting.x * run.thetas - lasting.y)).abs()
    smaller.append(float((gradients[3] < gradients[0].min()).double().mean()))
print("share of gradients after three steps that are smaller than any first one, for each seed:")
print(", ".join(f"{share:.0%}" for share in smaller), end="\n\n")


def with_frozen(rule):
    """An unroll whose rates stay what they are after the third step."""
    three = unroll(rule, lasting, 3)
    rest = unroll(SGD(three.rates[-1]), lasting, length - 3, before=replace(three, state=None))
    return replace(
        rest,
        losses=torch.cat([three.losses, rest.losses[1:]]),
        rates=torch.cat([three.rates, rest.rates]),
    )


WAYS = {
    "as trained": lambda rule: unroll(rule, lasting, length),
    "memory wiped": lambda rule: unroll(without_memory(rule), lasting, length),
    "rates frozen": with_frozen,
    "gradient clamped": lambda rule: unroll(clamped(rule), lasting, length),
}
looks = {"as trained": "-", "memory wiped": "--", "rates frozen": ":", "gradient clamped": "-."}
courses = {}
print(f"median loss after 3 and after {length} steps, relative, for each seed")
for name, way in WAYS.items():
    runs = [way(rule) for rule, _ in scaled]
    losses = [(run.losses / run.losses[0].median()).median(dim=1).values for run in runs]
    ratios = [(run.rates / best_rates(lasting.x)).flatten(1).median(dim=1).values for run in runs]
    courses[name] = np.stack(losses), np.stack(ratios)
    print(f"{name:17s} " + ", ".join(f"{after[3]:.0e} {after[-1]:.0e}" for after in losses))

worst = int(courses["as trained"][0][:, -1].argmax())
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2))
for name, (losses, ratios) in courses.items():
    left.plot(np.clip(losses[worst], 1e-14, 1e14), looks[name], color=LSTM_COLOR)
    right.plot(range(1, length + 1), ratios[worst], looks[name], color=LSTM_COLOR, label=name)
right.axhline(2, color="gray", linewidth=1, label="diverges above")
left.set(xlabel="step", ylabel="median loss, relative", yscale="log")
left.set_title(f"the seed that fails most: {worst}", fontsize=10)
right.set(xlabel="step", ylabel="emitted rate / best rate", yscale="log")
right.legend(fontsize=8, bbox_to_anchor=(1, 1))
assert courses["as trained"][0][:, -1].max() > 1
assert courses["gradient clamped"][0][:, -1].max() < 1e-2
assert courses["rates frozen"][0][:, -1].max() < 1e-2
show(
    figure,
    "Left, the loss as trained rises after some steps; with clamped gradients or frozen rates it "
    "goes on falling. Right, the emitted rates over the best ones: as trained they pass 2.",
)

# %% [markdown]
# With the gradient clamped no seed diverges. So the cause is what the network *sees*: after three good
# steps most gradients are smaller than any first one, as the first lines say. A small gradient had meant
# a small $x$, which needs a large rate. Where a seed fails, the network emits one, as the right picture
# shows, and above twice the best rate the error grows. Wiping the memory stops the divergence as well, at
# a price: the loss after three steps is larger in every seed, and the two seeds that last as they are end
# worse.
#
# The paper's Fig. 6 finds the same of its tracker, which improves for a few steps more than it was
# trained for and then declines. A learned optimizer is good at what it was trained for, in scale and in
# length.
#
# ## Recap
#
# - The best rate of a weight is $1/(2x^2)$; twice that diverges. It depends on the input.
# - One rate for all is ruled by the largest $x$ and slowed by the smallest.
# - Rates can be learned from the loss *after* the step. Learned on one scale, they are one number.
# - Scaling (15) multiplies θ by ε and divides by ε in the loss: other scales, the same data.
# - Beyond its training a learned optimizer reads what it sees in the old way: small gradients as small
#   $x$. Changing one input at a time shows it.
#
# ## What you can build now
#
# A learned optimizer for a problem of your own: `toy_rule`, `unroll` and `meta_train` of
# [roam_lite/toy](../roam_lite/toy/problem.py) are all it takes. And a test of the scales and lengths at
# which it works.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/04_why_learning_rates_must_adapt_solutions.ipynb).
#
# **04.1** (easy, about 10 minutes) An update has several samples. The loss of a weight is now the *mean*
# of $(x_j\theta - y_j)^2$ over n samples, with one $x_j$ and one $y_j$ for each. `x` is `[n, P]`. Which
# learning rates `[P]` take one step to the minimum of that loss, from any θ?


# %%
def best_for_samples(x):
    """Learning rates [P] from x [n, P]."""
    ...


check("04.1", best_for_samples)

# %% [markdown]
# **04.2** (medium, about 10 minutes) How exactly must a rate be right? From the lowest to the highest,
# which rates leave at most the share `left` of the error $x\theta - y$ after `steps` steps, on either side
# of zero? Return `(low, high)`, each `[P]`, for `x` `[P]`.


# %%
def good_rates(x, left, steps):
    """Interval (low, high) of learning rates for each x, both [P]."""
    ...


check("04.2", good_rates)

# %% [markdown]
# **04.3** (medium, about 5 minutes) Turn numbers drawn uniformly from [0, 1) into scales ε, as (15)
# asks for.


# %%
def scales_from(uniform, kappa):
    """Scales, as many as there are numbers."""
    ...


check("04.3", scales_from)

# %% [markdown]
# **04.4** (medium, about 5 minutes) The loss $\|x\theta - y\|^2$ when `theta` is given in scaled
# coordinates, that is already multiplied by `epsilon`. All are `[P]`.


# %%
def loss_of_scaled(theta, x, y, epsilon):
    """A single number."""
    ...


check("04.4", loss_of_scaled)

# %% [markdown]
# **04.5** (hard, about 10 minutes) All coordinates must share one rate, and there is time for one
# step from θ = 0. Which rate leaves the smallest loss $\|x\theta - y\|^2$? In closed form, from `x`
# and `y` `[P]`.


# %%
def best_shared(x, y):
    """A single learning rate."""
    ...


check("04.5", best_shared)

# %% [markdown]
# **04.6** (train it, about 15 minutes) There is no single right answer here. Train an optimizer with κ =
# 1.2 that leaves less than a hundredth of the loss after 15 steps, at familiar scales, and goes on
# following $x$: its first rates should fall at least as fast as $x^{-1.2}$. `train` passes on `updates`,
# the length of the unroll, `iterations` and Adam's `rate`. Longer unrolls cost time and are harder to
# train (notebook 6 says why). The cell measures what you reach.


# %%
def your_optimizer():
    """A trained rule; this one is the one from above."""
    return scaled[0][0]
    # return train(1.2, seed=0, updates=3, iterations=400)[0]


def lasts(rule):
    """The median loss after 15 steps, relative; and the exponent p of first rates that go as x^p."""
    losses = unroll(rule, lasting, length).losses
    first = behavior(rule)[0]
    within = (xs >= 1) & (xs <= 10)
    power = np.polyfit(np.log(xs[within]), np.log(first)[within], 1)[0]
    return float((losses[-1] / losses[0].median()).median()), power


left_over_after, power = lasts(your_optimizer())
print(f"left after {length} steps: {left_over_after:.1e}; first rates go as x to the {power:.1f}")
print("✔ 04.6: reached" if left_over_after < 1e-2 and power < -1.2 else "○ 04.6: not yet")

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020:
#   section 3.3, Fig. 2 and 6.
# - K. Lv, S. Jiang, J. Li. Learning Gradient Descent: Better Generalization and Longer Horizons.
#   ICML 2017: random scaling.
# - O. Wichrowska et al. Learned Optimizers that Scale and Generalize. ICML 2017.
#
# ## What next
#
# [5. The neural optimizer](05_the_neural_optimizer.ipynb): the network that emits the rates, opened.
