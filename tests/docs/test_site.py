"""The site's sources: the reference has a page for every module, without a line for each."""

import re

from tests.test_repository import MODULES, ROOT

REFERENCE = ROOT / "docs" / "api.md"


def public_modules():
    """Dotted names of the modules without an underscore before them."""
    for path in MODULES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if not any(part.startswith("_") for part in parts):
            yield ".".join(parts)


def covered(text):
    """A function that tells whether a page like this leads to a module: named, or in a named folder."""
    named, folders = set(), set()
    for block in re.findall(r"\.\. autosummary::\n(.*?)```", text, re.DOTALL):
        names = re.findall(r"^ +(roam_lite[\w.]*)$", block, re.MULTILINE)
        named.update(names)
        if ":recursive:" in block:
            folders.update(names)
    return lambda module: (
        module in named or any(module.startswith(f"{folder}.") for folder in folders)
    )


def test_every_public_module_has_a_page_in_the_reference():
    is_covered = covered(REFERENCE.read_text(encoding="utf-8"))
    assert [module for module in public_modules() if not is_covered(module)] == []


def test_a_module_that_no_line_leads_to_is_noticed():
    is_covered = covered("```\n.. autosummary::\n   :recursive:\n\n   roam_lite.data\n```")
    assert is_covered("roam_lite.data.synthetic.scene")
    assert not is_covered("roam_lite.database")
    assert not is_covered("roam_lite")


def test_the_reference_names_no_module_twice_and_none_that_is_gone():
    names = re.findall(r"^ +(roam_lite[\w.]*)$", REFERENCE.read_text("utf-8"), re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(names) <= set(public_modules())
