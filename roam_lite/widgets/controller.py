"""Run something step by step, blocking or in a thread that can be paused and stopped; no Jupyter here."""

import atexit
import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, Generic, Literal, TypeVar

from roam_lite.errors import InputError

Item = TypeVar("Item")
State = Literal["ready", "running", "paused", "stopped", "finished", "failed"]


class Controller(Generic[Item]):
    """Consumes `begin()` item by item into `history`: `run()` blocks, `start()` returns immediately.

    `begin` is called for every run; whatever it yields is an item, and its generator is closed
    when the run ends, so that a trainer saves its state. `notify`, if set, is called after every
    item and when a run ends, in the running thread. An error is stored in `error`, and raised by
    `run()` or `join()`. Starting a run raises InputError while another one is active.
    """

    def __init__(self, begin: Callable[[], Generator[Item, None, None]]) -> None:
        self.history: list[Item] = []
        self.error: Exception | None = None
        self.notify: Callable[[], None] | None = None
        self._begin = begin
        self._thread: threading.Thread | None = None
        self._go, self._stop = threading.Event(), threading.Event()
        self._active = self._single = False
        self._rest: State = "ready"  # its state unless active or failed
        # Otherwise a thread would still be computing while the interpreter shuts down.
        atexit.register(_stop, weakref.ref(self))

    @property
    def state(self) -> State:
        """The current state."""
        if self._active:
            return "running" if self._go.is_set() else "paused"
        return self._rest if self.error is None else "failed"

    def run(self) -> list[Item]:
        """Run to the end in this thread and return the history; an error is raised."""
        self._prepare()
        self._go.set()
        self._work()
        self.join()
        return self.history

    def start(self) -> None:
        """Start a run in a thread, or continue a paused one."""
        self._proceed(single=False)

    def step(self) -> None:
        """Take one step, of the paused run or of a new one, and pause."""
        self._proceed(single=True)

    def pause(self) -> None:
        """Pause after the current step, until `start` or `step`."""
        self._go.clear()

    def stop(self) -> None:
        """End the run after the current step; what it has yielded stays in `history`."""
        self._stop.set()
        self._go.set()

    def reset(self) -> None:
        """End the run, wait for it and forget it."""
        self.stop()
        self._wait(None)
        self._thread, self.error, self.history, self._rest = None, None, [], "ready"

    def join(self, timeout: float | None = None) -> None:
        """Wait until the run has ended, or `timeout` seconds; raise its error, if any."""
        self._wait(timeout)
        if self.error is not None:
            raise self.error

    def _proceed(self, *, single: bool) -> None:
        begins = self.state != "paused"
        if begins:
            self._prepare()
        self._single = single
        self._go.set()
        if begins:
            self._thread = threading.Thread(target=self._work, name="roam-lite run", daemon=True)
            self._thread.start()

    def _prepare(self) -> None:
        if self._active:
            raise InputError(f"a run is {self.state} already; stop it before beginning another")
        self.history, self.error, self._rest, self._single = [], None, "stopped", False
        self._stop.clear()
        self._active = True

    def _work(self) -> None:
        try:
            with closing(self._begin()) as items:
                while self._may_go_on():
                    self.history.append(next(items))
                    if self._single:
                        self._go.clear()
                    if not self._stop.is_set():
                        self._call_notify()
        except StopIteration:
            self._rest = "finished"
        except Exception as error:
            self.error = error
        finally:
            self._active = False
        # An error in a view must not keep the run from ending.
        self._call_notify()

    def _may_go_on(self) -> bool:
        self._go.wait()
        return not self._stop.is_set()

    def _call_notify(self) -> None:
        if self.notify is not None:
            try:
                self.notify()
            except Exception as error:
                self.error = self.error or error

    def _wait(self, timeout: float | None) -> None:
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)


def _stop(reference: Any) -> None:
    controller = reference()
    if controller is not None:
        controller.stop()
        controller._wait(10.0)
