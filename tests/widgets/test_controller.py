"""One controller, blocking or live: it stops, pauses, steps and never loses an error."""

import gc
import subprocess
import sys
import threading
import time
import weakref

import pytest

from roam_lite import InputError
from roam_lite.rules import RULES, Rule
from roam_lite.training import TrainConfig
from roam_lite.widgets.controller import Controller
from roam_lite.widgets.training import training_run
from tests.fakes import LearnedMomentum

PATIENCE = 20.0  # seconds; only a broken controller takes them


def until(condition):
    """Wait for what another thread does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


class Counting:
    """Counts to `end`; keeps how often it was begun and closed."""

    def __init__(self, end, fail_at=None):
        self.end, self.fail_at = end, fail_at
        self.begun = self.closed = 0

    def __call__(self):
        self.begun += 1
        try:
            for number in range(self.end):
                if number == self.fail_at:
                    raise ValueError("the third is missing")
                time.sleep(0.002)
                yield number
        finally:
            self.closed += 1


@pytest.fixture
def endless():
    controller = Controller(Counting(10**9))
    yield controller
    controller.stop()
    controller.join(PATIENCE)


def test_blocking_run_returns_all_items_in_this_thread():
    threads = threading.active_count()
    controller = Controller(Counting(5))
    controller.notify = lambda: threads == threading.active_count() or pytest.fail("a thread")
    assert controller.state == "ready"
    assert controller.run() == [0, 1, 2, 3, 4]
    assert controller.state == "finished"


def test_live_run_comes_to_the_same_end():
    controller = Controller(Counting(5))
    controller.start()
    controller.join(PATIENCE)
    assert (controller.history, controller.state) == ([0, 1, 2, 3, 4], "finished")


def test_second_start_is_refused_while_one_runs(endless):
    endless.start()
    with pytest.raises(InputError, match="running already"):
        endless.start()
    with pytest.raises(InputError, match="running already"):
        endless.run()
    assert endless._begin.begun == 1


def test_pause_rests_until_start_goes_on_with_the_same_run(endless):
    endless.start()
    until(lambda: len(endless.history) > 3)
    endless.pause()
    assert endless.state == "paused"
    time.sleep(0.05)  # the present step may still end
    rested = len(endless.history)
    time.sleep(0.05)
    assert len(endless.history) == rested
    endless.start()
    until(lambda: len(endless.history) > rested)
    assert endless.history[:rested] == list(range(rested))
    assert endless._begin.begun == 1


def test_step_takes_one_step_and_pauses(endless):
    for expected in (1, 2, 3):
        endless.step()
        until(lambda: endless.state == "paused")
        assert len(endless.history) == expected


def test_stop_ends_a_running_and_a_paused_run_and_closes_its_source(endless):
    for number in (1, 2):
        endless.start()
        until(lambda: endless.history)
        if number == 2:
            endless.pause()
        endless.stop()
        endless.join(PATIENCE)
        assert endless.state == "stopped"
        assert endless._begin.closed == number
        assert endless.history


def test_reset_forgets_everything(endless):
    endless.start()
    until(lambda: endless.history)
    endless.reset()
    assert (endless.state, endless.history, endless.error) == ("ready", [], None)
    endless.start()
    until(lambda: endless.history)
    assert endless.history[0] == 0


def test_error_in_the_thread_is_kept_and_raised_by_join():
    controller = Controller(Counting(9, fail_at=2))
    controller.start()
    with pytest.raises(ValueError, match="third is missing"):
        controller.join(PATIENCE)
    assert controller.state == "failed"
    assert controller.history == [0, 1]
    assert controller._begin.closed == 1


def test_error_of_a_blocking_run_is_raised_and_a_new_run_forgets_it():
    source = Counting(9, fail_at=2)
    controller = Controller(source)
    with pytest.raises(ValueError, match="third is missing"):
        controller.run()
    source.fail_at = None
    assert len(controller.run()) == 9
    assert controller.error is None


def test_error_of_a_view_is_kept_and_the_run_still_ends():
    controller = Controller(Counting(3))
    controller.notify = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        controller.run()
    assert controller.history == [0, 1, 2]


def smoke(folder, steps=1000, **options):
    return training_run(
        TrainConfig("smoke", "synthetic", str(folder), steps=steps, workers=0, **options)
    )


def test_stop_acts_within_half_a_second_on_the_smoke_profile(tmp_path):
    controller = Controller(smoke(tmp_path / "run"))
    taken = []
    while len(taken) < 3 and min(taken, default=1.0) >= 0.5:  # others may keep the cores busy
        controller.start()
        until(lambda: len(controller.history) > 2)
        began = time.monotonic()
        controller.stop()
        controller.join(PATIENCE)
        taken.append(time.monotonic() - began)
    assert min(taken) < 0.5
    assert (tmp_path / "run" / "checkpoint.safetensors").is_file()


def test_training_reports_losses_and_where_the_rates_lie(tmp_path):
    history = Controller(smoke(tmp_path / "run", steps=2)).run()
    assert [progress.record.step for progress in history] == [1, 2]
    assert history[0].updating_rates is None
    for shares in (history[0].first_rates, history[1].first_rates, history[1].updating_rates):
        assert shares.sum() == pytest.approx(1)


def test_a_rule_without_rates_reports_none(tmp_path, monkeypatch):
    monkeypatch.setitem(RULES, "mine", Rule(learned=LearnedMomentum))
    history = Controller(smoke(tmp_path / "run", steps=2, rule="mine")).run()
    assert [progress.updating_rates for progress in history] == [None, None]
    assert history[1].first_rates.sum() == pytest.approx(1)


def test_error_of_the_trainer_reaches_the_reader(tmp_path):
    config = TrainConfig(profile="smoke", data="otb:nowhere", out=str(tmp_path / "run"))
    controller = Controller(training_run(config))
    controller.start()
    with pytest.raises(InputError, match="nowhere"):
        controller.join(PATIENCE)


def test_controller_needs_no_jupyter_and_leaves_nothing_behind_at_exit(tmp_path):
    program = (
        "import sys, time\n"
        "from roam_lite.training import TrainConfig\n"
        "from roam_lite.widgets.controller import Controller\n"
        "from roam_lite.widgets.training import training_run\n"
        "assert not {'IPython', 'ipywidgets'} & set(sys.modules)\n"
        f"config = TrainConfig('smoke', 'synthetic', {str(tmp_path / 'run')!r}, 1000, workers=0)\n"
        "controller = Controller(training_run(config))\n"
        "controller.start()\n"
        "while not controller.history: time.sleep(0.01)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert (tmp_path / "run" / "checkpoint.safetensors").is_file()


def test_forgotten_controller_is_not_kept_alive():
    reference = weakref.ref(Controller(Counting(1)))
    gc.collect()
    assert reference() is None
