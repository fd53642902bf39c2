"""The site in a real browser: complete without a network, and readable in both themes."""

import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.browser.conftest import REPOSITORY
from tests.docs.test_site import public_modules

pytestmark = pytest.mark.browser
COURSE = sorted(path.stem for path in (REPOSITORY / "notebooks").glob("*.ipynb"))
WITH_EQUATIONS = "05_the_neural_optimizer"
# The lowest contrast of text and its ground among the elements, by WCAG's formula: 1 to 21.
CONTRAST = """elements => {
    const numbers = color => color.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = element => {
        for (let e = element; e; e = e.parentElement) {
            const color = numbers(getComputedStyle(e).backgroundColor);
            if (color.length === 3 || color[3] > 0.5) return color;
        }
        return [255, 255, 255];
    };
    return Math.min(...elements.filter(e => e.offsetParent || e.tagName === "MJX-CONTAINER").map(e => {
        const pair = [numbers(getComputedStyle(e).color), ground(e)].map(luminance);
        return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    }));
}"""
# A picture without a ground of its own would have dark words on the dark theme.
SEE_THROUGH = """images => images.filter(image => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, 1, 1, 0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data[3] < 255;
}).map(image => image.src)"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments):
        pass


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of the site, built anew and served on loopback."""
    pytest.importorskip("furo", reason="the site needs the extra `docs`")
    built = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", "docs", ".", built]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(site, page):
    """A function that opens a page of the site; what it asks for elsewhere or in vain fails the test."""
    elsewhere, missing = [], []

    def only_here(route):
        here = route.request.url.startswith((site, "data:", "blob:"))
        if here:
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    page.route("**/*", only_here)
    page.on("response", lambda answer: answer.ok or missing.append(answer.url))

    def visit_(name, theme="light"):
        page.emulate_media(color_scheme=theme)
        page.goto(f"{site}/{name}.html", wait_until="networkidle")
        page.evaluate("() => window.MathJax?.startup?.promise")
        return page

    yield visit_
    assert (elsewhere, missing) == ([], [])


@pytest.fixture
def look_at(page):
    """Store a screenshot where ROAM_LITE_SCREENSHOTS names a folder."""

    def look_at_(name):
        if target := os.environ.get("ROAM_LITE_SCREENSHOTS"):
            page.screenshot(path=Path(target) / f"site_{name}.png", full_page=True)

    return look_at_


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "name",
    [
        "docs/index",
        "docs/reference/roam_lite.tracking.tracker",
        *(f"notebooks/{n}" for n in COURSE),
    ],
)
def test_page_is_complete_and_readable(visit, look_at, name, theme):
    page = visit(name, theme)
    dark = (
        page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        != "rgb(255, 255, 255)"
    )
    assert dark == (theme == "dark")
    raw = "texts => texts.filter(text => !text.querySelector('mjx-container svg')).length"
    assert page.locator(".math").evaluate_all(raw) == 0
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    words = page.locator("article").locator("p, li, td, th, pre, mjx-container")
    assert words.evaluate_all(CONTRAST) >= 4.5
    images = page.locator("article img")
    assert images.evaluate_all("images => images.filter(i => i.naturalWidth === 0).length") == 0
    assert images.evaluate_all(SEE_THROUGH) == []
    look_at(f"{name.split('/')[-1]}_{theme}")


def test_equations_are_drawn_without_a_network(visit):
    page = visit(f"notebooks/{WITH_EQUATIONS}")
    assert page.locator("mjx-container svg").count() > 20
    # What a screen reader says of them.
    assert page.locator("mjx-assistive-mml math").count() > 20


def test_every_public_module_has_its_page(site, page):
    page.goto(f"{site}/docs/api.html")
    for module in public_modules():
        answer = page.request.get(f"{site}/docs/reference/{module}.html")
        assert answer.ok, module
        assert f'id="module-{module}"' in answer.text(), module


def test_the_first_page_leads_down_the_fast_track(visit):
    page = visit("docs/index")
    track = page.locator("#the-fast-track ol a")
    numbers = track.evaluate_all(
        "links => links.map(link => link.href.split('/').pop().slice(0, 2))"
    )
    assert numbers == ["00", "04", "05", "06", "07"]
    for address in track.evaluate_all("links => links.map(link => link.href)"):
        assert page.request.get(address).ok
