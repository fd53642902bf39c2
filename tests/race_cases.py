"""The race's script against the library: cases for whatever evaluates JavaScript, node or Chromium.

`evaluate(body, argument)` runs the body of a function of `raceCore` and `given`, and returns what it
returns; both cross the border as JSON, which keeps every digit of a double.
"""

import numpy as np
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from roam_lite.config import modify
from roam_lite.evolution import evolution_gradient
from roam_lite.profiles import get_profile
from roam_lite.rules import SGD, Adam, build_rule
from roam_lite.rules.scaling import draw_scales
from roam_lite.toy import Problems, draw_problems, unroll

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
PARTS = torch.zeros(2, dtype=torch.long)
PARAMETERS = 57


def learner():
    """The library's rule "fc" in the layout of the race, in float64."""
    changes = {"initial_rate": 0.05, "initial_share": None, "hidden": 8, "input": "log_sign"}
    config = modify(get_profile("smoke"), rule=changes | {"input_range": 10.0}).rule
    return build_rule("fc", config=config, parts=PARTS).double()


def with_parameters(omega):
    rule = learner()
    vector_to_parameters(omega, rule.parameters())
    return rule


def recorded(high=3.0, seed=0, count=6, updates=7, pairs=5):
    """Problems, label noise, a learner and directions, all in float64 and drawn here."""
    generator = torch.Generator().manual_seed(seed)
    problems = draw_problems(generator, 0.3, high, (count, 2))
    problems = Problems(problems.x.double(), problems.y.double())
    draw = {"generator": generator, "dtype": torch.float64}
    return {
        "problems": problems,
        "noise": 0.2 * torch.randn(updates, count, 2, **draw),
        "omega": 0.4 * torch.randn(PARAMETERS, **draw),
        "directions": torch.randn(pairs, PARAMETERS, **draw),
    }


def as_json(case):
    problems = case["problems"]
    pairs = zip(problems.x.tolist(), problems.y.tolist(), strict=True)
    return {
        "problems": [{"x": x, "y": y} for x, y in pairs],
        "noise": case["noise"].movedim(1, 0).tolist(),
        "omega": case["omega"].tolist(),
        "directions": case["directions"].tolist(),
        "updates": len(case["noise"]),
    }


RULES = {
    "learner(given.omega)": lambda case: with_parameters(case["omega"]),
    "sgd(0.3)": lambda case: SGD(0.3),
    "adam(0.3)": lambda case: Adam(0.3),
}


def check_unroll(evaluate, script, noisy):
    """Thetas, losses and rates of all problems are the library's."""
    case = recorded()
    noise = case["noise"] if noisy else None
    mine = unroll(RULES[script](case), case["problems"], len(case["noise"]), noise=noise)
    runs = evaluate(
        f"return given.problems.map((problem, n) => raceCore.unroll(raceCore.{script}, problem, "
        f"given.updates, {'given.noise[n]' if noisy else 'null'}))",
        as_json(case),
    )
    for name in ("thetas", "losses", "rates"):
        theirs = torch.tensor([run[name] for run in runs], dtype=torch.float64).movedim(1, 0)
        torch.testing.assert_close(theirs, getattr(mine, name), **TOLERANCE)


def objective_of(problems, updates, noise=None):
    @torch.no_grad()
    def objective(omega):
        return unroll(with_parameters(omega), problems, updates, noise=noise).losses[1:].mean()

    return objective


def check_evolution_step(evaluate):
    """Meta loss, gradient estimate and the learner after Adam's first and second step agree."""
    case, spread, rate = recorded(high=1.0), 0.05, 0.1  # nothing diverges, so 1e-9 is absolute
    objective = objective_of(case["problems"], len(case["noise"]), case["noise"])
    omega = case["omega"].clone().requires_grad_()
    optimizer = torch.optim.Adam([omega], lr=rate)
    gradients, after = [], []
    for _ in range(2):
        omega.grad = evolution_gradient(objective, omega.detach(), case["directions"], spread)
        gradients.append(omega.grad.clone())
        torch.nn.utils.clip_grad_norm_([omega], 1.0)
        optimizer.step()
        after.append(omega.detach().clone())
    theirs = evaluate(
        """const { problems, updates, noise, directions, spread, rate } = given;
        const objective = (omega) => raceCore.metaLoss(omega, problems, updates, noise);
        const state = raceCore.adam(0).init(raceCore.PARAMETERS);
        let omega = Float64Array.from(given.omega);
        const found = { loss: objective(omega), gradients: [], after: [] };
        for (let step = 0; step < 2; step++) {
          const gradient = raceCore.evolutionGradient(objective, omega, directions, spread);
          omega = raceCore.outerStep(omega, gradient, state, rate);
          found.gradients.push(Array.from(gradient));
          found.after.push(Array.from(omega));
        }
        return found;""",
        as_json(case) | {"spread": spread, "rate": rate},
    )
    assert abs(theirs["loss"] - objective(case["omega"]).item()) < 1e-9
    for name, mine in (("gradients", gradients), ("after", after)):
        found = torch.tensor(theirs[name], dtype=torch.float64)
        torch.testing.assert_close(found, torch.stack(mine), **TOLERANCE)


# A short training, the same in both languages but for their random numbers.
SHORT = {"problems": 8, "pairs": 6, "updates": 3, "iterations": 20, "kappa": 1.0, "spread": 0.05,
         "rate": 0.1, "low": 0.7, "high": 1.4}  # fmt: skip
TEST_STEPS, TEST_BOWLS = 10, 200


def trained(seed):
    """Parameters after the short training, by the library and torch's optimizer."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    omega = parameters_to_vector(learner().parameters()).detach().requires_grad_()
    optimizer = torch.optim.Adam([omega], lr=SHORT["rate"])
    falling = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.1 ** (1 / SHORT["iterations"]))
    for _ in range(SHORT["iterations"]):
        shape = (SHORT["problems"], 2)
        drawn = draw_problems(generator, SHORT["low"], SHORT["high"], shape)
        kappa = SHORT["kappa"]
        scales = draw_scales(torch.zeros(2, dtype=torch.bool), kappa, kappa, shape[0], generator)
        drawn = Problems(drawn.x.double(), drawn.y.double()).scaled(scales.double())
        noise = torch.randn(SHORT["pairs"], PARAMETERS, generator=generator, dtype=torch.float64)
        objective = objective_of(drawn, SHORT["updates"])
        omega.grad = evolution_gradient(objective, omega.detach(), noise, SHORT["spread"])
        torch.nn.utils.clip_grad_norm_([omega], 1.0)
        optimizer.step()
        falling.step()
    return omega.detach()


def final_loss(omega):
    """Median loss after ten steps on bowls as trained on."""
    drawn = draw_problems(torch.Generator().manual_seed(99), 0.7, 1.4, (TEST_BOWLS, 2))
    drawn = Problems(drawn.x.double(), drawn.y.double())
    return unroll(with_parameters(omega), drawn, TEST_STEPS).losses[-1].median().item()


def check_final_losses(evaluate, seeds=20):
    """Medians over seeds differ by no more than chance lets them; without training they do."""
    body = """return given.seeds.map((seed) => {
        const trainer = raceCore.trainer(seed, given.settings);
        for (let i = 0; i < given.steps; i++) trainer.step();
        return Array.from(trainer.omega);
    });"""

    def in_script(steps):
        given = {"seeds": list(range(seeds)), "settings": SHORT, "steps": steps}
        found = torch.tensor(evaluate(body, given), dtype=torch.float64)
        return np.log10([final_loss(omega) for omega in found])

    mine = np.log10([final_loss(trained(seed)) for seed in range(seeds)])
    low, high = interval_of_difference(mine, in_script(SHORT["iterations"]))
    assert low < 0 < high, (low, high)
    low, high = interval_of_difference(mine, in_script(0))
    assert high < 0, (low, high)


def interval_of_difference(first, second):
    """The 99 % bootstrap interval of median(first) - median(second)."""
    rng = np.random.default_rng(0)
    drawn = [
        np.median(values[rng.integers(len(values), size=(4000, len(values)))], axis=1)
        for values in (first, second)
    ]
    return np.quantile(drawn[0] - drawn[1], [0.005, 0.995])
