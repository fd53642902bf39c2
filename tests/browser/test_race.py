"""The race as a page and as a widget: what it computes, its keys, both themes, 900 pixels."""

import os
import re

import pytest
from playwright.sync_api import expect

from roam_lite.widgets.race import PICTURE, race_page, race_script
from tests import race_cases
from tests.browser.conftest import NARROW, PATIENCE

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)
TRAINED = "document.querySelector('.roam-race .status').textContent.startsWith('iteration 300 ')"
THEMES = ("light", "dark")
# Ratio of WCAG 2 between an element's text and what is painted behind it, of all that has text.
CONTRASTS = """() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).slice(0, 3).map((value) => value / 255).map(
      (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const element of document.querySelectorAll(".roam-race *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.disabled || ["STYLE", "SCRIPT"].includes(element.tagName)) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    found.push([element.textContent.trim().slice(0, 30),
      (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
  }
  return found;
}"""


@pytest.fixture
def show_race(page, tmp_path):
    """A function that opens the page of the site; what it asked for besides itself fails the test."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    target = tmp_path / "race.html"
    target.write_text(race_page(), encoding="utf-8")

    def show(theme="light"):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(NARROW)
        page.goto(target.as_uri())
        return page

    yield show
    assert {url for url in asked if not url.startswith("file:")} == set()


@pytest.fixture
def evaluate(page):
    """The core in Chromium."""
    page.add_script_tag(content=race_script())
    return lambda body, argument: page.evaluate(f"given => {{ {body} }}", argument)


def picture_of(page, name):
    return page.locator(f".roam-race canvas.{name}").evaluate("canvas => canvas.toDataURL()")


def status_of(page):
    return page.locator(".roam-race .status")


# What it computes


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("script", race_cases.RULES)
def test_unrolled_rules_are_the_librarys(evaluate, script, noisy):
    race_cases.check_unroll(evaluate, script, noisy)


def test_evolution_steps_are_the_librarys(evaluate):
    race_cases.check_evolution_step(evaluate)


def test_final_losses_agree_over_twenty_seeds(evaluate):
    race_cases.check_final_losses(evaluate)


# What a reader does


def test_training_is_watched_and_makes_the_learner_better(show_race):
    page = show_race()
    cell = page.locator(".roam-race tbody tr").nth(2).locator("td").nth(1)
    expect(status_of(page)).to_have_text("untrained")
    before, empty = float(cell.inner_text()), picture_of(page, "history")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(status_of(page)).to_contain_text(re.compile("iteration [1-9]"))
    page.get_by_role("button", name="Pause").click()  # the page answers while it trains
    paused = status_of(page).inner_text()
    page.wait_for_timeout(300)
    assert status_of(page).inner_text() == paused
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(TRAINED)
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()
    assert picture_of(page, "history") != empty
    after = cell.inner_text()
    assert "10⁻" in after or float(after) < before / 5
    expect(page.locator(".roam-race tbody tr").nth(2)).not_to_contain_text("diverged")


def test_without_scaling_the_learner_diverges_in_steeper_bowls(show_race):
    page = show_race()
    page.get_by_role("button", name="no RFS").click()
    page.wait_for_function(TRAINED)
    row = page.locator(".roam-race tbody tr").nth(2).locator("td")
    expect(row.nth(1)).to_contain_text("10⁻")
    expect(row.nth(2)).to_have_text("diverged")
    page.locator(".roam-race input.steep").fill("2")
    expect(page.locator(".roam-race .legend .fc")).to_contain_text("diverged")


def test_too_long_a_horizon_leaves_too_few_iterations(show_race):
    page = show_race()
    page.get_by_role("button", name="horizon too long").click()
    expect(status_of(page)).to_contain_text("iteration 30 of 30 (κ 1.5, T 100")
    expect(page.locator(".roam-race tbody tr").nth(2).locator("td").nth(1)).not_to_contain_text("⁻")


def test_noise_and_a_new_bowl_change_the_race(show_race):
    page = show_race()
    losses = page.locator(".roam-race .legend")
    first = losses.inner_text()
    page.locator(".roam-race input.noise").fill("0.5")
    noisy = losses.inner_text()
    assert noisy != first
    page.get_by_role("button", name="New bowl").click()
    assert losses.inner_text() != noisy


def test_everything_works_by_keyboard(show_race):
    page = show_race()
    reached = []
    for _ in range(13):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.className || document.activeElement.textContent")
        )
        if reached[-1] == "bowl":
            before = picture_of(page, "bowl")
            page.keyboard.press("ArrowLeft")
            turned = picture_of(page, "bowl")
            page.keyboard.press("ArrowUp")
            assert before != turned != picture_of(page, "bowl")
        if reached[-1] == "step":
            page.keyboard.press("ArrowLeft")
            expect(page.locator(".roam-race input.step + output")).to_have_text("19")
        if reached[-1] == "play":
            page.keyboard.press("Space")
            expect(page.locator(".roam-race .play")).to_have_text("Play")  # it has come to the end
            assert page.locator(".roam-race input.step").input_value() == "20"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", reached[-1]
    wanted = [
        "bowl",
        "play",
        "new",
        "step",
        "steep",
        "noise",
        "train",
        "forget",
        "kappa",
        "updates",
    ]
    wanted += ["as it should be", "no RFS", "horizon too long"]
    assert reached == wanted


def test_a_drag_turns_the_bowl(show_race):
    page = show_race()
    area = page.locator(".roam-race canvas.bowl").bounding_box()
    before = picture_of(page, "bowl")
    page.mouse.move(area["x"] + 200, area["y"] + 200)
    page.mouse.move(area["x"] + 250, area["y"] + 200)
    assert picture_of(page, "bowl") == before
    page.mouse.down()
    page.mouse.move(area["x"] + 200, area["y"] + 220)
    page.mouse.up()
    assert picture_of(page, "bowl") != before


# How it looks


@pytest.mark.parametrize("theme", THEMES)
def test_text_stands_out_in_both_themes(show_race, theme):
    page = show_race(theme)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 30
    assert [pair for pair in contrasts if pair[1] < 4.5 and pair[0] not in "●■▲"] == []
    assert [pair for pair in contrasts if pair[1] < 3] == []


def test_charts_follow_the_theme(show_race):
    page = show_race("light")
    before = picture_of(page, "losses")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "before => document.querySelector('canvas.losses').toDataURL() !== before", arg=before
    )


def test_page_fits_into_900_pixels_and_less(show_race):
    page = show_race()
    for width in (900, 400):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        beyond = "all => all.filter(e => e.getBoundingClientRect().right > innerWidth).length"
        assert (
            page.locator(".roam-race :is(canvas, button, input, output)").evaluate_all(beyond) == 0
        )


def test_canvases_say_what_they_show(show_race):
    names = (
        show_race()
        .locator(".roam-race canvas")
        .evaluate_all("all => all.map(canvas => canvas.getAttribute('aria-label'))")
    )
    assert len(names) == 4
    for name, word in zip(names, ("bowl", "Losses", "Rates", "Meta loss"), strict=True):
        assert word in name


def test_stored_picture_is_of_this_page(show_race):
    """Where ROAM_LITE_RACE_PICTURE is set, the picture is taken anew."""
    page = show_race()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(TRAINED)
    page.mouse.move(0, 0)
    taken = page.locator("#race").screenshot()
    if os.environ.get("ROAM_LITE_RACE_PICTURE"):
        PICTURE.write_bytes(taken)
    size = slice(16, 24)  # of a PNG: width and height
    assert PICTURE.read_bytes()[size] == taken[size]


# In Jupyter


def test_widget_works_by_keyboard_in_jupyter_follows_its_theme_and_trains(open_notebook, look):
    page = open_notebook("race", "from roam_lite.widgets import optimizer_race\noptimizer_race()")
    page.emulate_media(color_scheme="light")
    page.locator(".roam-race input.step").wait_for()
    paper = "getComputedStyle(document.querySelector('.roam-race')).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function(f"{paper} === 'rgb(20, 24, 29)'")
    assert [pair for pair in page.evaluate(CONTRASTS) if pair[1] < 3] == []
    step = page.locator(".roam-race input.step")
    step.focus()
    for key, value in (("ArrowLeft", "19"), ("ArrowDown", "18"), ("ArrowUp", "19")):
        page.keyboard.press(key)
        assert step.input_value() == value, key
    page.get_by_role("button", name="Train", exact=True).focus()
    page.keyboard.press("Enter")
    expect(status_of(page)).to_contain_text("iteration")
    look("race")


def test_stored_notebook_runs_it_without_a_kernel(page, tmp_path):
    from roam_lite.widgets import optimizer_race

    target = tmp_path / "stored.html"
    html = optimizer_race()._repr_mimebundle_()[0]["text/html"]
    target.write_text(f"<!DOCTYPE html><meta charset='utf-8'>{html}", encoding="utf-8")
    page.goto(target.as_uri())
    expect(page.locator(".roam-race .status")).to_have_text("untrained")
    assert page.locator("img").count() == 0
