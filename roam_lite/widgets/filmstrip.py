"""The scrubber: a sequence under a slider, with boxes, maps and update losses in step, kernel or not."""

import base64
import html
import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray

from roam_lite.data.sequence import Sequence
from roam_lite.figures.pictures import caption, draw_box, encode, grid
from roam_lite.figures.style import TRUTH_COLOR, color_of
from roam_lite.geometry import iou
from roam_lite.widgets.exhibit import Exhibit
from roam_lite.widgets.recording import Recording

_MOST = 30  # frames embedded; longer sequences show every second, third ...
_COLUMNS = 6  # of the sheet of frames that the script takes apart
_WIDTH = 320  # pixels of an embedded frame
_SHEET_WIDTH = 200  # pixels of a frame of the contact sheet


def scrubber(
    sequence: Sequence,
    recordings: Mapping[str, Recording],
    *,
    alt: str,
    layers: tuple[str, ...] = ("response",),
) -> Exhibit:
    """Return a sequence to scrub through: boxes of every recording, maps as layers, update losses.

    Everything is embedded, so it works on a page without a kernel; where scripts do not run there is
    a contact sheet. `layers` are the maps of the recordings that can be overlaid on the frames.
    """
    shown = list(range(0, len(sequence), -(-len(sequence) // _MOST)))
    frames = [sequence.frames[index] for index in shown]
    scale = min(1.0, _WIDTH / frames[0].shape[1])
    small = [_resized(image, scale) for image in frames]
    data = {
        "frames": shown,
        "size": [small[0].shape[1], small[0].shape[0]],
        "columns": _COLUMNS,
        "truth": {"color": TRUTH_COLOR, "boxes": _rounded(sequence.boxes[shown] * scale)},
        "tracks": [
            {
                "name": name,
                "color": color_of(recording.description),
                "boxes": _rounded(recording.boxes[shown] * scale),
                "regions": _rounded(recording.regions[shown] * scale),
                "overlaps": _rounded(iou(recording.boxes, sequence.boxes)[shown]),
                "losses": [[frame, round(loss, 5)] for frame, loss in recording.losses],
                "layers": {layer: _map_sheet(recording.maps[layer][shown]) for layer in layers},
            }
            for name, recording in recordings.items()
        ],
    }
    # `</` would end the script; JSON allows the slash to be escaped.
    values = json.dumps(data, allow_nan=False).replace("</", "<\\/")
    script = Path(__file__).with_name("scrubber.js").read_text(encoding="utf-8").strip()
    sheet = _base64(grid(small, _COLUMNS), ".jpg", cv2.IMWRITE_JPEG_QUALITY, 72)
    page = (
        '<div class="roam-scrubber">'
        f'<img class="sheet" src="data:image/jpeg;base64,{sheet}" alt="{html.escape(alt)}" '
        'style="max-width: 100%">'
        f"<script>({script})(document.currentScript.parentElement, {values})</script></div>"
    )
    return Exhibit(contact_sheet(sequence, recordings), alt, html=page)


def contact_sheet(sequence: Sequence, recordings: Mapping[str, Recording]) -> bytes:
    """Return PNG bytes: six frames spread over the sequence, with the true and all recorded boxes."""
    panels = []
    for index in np.linspace(0, len(sequence) - 1, min(6, len(sequence))).astype(int).tolist():
        image = sequence.frames[index]
        scale = _SHEET_WIDTH / image.shape[1]
        image = _resized(image, scale)
        image = draw_box(image, sequence.boxes[index] * scale, TRUTH_COLOR, thickness=1)
        for recording in recordings.values():
            color = color_of(recording.description)
            image = draw_box(image, recording.boxes[index] * scale, color)
        panels.append(caption(image, f"frame {index}"))
    return encode(grid(panels, columns=3), ".png", cv2.IMWRITE_PNG_COMPRESSION, 9)


def _map_sheet(maps: NDArray[np.float32]) -> str:
    """Return maps [T, H, W] side by side as base64 PNG, colored, more transparent for lower values."""
    clipped = np.nan_to_num(np.hstack(list(maps))).clip(0, 1)
    colored = matplotlib.colormaps["magma"](clipped)
    colored[..., 3] = 0.85 * np.sqrt(clipped)
    return _base64((255 * colored).astype(np.uint8), ".png")


def _base64(image: NDArray[np.uint8], suffix: str, *options: int) -> str:
    return base64.b64encode(encode(image, suffix, *options)).decode()


def _resized(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _rounded(values: NDArray[np.float64]) -> list:
    """Return nested lists for JSON, which has no nan: a row or number with one becomes null."""
    if values.ndim == 1:
        return [round(float(v), 3) if np.isfinite(v) else None for v in values]
    return [np.round(row, 2).tolist() if np.isfinite(row).all() else None for row in values]
