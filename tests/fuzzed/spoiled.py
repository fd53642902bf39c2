"""Hypothesis strategies that spoil a file as transfers, editors and other programs do."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

# What other programs write where a number or a line end is expected.
_TOKENS = [
    *("nan", "NaN", "inf", "-inf", "-1", "0", "1e308", "1e-320", "9" * 400, "0x10", "1_000", "½"),
    *("٣", "1,5", ",", ";", "\t", " ", "\n", "\r", "\r\r\n", "\n\n", "\0", "\ufeff", "#", '"'),
    *("null", "true", "[]", "{}", "[" * 3000, "None", "../..", "\u202e", "\u2028"),
]
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1")


@st.composite
def spoiled_bytes(draw: st.DrawFn, original: bytes, most: int = 4) -> bytes:
    """The bytes with up to `most` places cut out, doubled, replaced, or with something put in."""
    data = original
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from((0, 1, 2, 8, 100, 10**6))))
        match draw(st.sampled_from(("cut", "double", "token", "random"))):
            case "cut":
                data = data[:start] + data[end:]
            case "double":
                data = data[:end] + data[start:]
            case "token":
                data = data[:start] + draw(st.sampled_from(_TOKENS)).encode() + data[end:]
            case "random":
                data = data[:start] + draw(st.binary(min_size=1, max_size=8)) + data[end:]
    return data


@st.composite
def spoiled_text(draw: st.DrawFn, original: str) -> bytes:
    """The text spoiled as bytes are, some of it in another encoding."""
    encoding = draw(st.sampled_from(_ENCODINGS))
    data = original.encode(encoding, errors="replace")
    return data if draw(st.booleans()) and encoding != "utf-8" else draw(spoiled_bytes(data))


_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.sampled_from((0, -1, 1e308, float("nan"), float("inf"), "", "lstm", "../x", "\ud800")),
    st.text(max_size=5),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def _places(value: Any, path: tuple = ()) -> list[tuple]:
    """Paths of all values inside a JSON value, the whole first."""
    inner = {list: enumerate, dict: dict.items}.get(type(value), lambda _: ())(value)
    return [path, *(place for key, part in inner for place in _places(part, (*path, key)))]


@st.composite
def spoiled_json(draw: st.DrawFn, original: Any) -> bytes:
    """The JSON text of a value in which one or two others were replaced or removed; or spoiled text."""
    if draw(st.integers(0, 4)) == 0:
        return draw(spoiled_text(json.dumps(original)))
    value = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 2))):
        places = _places(value)
        *way, last = draw(st.sampled_from(places)) or (None,)
        if last is None:
            value = draw(_VALUES)
            continue
        parent = value
        for key in way:
            parent = parent[key]
        if draw(st.booleans()):
            parent[last] = draw(_VALUES)
        else:
            del parent[last]
    return json.dumps(value).encode()
