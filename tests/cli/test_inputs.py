"""Inputs as users have them: each is taken as it is meant, or refused in one line that helps."""

import re
import shlex
import sys
import warnings
from collections import Counter

import pytest

from roam_lite.errors import InputError, warn
from tests.cli import inputs_of_data, inputs_of_use
from tests.cli.commands import main

# A row says: name, how the input is made (`tests.inputs`), the command line ({d} is the folder, {smoke} a
# checkpoint) or a function of these two, the exit code, a pattern of what is said or written.
TABLE = inputs_of_data.ROWS | inputs_of_use.ROWS
ROWS = [(group, *row) for group, rows in TABLE.items() for row in rows]


def said_by(command, d, smoke, capsys):
    """Exit code and everything said: what was printed, warned of and, if there are any, the boxes."""
    warn.cache_clear()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        try:
            if callable(command):
                code = command(d, smoke)
                code = code if isinstance(code, int) else 0
            else:
                code = main(shlex.split(command.format(d=d, smoke=smoke)))
        except InputError as error:  # of a function of the package
            code, _ = 2, print(error)
        except SystemExit as exit_:
            code = exit_.code
    output, errors = capsys.readouterr()
    told = "".join(f"{warning.message}\n" for warning in warned)
    boxes = d / "b.txt"
    written = boxes.read_text() if code == 0 and boxes.is_file() else ""
    return code, output + errors + told + written


@pytest.mark.parametrize(
    ("make", "command", "code", "words"),
    [pytest.param(*row[2:], id=f"{row[0]}: {row[1]}") for row in ROWS],
)
def test_what_users_have(make, command, code, words, smoke, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if make:
        make(tmp_path, monkeypatch)
    capsys.readouterr()
    try:
        found, said = said_by(command, tmp_path, smoke[-1], capsys)
    finally:
        sys.modules.pop("mine", None)
    assert found == code, said
    assert re.search(words, said), said
    debug = isinstance(command, str) and "--debug" in command
    assert debug or "Traceback" not in said


def test_the_table_is_whole():
    assert not inputs_of_data.ROWS.keys() & inputs_of_use.ROWS.keys()
    assert len(ROWS) >= 150
    counts = Counter(group for group, *_ in ROWS)
    assert min(counts.values()) >= 4
    names = Counter((group, name) for group, name, *_ in ROWS)
    assert {name for name, count in names.items() if count > 1} == set()
