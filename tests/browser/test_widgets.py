"""What a reader does with the widgets, done in a real browser."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, REPOSITORY

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)
SAMPLE = str(REPOSITORY / "data_samples" / "light" / "img")
WIDGET = ".jp-OutputArea .jupyter-widgets"
# How bright the frame around the scrubber's loss curves is, 0 to 255.
INK = (
    "document.querySelector('.roam-scrubber canvas.chart')"
    ".getContext('2d').getImageData(80, 100, 1, 1).data[0]"
)


def button(page, name):
    return page.locator(f"{WIDGET} button", has_text=name)


def shown(image):
    """Where a widget's picture is, once the browser has drawn it."""
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.naturalWidth") > 50
    return image.get_attribute("src")


def test_a_slider_changes_the_picture(open_notebook, look):
    page = open_notebook(
        "explore",
        "from roam_lite.widgets import explore\n"
        "def draw(figure, height, dashed):\n"
        "    figure.subplots().plot([0, height], '--' if dashed else '-')\n"
        "explore(draw, alt='a line', height=(1, 9, 3), dashed=False)",
    )
    image = page.locator(f"{WIDGET} img")
    before = shown(image)
    expect(image).to_have_attribute("title", "a line")
    handle = page.locator(f"{WIDGET} .noUi-handle").first
    handle.focus()
    for _ in range(3):
        handle.press("ArrowRight")
    expect(image).not_to_have_attribute("src", before)
    assert shown(image) != before
    expect(page.locator(f"{WIDGET} .widget-readout").first).to_have_text("6")
    look("explore")


def test_the_dashboard_starts_pauses_steps_stops_and_resets(open_notebook, look):
    page = open_notebook(
        "dashboard",
        "import tempfile\n"
        "from roam_lite.training import TrainConfig\n"
        "from roam_lite.widgets import Controller, dashboard, training_run\n"
        "folder = tempfile.mkdtemp()\n"
        "config = TrainConfig('smoke', 'synthetic', folder + '/run', steps=1000, workers=0)\n"
        "controller = Controller(training_run(config))\n"
        "dashboard(controller)",
    )
    status = page.locator(f"{WIDGET} .widget-label", has_text="step")
    image = page.locator(f"{WIDGET} img")
    empty = shown(image)
    button(page, "Start").click()
    expect(status).to_contain_text("running: step")
    expect(image).not_to_have_attribute("src", empty)
    expect(button(page, "Start")).to_be_disabled()
    button(page, "Pause").click()
    expect(status).to_contain_text("paused: step")
    look("dashboard")
    page.wait_for_timeout(1000)  # the step that was under way has ended
    before = int(status.inner_text().split("step ")[1].split()[0])
    button(page, "Step").click()
    expect(status).to_contain_text(f"paused: step {before + 1} ")
    button(page, "Stop").click()
    expect(status).to_contain_text("stopped: step")
    button(page, "Reset").click()
    expect(status).to_have_count(0)


def test_an_error_of_the_training_is_shown(open_notebook):
    page = open_notebook(
        "failing",
        "from roam_lite.widgets import Controller, dashboard\n"
        "def begin():\n"
        "    raise ValueError('no such clip')\n"
        "    yield\n"
        "dashboard(Controller(begin))",
    )
    button(page, "Start").click()
    expect(page.locator(f"{WIDGET} b")).to_have_text("ValueError: no such clip")


def test_the_scrubber_moves_boxes_and_shows_maps(open_notebook, look):
    page = open_notebook(
        "scrubber",
        "from roam_lite import load_tracker\n"
        "from roam_lite.data.otb import read_sequence\n"
        "from roam_lite.data.sequence import Sequence\n"
        "from roam_lite.widgets import record, scrubber\n"
        f"whole = read_sequence({str(REPOSITORY / 'data_samples')!r}, 'light')\n"
        "short = Sequence('light', [whole.frames[t] for t in range(12)], whole.boxes[:12])\n"
        "scrubber(short, {'ROAM++': record(load_tracker('laptop'), short)}, alt='twelve frames')",
    )
    canvas = page.locator(".roam-scrubber canvas.view")
    canvas.wait_for()
    page.wait_for_timeout(1000)
    picture = "canvas => canvas.toDataURL()"
    first = canvas.evaluate(picture)
    page.locator(".roam-scrubber input[type=range]").fill("9")
    expect(page.locator(".roam-scrubber")).to_contain_text("frame 9")
    later = canvas.evaluate(picture)
    assert later != first
    page.locator(".roam-scrubber select").select_option(index=1)
    assert canvas.evaluate(picture) != later
    page.locator(".roam-scrubber button").click()  # play
    expect(page.locator(".roam-scrubber")).to_contain_text("frame 11")
    page.wait_for_function(f"{INK} < 100")  # dark on a light page
    page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function(f"{INK} > 155")
    look("scrubber")


def test_a_drawn_box_is_tracked_into_a_film(open_notebook, look, tmp_path):
    page = open_notebook(
        "picker",
        "from roam_lite import load_tracker\n"
        "from roam_lite.widgets import box_picker\n"
        "import shutil, tempfile\n"
        "from pathlib import Path\n"
        "folder = Path(tempfile.mkdtemp())\n"
        f"for image in sorted(Path({SAMPLE!r}).iterdir())[:15]: shutil.copy(image, folder)\n"
        "box_picker(folder, make_tracker=lambda: load_tracker('laptop'),\n"
        "           out=folder / 'tracked.mp4', alt='the first frame')",
    )
    canvas = page.locator("canvas.roam-picker")
    canvas.wait_for()
    expect(canvas).to_have_attribute("width", "320")
    canvas.scroll_into_view_if_needed()
    area = canvas.bounding_box()
    x, y, w, h = first_box()
    scale = area["width"] / 320
    page.mouse.move(area["x"] + x * scale, area["y"] + y * scale)
    page.mouse.down()
    page.mouse.move(area["x"] + (x + w) * scale, area["y"] + (y + h) * scale, steps=5)
    page.mouse.up()
    text = page.locator(f"{WIDGET} input[type=text]").nth(1)
    expect(text).not_to_have_value("")
    typed = [float(part) for part in text.input_value().split(",")]
    assert typed == pytest.approx([x, y, w, h], abs=1.5)
    look("picker")
    button(page, "Track").click()
    link = page.locator(f"{WIDGET} a[download]")
    link.wait_for()
    with page.expect_download() as download:
        link.click()
    film = tmp_path / "film.mp4"
    download.value.save_as(film)
    assert film.read_bytes()[4:8] == b"ftyp"


def first_box():
    line = (REPOSITORY / "data_samples" / "light" / "groundtruth_rect.txt").read_text().split()[0]
    x, y, w, h = map(float, line.split(","))
    return x - 1, y - 1, w, h


def test_an_unexecuted_notebook_shows_its_pictures(open_notebook, folder):
    stored = json.loads((REPOSITORY / "notebooks" / "07_online_tracking.ipynb").read_text("utf-8"))
    (folder / "07.ipynb").write_text(json.dumps(stored), encoding="utf-8")
    page = open_notebook.stored("07.ipynb")
    shown = page.locator(".jp-OutputArea img")
    page.mouse.move(700, 500)
    # Cells are rendered when they come into view, on a busy machine some time after it.
    for scroll in range(400):
        if scroll >= 40 and shown.count() > 0:
            break
        page.mouse.wheel(0, 800 if scroll // 40 % 2 == 0 else -800)
        page.wait_for_timeout(50)
    assert "model not found" not in page.content()
    assert shown.count() > 0
    assert shown.evaluate_all("images => images.every(image => image.naturalWidth > 50)")
