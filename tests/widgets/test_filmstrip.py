"""The scrubber: a self-contained page whose boxes, maps and losses are those recorded."""

import base64
import json
import re

import cv2
import numpy as np
import pytest
import torch

from roam_lite import get_profile, load_tracker
from roam_lite.data.otb import read_sequence
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.meta_model import MetaModel
from roam_lite.tracking import Tracker
from roam_lite.widgets import record, scrubber
from tests.fakes import moving_square


def smoke_tracker():
    model = MetaModel(get_profile("smoke"), torch.Generator().manual_seed(0)).eval()
    model.requires_grad_(False)
    return Tracker(model, model.rule, description={"tracker": "roam++", "rule": "lstm"})


@pytest.fixture(scope="module")
def sequence():
    return moving_square(length=12, absent=(7,))


@pytest.fixture(scope="module")
def recording(sequence):
    return record(smoke_tracker(), sequence)


@pytest.fixture(scope="module")
def exhibit(sequence, recording):
    return scrubber(
        sequence, {"ROAM++ </b>": recording}, alt="a square", layers=("response", "score")
    )


def embedded(exhibit):
    """The data that the page hands to its script."""
    start = exhibit.html.index("document.currentScript.parentElement, ")
    text = exhibit.html[start:].partition(", ")[2]
    return json.JSONDecoder().raw_decode(text)[0]


def test_watching_does_not_change_what_the_tracker_does(sequence, recording):
    np.testing.assert_array_equal(recording.boxes, run_sequence(smoke_tracker(), sequence).boxes)


def test_recorded_response_is_the_tracker_s_own(samples_root):
    sequence = read_sequence(samples_root, "deformation")
    tracker = load_tracker("laptop")
    seen = []

    class Watched:
        def __getattr__(self, name):
            return getattr(tracker, name)

        def update(self, image):
            result = tracker.update(image)
            seen.append(tracker.last_response)
            return result

    short = type(sequence)("short", [sequence.frames[t] for t in range(8)], sequence.boxes[:8])
    recording = record(Watched(), short)
    np.testing.assert_allclose(recording.maps["response"][1:], seen, atol=1e-5)


def test_score_is_the_product_of_the_maps_and_losses_stand_at_their_frames(recording):
    maps = recording.maps
    product = maps["response"].clip(min=0) * maps["penalty"] * maps["motion"]
    np.testing.assert_allclose(maps["score"][1:], product[1:], atol=1e-6)
    assert recording.losses[0][0] == 0
    assert {frame for frame, _ in recording.losses} <= {0, 5, 10}


def test_maps_cover_the_region_around_the_last_box(recording):
    last, region = recording.boxes[:-1], recording.regions[1:]
    scale = get_profile("smoke").model.region_scale
    np.testing.assert_allclose(region[:, :2] + region[:, 2:] / 2, last[:, :2] + last[:, 2:] / 2)
    np.testing.assert_allclose(region[:, 2:].prod(axis=1), scale**2 * last[:, 2:].prod(axis=1))


def test_page_needs_nothing_from_elsewhere(exhibit):
    sources = re.findall(r'(?:src|href)="([^"]{5})', exhibit.html)
    assert sources == ["data:"]
    assert "http" not in exhibit.html


def test_page_holds_every_frame_box_and_loss(exhibit, sequence, recording):
    data = embedded(exhibit)
    (track,) = data["tracks"]
    assert data["frames"] == list(range(12))
    np.testing.assert_allclose(track["boxes"], recording.boxes, atol=0.01)
    assert data["truth"]["boxes"][7] is None
    assert track["overlaps"][7] is None
    assert [frame for frame, _ in track["losses"]] == [frame for frame, _ in recording.losses]
    sheet = base64.b64decode(re.search(r"image/jpeg;base64,([^\"]+)", exhibit.html)[1])
    height, width, _ = sequence.frames[0].shape
    assert cv2.imdecode(np.frombuffer(sheet, np.uint8), 1).shape == (2 * height, 6 * width, 3)
    maps = cv2.imdecode(
        np.frombuffer(base64.b64decode(track["layers"]["score"]), np.uint8), cv2.IMREAD_UNCHANGED
    )
    assert maps.shape == (16, 16 * 12, 4)


def test_names_cannot_break_the_page(exhibit):
    assert exhibit.html.count("</script>") == 1
    assert embedded(exhibit)["tracks"][0]["name"] == "ROAM++ </b>"


def test_long_sequence_is_thinned_evenly():
    sequence = moving_square(length=31)
    boxes = sequence.boxes
    recording = record(smoke_tracker(), moving_square(length=2))
    wide = type(recording)(boxes, boxes, {"response": np.zeros((31, 4, 4), np.float32)}, [], {})
    data = embedded(scrubber(sequence, {"x": wide}, alt=""))
    assert data["frames"] == list(range(0, 31, 2))


def test_picture_without_a_script_is_a_contact_sheet(exhibit):
    bundle, metadata = exhibit._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert metadata["image/png"]["alt"] == "a square"
    picture = cv2.imdecode(np.frombuffer(exhibit.png, np.uint8), 1)
    assert picture.shape[1] == 3 * 200
