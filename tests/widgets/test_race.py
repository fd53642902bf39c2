"""The race: one script for widget, stored notebook and page, and its core against the library."""

import base64
import json
import shutil
import subprocess

import pytest

from roam_lite.widgets import optimizer_race
from roam_lite.widgets.race import ALT, RaceWidget, race_page, race_script
from tests import race_cases

VIEW = "application/vnd.jupyter.widget-view+json"
NODE = shutil.which("node")


@pytest.fixture
def evaluate():
    """The core by itself, in node."""
    if NODE is None:
        pytest.skip("node: not installed")

    def run(body, argument):
        program = (
            f"{race_script()}\nconst given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
            f"const act = () => {{ {body} }};\nprocess.stdout.write(JSON.stringify(act()));"
        )
        command = [NODE, "-e", program]
        ended = subprocess.run(
            command, input=json.dumps(argument), capture_output=True, text=True, check=True
        )
        return json.loads(ended.stdout)

    return run


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("script", race_cases.RULES)
def test_unrolled_rules_are_the_librarys(evaluate, script, noisy):
    race_cases.check_unroll(evaluate, script, noisy)


def test_evolution_steps_are_the_librarys(evaluate):
    race_cases.check_evolution_step(evaluate)


def test_gradients_below_the_edge_are_seen_linearly(evaluate):
    """Where the loss is nearly solved the other branch of the input's preprocessing decides."""
    case = race_cases.recorded()
    case["problems"].y.mul_(1e-6)
    gradients = 2 * case["problems"].x * case["problems"].y
    assert gradients.abs().max() < 4.5e-5
    runs = evaluate(
        "return given.problems.map((problem) => "
        "raceCore.unroll(raceCore.learner(given.omega), problem, given.updates).rates)",
        race_cases.as_json(case),
    )
    mine = race_cases.unroll(
        race_cases.with_parameters(case["omega"]), case["problems"], len(case["noise"])
    ).rates
    theirs = race_cases.torch.tensor(runs, dtype=race_cases.torch.float64).movedim(1, 0)
    race_cases.torch.testing.assert_close(theirs, mine, **race_cases.TOLERANCE)


def test_the_learner_has_57_parameters():
    assert sum(p.numel() for p in race_cases.learner().parameters()) == race_cases.PARAMETERS


def test_a_longer_horizon_leaves_fewer_iterations(evaluate):
    body = "return given.map((updates) => raceCore.trainer(0, { updates }).settings.iterations)"
    assert evaluate(body, [10, 100]) == [300, 30]


def test_an_overflowing_loss_leaves_the_learner_as_it_is(evaluate):
    found = evaluate(
        "const trainer = raceCore.trainer(0, { low: 1e5, high: 1e6, updates: 100 });"
        "const before = Array.from(trainer.omega); trainer.step();"
        "return { before, after: Array.from(trainer.omega), skipped: trainer.skipped }",
        None,
    )
    assert found["skipped"] == 1
    assert found["after"] == found["before"]


def test_one_bundle_holds_view_script_picture_and_words():
    exhibit = optimizer_race()
    bundle, metadata = exhibit._repr_mimebundle_()
    assert bundle[VIEW]["model_id"] == exhibit.widget.model_id
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"] == metadata["image/png"]["alt"] == ALT
    for carrier in (bundle["text/html"], RaceWidget._esm, race_page()):
        assert race_script() in str(carrier)


def test_nothing_is_loaded_from_elsewhere():
    for word in ("http:", "https:", "import ", "fetch(", "src=", "url("):
        assert word not in race_page(), word


def test_no_script_or_style_ends_early():
    assert "</script" not in race_script()
    assert race_page().count("</style") == 1
