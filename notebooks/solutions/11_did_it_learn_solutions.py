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
# # Solutions to 11. Did it learn?
#
# Of [11_did_it_learn](../11_did_it_learn.ipynb). There is more than one way to write each; `check`
# accepts all that compute the same.

# %%
import json
from pathlib import Path

import numpy as np
import torch

from roam_lite import load_tracker
from roam_lite.analysis.difference import measure_aucs
from roam_lite.data.otb import read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.rules import SGD

# %% [markdown]
# **11.1** With a column of ones the residuals have the mean 0, and the share does not depend on where the
# target's zero is.


# %%
def residuals(columns, target):
    """What a fit on the columns and a constant leaves of the target."""
    columns = np.column_stack([np.ones(len(columns)), columns])
    return target - columns @ np.linalg.lstsq(columns, target, rcond=None)[0]


def explained(columns, target):
    """Share of the variance of the target that the columns and a constant explain."""
    return 1 - residuals(columns, target).var() / target.var()


assert check("11.1", explained)

# %% [markdown]
# **11.2** Take the base out of *both*.


# %%
def correlation_beyond(base, own, other):
    """Correlation of the two residuals."""
    return np.corrcoef(residuals(base, own), residuals(base, other))[0, 1]


assert check("11.2", correlation_beyond)

# %% [markdown]
# **11.3** Average over draws first. A sum minus each of its terms gives all leave-one-out means at once.


# %%
def left_out(own, other):
    """(least, largest) mean difference without one sequence."""
    gains = (own - other).mean(axis=0)
    means = (gains.sum() - gains) / (len(gains) - 1)
    return means.min(), means.max()


assert check("11.3", left_out)

# %% [markdown]
# **11.4** One way: one number for the response branch, parts 0 to 3, and one for the regression branch, parts
# 4 to 7, each the geometric mean of the fitted shares. Those below were fitted on real sequences. Differences
# of a thousandth may be chance, here as everywhere.


# %%
def my_shares(fitted):
    """Two numbers: one for each branch."""
    return np.exp(np.repeat(np.log(fitted).reshape(2, 4).mean(axis=1), 4))


stored = json.loads(Path("../results/analysis.json").read_text(encoding="utf-8"))
shares = torch.as_tensor(my_shares(np.array(stored["constants"])), dtype=torch.float32)
tracker = load_tracker("laptop", rule="lstm")
rules = {
    "LSTM": tracker.rule,
    "mine": SGD(tracker.model.lambda0.detach() * shares[tracker.model.parts]),
}
names = ("deformation", "occlusion", "scale")
sequences = [read_sequence(samples_folder(), name) for name in names]
own, mine = measure_aucs(tracker, rules, sequences, draws=1, progress=False).mean(axis=(1, 2))
print(f"{len(shares.unique())} distinct numbers: AUC {mine:.3f}, the LSTM {own:.3f}")
assert len(shares.unique()) <= 2
assert mine > own - 0.01  # machines add up in another order

# %% [markdown]
# **11.5** Through the origin, the slope is the mean of $xy$ over the mean of $x^2$.


# %%
def slope(plain, scaled, epsilon):
    """Slope of the change of log rates on log epsilon."""
    x, y = np.log(epsilon), np.log(scaled / plain)
    return (x * y).mean() / (x**2).mean()


assert check("11.5", slope)
