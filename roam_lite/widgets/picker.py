"""The box picker: track the reader's own video, from a box drawn on its first frame, into an MP4."""

import base64
import html
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from roam_lite.data.sequence import Frames
from roam_lite.data.video import open_frames
from roam_lite.errors import InputError
from roam_lite.evaluation.running.run import Step
from roam_lite.figures.film import follow_steps
from roam_lite.figures.pictures import draw_box, encode
from roam_lite.figures.style import OPTIMIZER_COLORS
from roam_lite.widgets.board import complaint
from roam_lite.widgets.controller import Controller
from roam_lite.widgets.exhibit import Exhibit

_INTERVAL = 0.25  # seconds between two pictures while tracking
_LARGEST_LINK = 30e6  # bytes of video that a page embeds for its download link
_COLOR = OPTIMIZER_COLORS["lstm"]
_WIDE = ipywidgets.Layout(width="min(100%, 420px)")


class BoxCanvas(anywidget.AnyWidget):
    """A picture on which the user draws one box, `(x, y, w, h)` in its pixels."""

    _esm = Path(__file__).with_name("picker.js")
    picture = traitlets.Bytes().tag(sync=True)  # JPEG
    box = traitlets.List(traitlets.Float()).tag(sync=True)  # empty: none yet
    color = traitlets.Unicode(_COLOR).tag(sync=True)
    enabled = traitlets.Bool(True).tag(sync=True)


def box_picker(
    path: str | Path,
    box: Sequence[float] = (),
    *,
    make_tracker: Callable[[], Any],
    out: str | Path,
    alt: str,
) -> Exhibit:
    """Return a widget that tracks the box that the reader draws, in the video at `path` or an uploaded one.

    `path` is a video file or a folder of images; `box` is the initial box. `Track` tracks
    it with `make_tracker()` and writes the MP4 `out`, which can then be downloaded.
    Raises InputError if there is no video at `path`; later errors are shown in the widget.
    """
    picker = _Picker(make_tracker, Path(out))
    picker.open(path)
    picker.canvas.box = list(map(float, box))
    first = draw_box(picker.frames[0], np.array(box), _COLOR) if len(box) else picker.frames[0]
    return Exhibit(encode(first, ".png"), alt, picker.widget)


class _Picker:
    """The widget's parts and their interaction."""

    def __init__(self, make_tracker: Callable[[], Any], out: Path) -> None:
        self.make_tracker, self.out = make_tracker, out
        self.frames: Frames
        self.opened = ""
        self.latest: Step | None = None
        self.shown = 0.0  # when the last picture was sent
        self.uploads = tempfile.TemporaryDirectory(prefix="roam-lite-")
        self.controller = Controller(self._steps)
        self.controller.notify = self._follow
        self.canvas = BoxCanvas()
        self.path = ipywidgets.Text(description="video", layout=_WIDE, continuous_update=False)
        self.upload = ipywidgets.FileUpload(accept="video/*,image/*", multiple=True)
        self.text = ipywidgets.Text(description="x, y, w, h", layout=_WIDE, continuous_update=False)
        self.track = ipywidgets.Button(description="Track", button_style="primary")
        self.stop = ipywidgets.Button(description="Stop", disabled=True)
        self.bar = ipywidgets.IntProgress(min=0, max=1)
        self.message, self.link = ipywidgets.HTML(), ipywidgets.HTML()
        self.path.observe(lambda change: self._try(self.open, change.new), "value")
        self.upload.observe(lambda change: self._try(self._take, change.new), "value")
        self.text.observe(lambda change: self._try(self._read_box, change.new), "value")
        self.canvas.observe(self._write_box, "box")
        self.track.on_click(lambda _: self._try(self._start))
        self.stop.on_click(lambda _: self.controller.stop())
        flow = ipywidgets.Layout(flex_flow="row wrap")
        source = ipywidgets.Box((self.path, self.upload), layout=flow)
        row = ipywidgets.Box((self.text, self.track, self.stop, self.bar), layout=flow)
        self.widget = ipywidgets.VBox((source, self.canvas, row, self.message, self.link))

    def open(self, path: str | Path) -> None:
        """Show the first frame of a video or a folder of images."""
        if str(path) == self.opened:
            return
        frames = open_frames(Path(path).expanduser())
        self.canvas.picture = encode(frames[0], ".jpg")
        self.frames, self.opened, self.canvas.box = frames, str(path), []
        self.path.value = self.opened

    def _take(self, files: Sequence[dict[str, Any]]) -> None:
        """Store uploaded files: one video, or the images of a folder."""
        if not files:
            return
        folder = Path(tempfile.mkdtemp(dir=self.uploads.name))
        for file in files:
            (folder / Path(file["name"]).name).write_bytes(file["content"])
        self.open(folder if len(files) > 1 else folder / Path(files[0]["name"]).name)

    def _read_box(self, text: str) -> None:
        try:
            box = [float(part) for part in text.replace(",", " ").split()]
        except ValueError:
            box = [0.0]
        if len(box) not in (0, 4):
            raise InputError(f"box {text!r}: give four numbers x, y, w, h")
        self.canvas.box = box

    def _write_box(self, change: Any) -> None:
        if self.canvas.enabled:
            self.text.value = ", ".join(f"{value:g}" for value in change.new)

    def _start(self) -> None:
        if len(self.canvas.box) != 4:
            raise InputError("no box yet: drag one over the picture, or type x, y, w, h")
        self.box = tuple(self.canvas.box)
        self.bar.value, self.bar.max, self.link.value = 0, len(self.frames), ""
        self._busy(True)
        self.controller.start()

    def _steps(self) -> Generator[int, None, None]:
        tracker = self.make_tracker()
        for step in follow_steps(tracker, self.frames, self.box, video=self.out):
            self.latest = step
            yield step.index

    def _follow(self) -> None:
        """Show the tracker's progress and, at the end, the download link."""
        state, step = self.controller.state, self.latest
        if state == "running":
            if step.image is not None and time.monotonic() - self.shown > _INTERVAL:
                self.shown = time.monotonic()
                self.bar.value = step.index + 1
                self.canvas.picture = encode(step.image, ".jpg")
                self.canvas.box = step.box.tolist()
            return
        self.message.value = complaint(self.controller.error)
        if state == "finished":
            self.bar.value = self.bar.max
            self.link.value = _download(self.out)
        self.canvas.picture, self.canvas.box = encode(self.frames[0], ".jpg"), list(self.box)
        self._busy(False)

    def _busy(self, busy: bool) -> None:
        self.canvas.enabled, self.stop.disabled = not busy, not busy
        for part in (self.track, self.path, self.upload, self.text):
            part.disabled = busy

    def _try(self, act: Callable[..., None], *arguments: Any) -> None:
        self.message.value = ""
        try:
            act(*arguments)
        except (InputError, OSError) as error:
            self.message.value = complaint(error)


def _download(path: Path) -> str:
    """Return a link that embeds the video, or its path if it is too large for a page."""
    name = html.escape(path.name)
    if path.stat().st_size > _LARGEST_LINK:
        return f"written to <code>{html.escape(str(path))}</code>"
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<a download="{name}" href="data:video/mp4;base64,{data}">download {name}</a>'
