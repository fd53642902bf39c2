"""The training dashboard: losses and learning rates of a run, and buttons that steer it."""

import html
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import ipywidgets
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from roam_lite.errors import InputError
from roam_lite.figures.paper import RATE_EDGES
from roam_lite.figures.style import OPTIMIZER_COLORS, style
from roam_lite.widgets.controller import Controller
from roam_lite.widgets.exhibit import Exhibit, LivePicture, png_of
from roam_lite.widgets.training import Progress

_INTERVAL = 0.4  # seconds between two pictures, because drawing slows training down
_ALT = (
    "Two plots of a meta-training run: update and meta loss at every step, and the histogram of "
    "the learning rates at the last one"
)
# (name, method to call, states in which it is enabled)
_BUTTONS = (
    ("Start", Controller.start, {"ready", "paused", "stopped", "finished", "failed"}),
    ("Pause", Controller.pause, {"running"}),
    ("Step", Controller.step, {"ready", "paused", "stopped", "finished", "failed"}),
    ("Stop", Controller.stop, {"running", "paused"}),
    ("Reset", Controller.reset, {"running", "paused", "stopped", "finished", "failed"}),
)
_NO_RATES = np.zeros(len(RATE_EDGES) - 1)


def dashboard(controller: Controller[Progress]) -> Exhibit:
    """Return buttons over a live picture of the controller's run.

    The picture for pages without a kernel shows the controller's history so far. The
    dashboard sets the controller's `notify`, so a controller can have only one dashboard.
    """
    with style():
        curves = _Curves()
    image = LivePicture(curves.draw(controller.history), _ALT)
    bar = ipywidgets.FloatProgress(min=0, max=1, layout=ipywidgets.Layout(width="220px"))
    status, message = ipywidgets.Label(), ipywidgets.HTML()
    buttons = {name: ipywidgets.Button(description=name) for name, _, _ in _BUTTONS}
    lock = threading.Lock()
    drawn = [0.0]  # time of the last drawing

    def refresh() -> None:
        history, state = list(controller.history), controller.state
        for name, _, states in _BUTTONS:
            buttons[name].disabled = state not in states
        status.value = describe_run(state, history)
        bar.value = history[-1].record.step / history[-1].of if history else 0.0
        message.value = complaint(controller.error)
        with lock:
            if state != "running" or time.monotonic() - drawn[0] > _INTERVAL:
                image.value = curves.draw(history)
                drawn[0] = time.monotonic()

    def press(act: Callable[[Controller[Progress]], None], _: object) -> None:
        try:
            act(controller)
        except InputError as error:
            message.value = complaint(error)
        else:
            refresh()

    for name, act, _ in _BUTTONS:
        buttons[name].on_click(partial(press, act))
        buttons[name].layout.width = "auto"
    controller.notify = refresh
    refresh()
    flow = ipywidgets.Layout(flex_flow="row wrap")
    row = ipywidgets.Box((*buttons.values(), bar, status), layout=flow)
    return Exhibit(bytes(image.value), _ALT, ipywidgets.VBox((row, message, image)))


def describe_run(state: str, history: Sequence[Progress]) -> str:
    """Return a line about the progress of a run."""
    if not history:
        return state
    record = history[-1].record
    skipped = f", {record.skipped} skipped" if record.skipped else ""
    return f"{state}: step {record.step} of {history[-1].of}, stage {record.stage}{skipped}"


def complaint(error: Exception | None) -> str:
    """Return the error as HTML that stands out in light and dark themes, or nothing."""
    if error is None:
        return ""
    text = html.escape(f"{type(error).__name__}: {error}")
    return f'<b style="color: {OPTIMIZER_COLORS["sgd"]}">{text}</b>'


class _Curves:
    """The picture; its artists are kept, so that a redraw only sets their data."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(9, 3), layout="constrained")
        self.losses, self.rates = self.figure.subplots(1, 2)
        blue = OPTIMIZER_COLORS["lstm"]
        (self.meta,) = self.losses.plot([], [], ".-", color=blue, label="meta loss (14)")
        (self.update,) = self.losses.plot([], [], ".:", color="black", label="update loss (12)")
        self.losses.set(xlabel="meta-training step", ylabel="loss, mean over the updates")
        above = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2, "fontsize": 9}
        self.losses.xaxis.set_major_locator(MaxNLocator(integer=True))
        self.losses.legend(**above)
        first = {"color": "black", "label": "first step: λ⁽⁰⁾"}
        later = {"color": blue, "fill": True, "alpha": 0.5, "label": "updates: the optimizer's"}
        self.first = self.rates.stairs(_NO_RATES, RATE_EDGES, **first)
        self.later = self.rates.stairs(_NO_RATES, RATE_EDGES, **later)
        self.rates.set(xlabel="log10(learning rate)", ylabel="share of coordinates", ylim=(0, 1))
        self.rates.legend(**above)

    def draw(self, history: Sequence[Progress]) -> bytes:
        """Return the history as PNG."""
        steps = [progress.record.step for progress in history]
        self.meta.set_data(steps, [progress.record.meta_loss for progress in history])
        updates = [float(np.mean(progress.record.update_losses)) for progress in history]
        self.update.set_data(steps, updates)
        last = history[-1] if history else None
        first = last.first_rates if last else _NO_RATES
        later = last.updating_rates if last and last.updating_rates is not None else _NO_RATES
        self.first.set_data(first)
        self.later.set_data(later)
        self.rates.set_ylim(0, max(1.1 * first.max(), 1.1 * later.max(), 0.1))
        finite = [v for line in (self.meta, self.update) for v in line.get_ydata() if v > 0]
        self.losses.set_yscale("log" if finite and np.isfinite(finite).all() else "linear")
        self.losses.relim()
        self.losses.autoscale(True)
        if not history:
            self.losses.set(xlim=(0, 1), ylim=(0, 1))
        with style():
            return png_of(self.figure)
