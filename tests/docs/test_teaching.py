"""The teacher's kit agrees with the course: its links, its equations, its questions."""

import re

import pytest

from roam_lite.paper.equations import EQUATIONS
from tests.test_repository import ROOT

FOLDER = ROOT / "docs" / "teaching"
PAGES = sorted(FOLDER.glob("*.md"))
SLIDES = (FOLDER / "slides.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(
    r"^\d+\. \*\*(.+?)\*\*(.*?)(?=^\d+\. |^## |\Z)",
    (FOLDER / "assessment.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_of_the_kit_lead_somewhere(path):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    assert [t for t in targets if "://" not in t and not (FOLDER / t).exists()] == []


def test_equations_of_the_slides_are_those_of_the_library():
    shown = re.findall(r"\$\$(.*?)\\tag\{(\d+)\}\s*\$\$", SLIDES, re.DOTALL)
    assert len(shown) >= 6
    for formula, number in shown:
        assert re.sub(r"\s+", "", formula) == re.sub(r"\s+", "", EQUATIONS[int(number)].formula)


def test_slides_are_marps_with_equations_that_need_no_network():
    front, *slides = SLIDES.removeprefix("---\n").split("\n---\n")
    assert "marp: true" in front
    assert "math: mathjax" in front  # drawn as SVG; KaTeX would fetch its fonts
    assert 8 <= len(slides) <= 20
    assert all(len(slide.splitlines()) < 24 for slide in slides), "a slide is too full"


def test_every_question_has_an_answer_and_the_notebook_it_is_about():
    assert len(QUESTIONS) >= 12
    for question, answer in QUESTIONS:
        numbers = re.match(r"\s*\((\d+(?:, \d+)*)\)", answer)
        assert numbers, question
        for number in numbers[1].split(", "):
            assert list((ROOT / "notebooks").glob(f"{int(number):02d}_*.ipynb")), question
        assert len(answer.split()) >= 20, question


def test_the_kit_speaks_of_every_notebook_of_the_core_course():
    plans = (FOLDER / "lesson_plans.md").read_text(encoding="utf-8")
    for number in range(10):
        assert f"notebooks/{number:02d}_" in plans, number


def test_the_plans_know_each_notebooks_measured_run_time():
    plans = (FOLDER / "lesson_plans.md").read_text(encoding="utf-8")
    cells = [
        re.findall(r"\d+", row)
        for row in re.findall(r"^\| (?:notebook \||seconds).*$", plans, re.M)
    ]
    for number, seconds in zip(*cells, strict=True):
        (source,) = (ROOT / "notebooks").glob(f"{int(number):02d}_*.py")
        begin = " ".join(source.read_text(encoding="utf-8").replace("\n#", " ").split())
        said = re.search(r"\*\*Run time\*\* (.*? on two)", begin)[1]
        stated = (
            re.search(r"\d+", said)
            or {"a minute": ["60"], "half a": ["30"]}["half a" if "half a" in said else "a minute"]
        )
        assert seconds == stated[0], f"notebook {number}: {said}"
