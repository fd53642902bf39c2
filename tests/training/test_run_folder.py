"""What a run says of itself in a checkpoint's card: its data by name, and no folder."""

import json

import pytest

from roam_lite.profiles import get_profile
from roam_lite.training.run_folder import TrainConfig, model_card, name_data


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("synthetic", "synthetic"),
        ("otb:/home/someone/OTB100", "otb:OTB100"),
        ("otb:/home/someone/OTB100/", "otb:OTB100"),
        (" otb:/a/b ,synthetic, got10k:/c/d/train,", "otb:b,synthetic,got10k:train"),
        ("otb:relative", "otb:relative"),
        ("otb:../up/there", "otb:there"),
    ],
)
def test_cards_name_data_without_its_folder(data, name):
    assert name_data(data) == name


def test_no_card_holds_a_folder():
    run = TrainConfig(
        "smoke",
        "otb:/home/someone/OTB100,synthetic",
        "/home/someone/runs/first",
        init="/home/someone/runs/before/checkpoint.safetensors",
        backbone_weights="/home/someone/vgg16.safetensors",
    )
    card = model_card(run, get_profile("smoke").training.stages, 3, 0, 36.0, {"data": "synthetic"})
    assert card["data"] == "otb:OTB100,synthetic"
    assert (card["steps"], card["of"], card["hours"]) == (3, 8, 0.01)
    assert "someone" not in json.dumps(card)
