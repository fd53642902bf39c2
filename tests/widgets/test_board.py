"""The dashboard: its buttons steer a run, its picture follows, and errors are shown."""

import time

import numpy as np
import pytest

from roam_lite.figures.paper import RATE_EDGES
from roam_lite.training import StepRecord
from roam_lite.widgets import Controller, dashboard
from roam_lite.widgets.board import describe_run
from roam_lite.widgets.training import Progress
from tests.widgets.test_controller import PATIENCE, until

VIEW = "application/vnd.jupyter.widget-view+json"


def progress(step, skipped=0, updates=3):
    rates = np.eye(len(RATE_EDGES) - 1)[20]
    record = StepRecord(
        step, "optimizer", [1.0 / step] * updates, [2.0 / step] * updates, skipped, 0.1, 0
    )
    return Progress(record, 8, rates, rates if updates > 1 else None)


def eight_steps():
    for step in range(1, 9):
        time.sleep(0.002)
        yield progress(step)


def failing():
    yield progress(1, updates=1)
    raise ValueError("a <diverged> loss")


def endless():
    step = 0
    while True:
        step += 1
        time.sleep(0.002)
        yield progress(step)


class Board:
    """A dashboard with its parts by name."""

    def __init__(self, begin):
        self.controller = Controller(begin)
        self.exhibit = dashboard(self.controller)
        row, self.message, self.image = self.exhibit.widget.children
        *buttons, self.bar, self.status = row.children
        self.buttons = {button.description: button for button in buttons}

    def press(self, name):
        assert not self.buttons[name].disabled, name
        self.buttons[name].click()

    def enabled(self):
        return {name for name, button in self.buttons.items() if not button.disabled}


@pytest.fixture
def board():
    board = Board(endless)
    yield board
    board.controller.stop()
    board.controller.join(PATIENCE)


def test_start_runs_to_the_end_and_the_picture_follows():
    board = Board(eight_steps)
    first = board.image.value
    board.press("Start")
    board.controller.join(PATIENCE)
    assert board.status.value == "finished: step 8 of 8, stage optimizer"
    assert board.bar.value == 1.0
    assert board.image.value != first


def test_only_buttons_that_make_sense_can_be_pressed(board):
    assert board.enabled() == {"Start", "Step"}
    board.press("Start")
    assert board.enabled() == {"Pause", "Stop", "Reset"}
    board.press("Pause")
    assert board.enabled() == {"Start", "Step", "Stop", "Reset"}


def test_step_advances_by_one(board):
    for number in (1, 2):
        board.press("Step")
        until(lambda: board.controller.state == "paused")
        until(lambda: board.status.value.startswith("paused"))
        assert len(board.controller.history) == number


def test_stop_keeps_the_curves_and_reset_clears_them(board):
    empty = board.image.value
    board.press("Start")
    until(lambda: len(board.controller.history) > 3)
    board.press("Stop")
    board.controller.join(PATIENCE)
    assert board.status.value.startswith("stopped")
    assert board.image.value != empty
    board.press("Reset")
    assert board.image.value == empty
    assert board.status.value == "ready"


def test_error_in_the_thread_is_shown_escaped():
    board = Board(failing)
    board.press("Start")
    with pytest.raises(ValueError, match="diverged"):
        board.controller.join(PATIENCE)
    assert "a &lt;diverged&gt; loss" in board.message.value
    assert board.status.value.startswith("failed")


def test_start_that_comes_too_late_is_refused_in_words(board):
    board.press("Start")
    board.buttons["Start"].click()  # a click on its way while the button was being disabled
    assert "running already" in board.message.value


def test_picture_without_a_kernel_shows_the_run_so_far():
    controller = Controller(eight_steps)
    before = dashboard(controller).png
    controller.run()
    bundle, _ = dashboard(controller)._repr_mimebundle_()
    assert dashboard(controller).png != before
    assert {VIEW, "image/png", "text/plain"} == set(bundle)


def test_guarded_steps_and_diverged_losses_are_told_and_drawn():
    history = [progress(1), progress(2, skipped=1)]
    assert describe_run("paused", history).endswith("1 skipped")
    controller = Controller(eight_steps)
    controller.history = [
        *history,
        Progress(
            StepRecord(3, "optimizer", [float("nan")], [float("inf")], 2, 0.1, 0),
            8,
            history[0].first_rates,
            None,
        ),
    ]
    assert dashboard(controller).png.startswith(b"\x89PNG")
