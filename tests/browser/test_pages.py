"""Every notebook as a page without a kernel: pictures and equations are there, the scrubber works."""

import nbformat
import pytest

from notebooks.pages import page_of
from tests.browser.conftest import NARROW, REPOSITORY, WIDE

pytestmark = pytest.mark.browser
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))


@pytest.fixture
def show_page(page, tmp_path):
    """A function that opens a notebook's page; what it asks for elsewhere fails the test."""
    pytest.importorskip("furo", reason="the pages' equations need the extra `docs`")
    elsewhere = []

    def only_here(route):
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    page.route("**/*", only_here)

    def show(path):
        target = tmp_path / f"{path.stem}.html"
        target.write_text(page_of(path), encoding="utf-8")
        page.goto(target.as_uri(), wait_until="load")
        page.evaluate("() => MathJax.startup.promise")
        return page

    yield show
    assert elsewhere == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_page_is_complete_without_a_kernel(show_page, path):
    page = show_page(path)
    assert "model not found" not in page.content()
    stored = nbformat.read(path, as_version=4)
    texts = [cell.source for cell in stored.cells if cell.cell_type == "markdown"]
    assert (page.locator("mjx-container svg").count() > 0) == any("$" in text for text in texts)
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    images = page.locator("img")
    assert images.count() > 0
    broken = "images => images.filter(image => image.naturalWidth === 0).length"
    assert images.evaluate_all(broken) == 0
    silent = "images => images.filter(image => !image.alt).length"
    assert images.evaluate_all(silent) == 0
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        # Pictures shrink with the page and do not push it wider.
        wider = "images => images.filter(i => i.getBoundingClientRect().right > innerWidth).length"
        assert images.evaluate_all(wider) == 0


def test_scrubber_works_on_the_page(show_page):
    page = show_page(REPOSITORY / "notebooks" / "00_start_here.ipynb")
    canvas = page.locator(".roam-scrubber canvas.view")
    canvas.wait_for()
    page.wait_for_timeout(500)
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    page.locator(".roam-scrubber input[type=range]").fill("20")
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before
