"""What CONTRIBUTING.md promises and a machine can count: sizes, spelling, where a change goes."""

import re

import pytest

from tests.test_repository import MODULES, ROOT, text_files

PACKAGE = ROOT / "roam_lite"
LONGEST_FILE, SHORTEST_FILE = 300, 25
MOST_LINES = 20_900
LEFT_OUT = ("exercises/", "figures/paper.py")  # what grows with the course and with the paper

# Short, and each a whole idea all the same.
WHOLE_IDEAS = {
    "memory.py",
    "rules/feedforward.py",
    "rules/momentum.py",
    "rules/scaling.py",
    "rules/sgd.py",
}

# What people meet under "Where a change goes"; the table may name more.
NAMED = {
    "RULES", "LAYOUTS", "BACKBONES", "COLUMNS", "set_rates",
    "lost_for_good", "weak_response", "lost_overlap",
}  # fmt: skip

# Beginnings of words, or whole words where an American one begins alike.
BRITISH = re.compile(
    r"""(?<![a-z])(
        (?:un|pre|re|dis|mis|de)?colour | (?:re)?centr(?:e|ed|ing)\b | grey | behaviour | neighbour
        | favour | honour | licence | (?:un|re|mis)?labell | modelling | modelled | travell
        | catalogu | artefact | judgement | whilst | programmes?\b | analys(?:e[dr]?|ing)\b
        | organis(?:e|ing|ation) | (?:un)?realis(?:e|ing|ation) | optimis(?![mt])
        | (?:un|re|de)?(?:normal|initial|serial|stabil|regular|parametr|recogn|author)is(?![mt])
        | (?:local|minim|maxim|general|visual|summar|penal|random|vector|standard|discret
            |quant|linear|synchron|categor|util)is(?:e|ing|ation)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# The forms themselves, and the words of a benchmark's own files.
QUOTED = {"tests/test_contributing.py", "tests/evaluation/metrics/vot_reference.json"}


def lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def short_name(path):
    return path.relative_to(PACKAGE).as_posix()


def where_a_change_goes():
    """(names, link) of the table: each link with the names in code that stand before it in its row."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, rest = text.split("## Where a change goes\n")
    table, _ = rest.split("\n## ", 1)
    for row in re.findall(r"^\|(?! *to change|-).*$", table, re.MULTILINE):
        names = []
        for name, link in re.findall(r"`([\w.]+)`|\]\(([^)]+)\)", row):
            if name:
                names.append(name)
            else:
                yield names, link
                names = []
        assert not names, f"no link after {names}: {row}"


# Sizes


def test_no_file_of_the_package_is_too_long():
    assert {short_name(p): lines(p) for p in MODULES if lines(p) > LONGEST_FILE} == {}


def test_no_file_of_the_package_is_half_an_idea():
    short = {
        short_name(path)
        for path in MODULES
        if not path.name.startswith("__") and lines(path) < SHORTEST_FILE
    }
    assert short == WHOLE_IDEAS, "merge what is new; take out what has grown or gone"


def test_the_package_grows_no_longer():
    counted = [path for path in MODULES if not short_name(path).startswith(LEFT_OUT)]
    assert sum(map(lines, counted)) <= MOST_LINES


# Spelling


def test_spelling_is_american():
    # Notebooks are their sources run: the sources are read here.
    read = {
        path.as_posix(): text
        for path, text in text_files()
        if path.suffix != ".ipynb" and path.as_posix() not in QUOTED
    }
    found = {path: {match[0] for match in BRITISH.finditer(text)} for path, text in read.items()}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "word",
    ["colour", "Centred", "neighbours", "GREY", "normalised", "mislabelled", "catalogue", "analysed",
     "behaviour_of", "localisation", "pre_initialise", "licence", "optimiser", "realised"],
)  # fmt: skip
def test_british_forms_are_noticed(word):
    assert BRITISH.search(f"the {word} of it")


@pytest.mark.parametrize(
    "word",
    ["color", "centers", "central", "gray", "realistic", "optimistic", "optimism", "minimal", "license",
     "analyses", "catalog", "specialist", "labeled", "programs", "emphasis", "organism", "progress"],
)  # fmt: skip
def test_american_forms_pass(word):
    assert not BRITISH.search(f"the {word} of it")


# Where a change goes


def test_what_a_change_needs_stands_where_the_table_says():
    seen, folder = set(), None
    for names, link in where_a_change_goes():
        assert (ROOT / link).exists(), link
        for name in names:
            if name.endswith(".py"):  # a file in the folder of the link before
                assert (folder / name).is_file(), name
                continue
            definition = rf"^\s*(?:def |class )?{name}\b *[=:(]"
            text = (ROOT / link).read_text(encoding="utf-8")
            assert re.search(definition, text, re.MULTILINE), f"{link} defines no {name}"
            seen.add(name)
        folder = ROOT / link
    assert seen >= NAMED
