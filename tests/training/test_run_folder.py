"""The folder of a run: whose it is, with which constants it resumes, what its card says."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.profiles import get_profile
from roam_lite.training import TrainConfig, Trainer
from roam_lite.training.run_folder import (
    claim,
    model_card,
    name_data,
    remove_leftovers,
    written_config,
)
from tests import trees

# No profile has these constants: what comes back can only come from the folder.
EDITED = modify(get_profile("smoke"), training={"kappa_response": 0.7}, online={"penalty": 0.9})


@pytest.fixture
def run(tmp_path):
    return TrainConfig("smoke", "synthetic", str(tmp_path / "run"), stages=("first_step",))


@pytest.fixture
def file(run, tmp_path):
    """The configuration of a run that has claimed its folder."""
    claim(run, EDITED, overwrite=False)
    return tmp_path / "run" / "config.json"


# Whose it is


def test_a_claimed_folder_gives_its_configuration_back(run, file):
    assert written_config(run) == EDITED
    assert json.loads(file.read_text())["run"] == json.loads(json.dumps(run.identity()))


def test_where_there_is_no_run_none_is_resumed(run, tmp_path):
    for _ in range(2):
        with pytest.raises(
            InputError, match=r"no run to resume, config\.json is missing.*--resume"
        ):
            written_config(run)
        (tmp_path / "run").mkdir(exist_ok=True)


def test_a_checkpoint_without_a_state_is_not_resumed(run, file):
    (file.parent / "checkpoint.safetensors").write_bytes(b"trained")
    with pytest.raises(InputError, match=r"state\.safetensors is missing"):
        written_config(run)
    (file.parent / "state.safetensors").write_bytes(b"state")
    assert written_config(run) == EDITED


def test_place_and_speed_do_not_make_another_run(run, file, tmp_path):
    moved = (tmp_path / "run").rename(tmp_path / "elsewhere")
    same = replace(run, out=str(moved), workers=7, save_interval=3)
    assert written_config(same) == EDITED
    assert set(asdict(run)) - set(run.identity()) == {
        "out",
        "workers",
        "save_interval",
        "allow_pipe",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"profile": "laptop"},
        {"steps": 7},
        {"batch": 1},
        {"seed": 1},
        {"device": "cuda"},
        {"rule": "gru"},
        {"rfs": False},
        {"init": "w.safetensors"},
        {"backbone_weights": "vgg.safetensors"},
        {"stages": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_run_is_refused_by_what_differs(run, file, change):
    (name,) = change
    with pytest.raises(InputError, match=f"other {name};.*another --out"):
        written_config(replace(run, **change))


@pytest.mark.parametrize("data", ["synthetic*2", "synthetic,collage:photographs", "otb:nowhere"])
def test_other_data_is_refused_with_what_the_run_began_with(run, file, data):
    with pytest.raises(
        InputError, match=r"began with --data synthetic; if .* moved, .*another --out"
    ):
        written_config(replace(run, data=data))


def test_data_that_has_moved_or_has_another_name_is_the_same_and_other_sequences_are_not(
    run, tmp_path
):
    for name in "AB":
        trees.otb(tmp_path / "old", name)
    words = "otb:{0}/old*2,collage:{0}/old,synthetic"
    began = replace(run, data=words.format(tmp_path))
    claim(began, EDITED, overwrite=False)
    (tmp_path / "there").mkdir()
    (tmp_path / "old").rename(tmp_path / "there" / "new")
    with pytest.raises(
        InputError, match=rf"old: no such folder.*began with --data otb:{tmp_path}/old"
    ):
        written_config(began)
    moved = replace(run, data=words.replace("old", "new").format(tmp_path / "there"))
    assert written_config(moved) == EDITED
    with pytest.raises(InputError, match="other data, seed;"):
        written_config(replace(moved, seed=8))
    with pytest.raises(InputError, match="not the data that the run started with"):
        written_config(replace(moved, data=moved.data.replace("*2", "*3")))
    trees.otb(tmp_path / "there" / "new", "C")
    with pytest.raises(InputError, match="not the data that the run started with"):
        written_config(moved)
    (tmp_path / "there" / "new").rename(tmp_path / "old")
    with pytest.raises(InputError, match="not the data that the run started with"):
        written_config(began)


def test_a_run_of_a_version_that_wrote_no_sequences_resumes_on_the_data_it_names(run, file):
    written = json.loads(file.read_text())
    del written["sequences"]
    file.write_text(json.dumps(written))
    assert written_config(run) == EDITED
    with pytest.raises(InputError, match="other data;"):
        written_config(replace(run, data="synthetic*2"))


def test_all_that_differs_is_named(run, file):
    with pytest.raises(InputError, match="other rule, seed, steps;"):
        written_config(replace(run, seed=2, rule="fc", steps=9))


# What cannot be read


VERSION_1 = {"profile": "smoke", "data": "synthetic", "steps": None, "seed": 0, "rule": "lstm"}


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "3", "null", '"run"', "{}", '{"run": {}}', '{"config": {}}'),
        *('{"run": 3, "config": {}}', '{"run": "x", "config": {}}', '{"run": [1], "config": {}}'),
        json.dumps(VERSION_1),
        "\udcff",
    ],
)
def test_what_is_no_runs_configuration_is_refused_by_name(run, file, content):
    file.write_bytes(content.encode(errors="surrogateescape"))
    words = r"config\.json: not a run that this version can resume.*--overwrite.*--init"
    with pytest.raises(InputError, match=words):
        written_config(run)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda config: config["training"].pop("betas"), "betas missing or unknown"),
        (lambda config: config["model"].update(shift=1), "shift missing or unknown"),
        (lambda config: config["rule"].update(hidden="4"), "rule, hidden: '4' does not fit"),
        (lambda config: config["training"].update(stages=[{}]), "missing or unknown in Stage"),
        (lambda config: config["online"].update(update_interval=0), "update_interval"),
        (lambda config: config.clear(), "missing or unknown in Config"),
    ],
)
def test_constants_that_do_not_fit_are_refused_by_name(run, file, change, words):
    written = json.loads(file.read_text())
    change(written["config"])
    file.write_text(json.dumps(written))
    with pytest.raises(InputError, match=words):
        written_config(run)


def test_constants_that_are_none_are_refused_by_the_file(run, file):
    written = json.loads(file.read_text())
    file.write_text(json.dumps({**written, "config": 3}))
    with pytest.raises(InputError, match=r"config\.json: 3 is not a Config"):
        written_config(run)


# Claiming


def test_a_folder_with_anything_in_it_is_refused_and_left_alone(run, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"--resume.*--overwrite.*another --out"):
        claim(run, EDITED, overwrite=False)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["notes.txt"]


def test_overwriting_takes_away_what_a_run_would_go_on_with(run, file):
    out = file.parent
    (out / "tensorboard").mkdir()
    old = ("state.safetensors", "checkpoint.safetensors", "checkpoint.json", "log.jsonl")
    for name in (*old, "notes.txt", "tensorboard/events"):
        (out / name).write_text("old")
    other = replace(run, seed=4)
    claim(other, get_profile("smoke"), overwrite=True)
    assert sorted(path.name for path in out.iterdir()) == ["config.json", "notes.txt"]
    assert written_config(other) == get_profile("smoke")


def test_a_folder_that_is_no_runs_is_not_overwritten(run, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.jsonl").write_text("somebody's")
    with pytest.raises(InputError, match=r"has files but no run \(config\.json\)"):
        claim(run, EDITED, overwrite=True)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["log.jsonl"]


def test_half_written_files_neither_count_nor_stay(run, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    half, mine = out / ".state.12.tmp.safetensors", out / ".notes.tmp"
    for path in (half, mine):
        path.write_bytes(b"half")
    claim(run, EDITED, overwrite=False)
    assert sorted(path.name for path in out.iterdir()) == [".notes.tmp", "config.json"]
    half.write_bytes(b"half")
    remove_leftovers(out)
    assert sorted(path.name for path in out.iterdir()) == [".notes.tmp", "config.json"]


# The card


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("synthetic", "synthetic"),
        ("otb:a/b/train", "otb:train"),
        ("otb:/mount/of/mine/train/", "otb:train"),
        ("otb:here, synthetic", "otb:here,synthetic"),
        (" otb:a/b ,got10k:c/d,, ", "otb:b,got10k:d"),
        ("otb:../x", "otb:x"),
        ("synthetic*2,otb:a/b*3", "synthetic*2,otb:b*3"),
        ("otb:/mount/of/mine/train/*2", "otb:train*2"),
        ("synthetic*0.5,coco:a/b*999.25", "synthetic*0.5,coco:b*999.25"),
        ("otb:a/b*c", "otb:b*c"),
        ("otb:a/b*2*1", "otb:b*2*1"),
        ("collage:photographs*2", "collage:photographs*2"),
    ],
)
def test_data_is_named_without_its_folders(data, name):
    assert name_data(data) == name


def test_the_card_tells_what_was_done_and_names_no_place(run):
    run = replace(run, data="otb:secret/place/train,synthetic", seed=3, rfs=False)
    stages = EDITED.training.stages
    parent = {"sha256": "abc"}
    card = model_card(run, stages, {"step": 5, "skipped": 1, "seconds": 7200.0}, parent)
    assert card["data"] == "otb:train,synthetic"
    assert "secret" not in json.dumps(card)
    assert (card["steps"], card["of"], card["skipped_steps"]) == (5, 8, 1)
    assert (card["seed"], card["rfs"], card["hours"]) == (3, False, 2.0)
    assert card["init"] == parent
    assert [stage["name"] for stage in card["stages"]] == [stage.name for stage in stages]
    assert card["license"] == "MIT"


def test_a_run_of_a_version_with_fewer_options_goes_on_with_their_defaults(config, painted):
    list(Trainer(config(steps=2)).run())
    path = Path(config().out, "config.json")
    content = json.loads(path.read_text())
    for name in ("constants", "fresh_rule", "repeat", "batch"):
        del content["run"][name]
    path.write_text(json.dumps(content))
    Trainer(config(steps=2), resume=True).log.close()
    with pytest.raises(InputError, match="other batch"):
        Trainer(config(steps=2, batch=1), resume=True)
