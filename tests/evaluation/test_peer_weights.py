"""Networks are found in a folder that holds one of each, and everything else is said."""

import re

import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.peer_weights import find_networks

PAIR = {"backbone": "backbone", "neckhead": "head"}
ONE = {"net": ""}


@pytest.fixture
def folder(tmp_path):
    """Two pairs, as NanoTrack's two versions, and a file of another kind."""
    for name in ("v1-backbone.onnx", "v1-head.onnx", "v2-Backbone.onnx", "v2-HEAD.onnx", "v2.txt"):
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_holds_one_file_for_each_network(folder):
    for name in ("v1-backbone.onnx", "v1-head.onnx"):
        (folder / name).unlink()
    found = {"backbone": folder / "v2-Backbone.onnx", "neckhead": folder / "v2-HEAD.onnx"}
    assert find_networks("nano", PAIR, folder) == found
    assert find_networks("nano", PAIR, str(folder)) == found


def test_the_start_of_the_names_chooses_among_several(folder):
    found = {"backbone": folder / "v1-backbone.onnx", "neckhead": folder / "v1-head.onnx"}
    assert find_networks("nano", PAIR, folder / "v1") == found


def test_networks_of_two_versions_are_refused(folder):
    for name in ("v1-head.onnx", "v2-Backbone.onnx"):
        (folder / name).unlink()
    message = "v1-backbone.onnx and v2-HEAD.onnx do not seem to be of one version; give files"
    with pytest.raises(InputError, match=re.escape(message)):
        find_networks("nano", PAIR, folder)


def test_a_single_network_is_any_file_or_the_one_named(folder):
    assert find_networks("vit", ONE, folder / "v1-h") == {"net": folder / "v1-head.onnx"}
    assert find_networks("vit", ONE, folder / "v1-head.onnx") == {"net": folder / "v1-head.onnx"}


def test_a_tracker_without_networks_takes_nothing(folder):
    assert find_networks("csrt", {}, None) == {}
    with pytest.raises(InputError, match="csrt takes no weights"):
        find_networks("csrt", {}, folder)


@pytest.mark.parametrize(
    ("networks", "start", "message"),
    [
        (PAIR, "", "more than one .onnx file with 'backbone' in its name (v1-backbone.onnx, v2-Ba"),
        (PAIR, "v3", "v3: no .onnx file with 'backbone' in its name; give t a folder with one"),
        (PAIR, "v1-b", "no .onnx file with 'head' in its name"),
        (PAIR, "nowhere/v1", "no .onnx file with 'backbone'"),
        (ONE, "v2", "v2: more than one .onnx file (v2-Backbone.onnx, v2-HEAD.onnx); give t a fol"),
        (
            ONE,
            "v2.txt",
            "v2.txt: no .onnx file; give t a folder with one .onnx file, or the beginning",
        ),
    ],
)
def test_what_is_not_one_file_each_is_refused(folder, networks, start, message):
    with pytest.raises(InputError, match=re.escape(message)) as refusal:
        find_networks("t", networks, folder / start)
    assert str(folder) in str(refusal.value)
    assert "DIR/START" in str(refusal.value)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (PAIR, "give --weights DIR, a folder with one .onnx file with 'backbone' in its name and "),
        (ONE, "t needs weights: give --weights DIR, a folder with one .onnx file"),
    ],
)
def test_missing_weights_are_asked_for(networks, message):
    with pytest.raises(InputError, match=re.escape(message)):
        find_networks("t", networks, None)
