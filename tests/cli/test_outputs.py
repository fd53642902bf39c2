"""Every output of every command is looked at before any work: what exists, what is read, what cannot be."""

import json
import shutil

import pytest

from roam_lite.evaluation.report import write_json
from tests.cli.commands import run

# With a tracker that cannot be loaded, checkpoints and data that are not there: work would say so.
TRACKER = ["--tracker", "none:such"]
FILES = {
    "evaluate": ["evaluate", "--root", "none", *TRACKER, "--json"],
    "bench": ["bench", "chance", "--root", "none", *TRACKER, "--json"],
    "first-step": ["bench", "first-step", "--train", "none", "--checkpoint", "none", "--json"],
    "analyze": ["analyze", "none", "--root", "none", "--json"],
    "boxes": ["track", "--video", "{root}/A/img", "--box", "1,2,30,40", *TRACKER, "--boxes"],
    "video": ["track", "--video", "{root}/A/img", "--box", "1,2,30,40", *TRACKER, "--out"],
}
FOLDERS = {
    "results": ["evaluate", "--root", "none", *TRACKER, "--results"],
    "plots": ["evaluate", "--root", "none", *TRACKER, "--plots"],
    "kept": ["bench", "first-step", "--train", "none", "--checkpoint", "none", "--results"],
    "synth": ["synth", "--challenge", "none", "--out"],
    "samples": ["synth", "--samples"],
    "train": ["train", "--data", "otb:none", "--out"],
    "pack": ["pack", "--data", "otb:none", "--out"],
    "demo": ["demo", "--root", "none", "--out"],
    "report": ["report", "none.json", "--out"],
}


def refused(capsys, root, arguments, place, *more):
    assert run(*(str(a).format(root=root) for a in arguments), place, *more) == 2
    *_, line = capsys.readouterr().err.splitlines()
    return line


@pytest.fixture
def place(tmp_path):
    return tmp_path / "here.mp4"  # a name that every command takes


@pytest.mark.parametrize("command", FILES)
def test_a_file_that_exists_is_kept(command, root, place, capsys):
    place.write_text("mine")
    assert f"{place} exists; " in refused(capsys, root, FILES[command], place)
    assert place.read_text() == "mine"


@pytest.mark.parametrize("command", FILES)
def test_a_folder_is_no_file(command, root, place, capsys):
    place.mkdir()
    assert f"{place}: this is a folder; give a file" in refused(capsys, root, FILES[command], place)


@pytest.mark.parametrize("command", FILES)
def test_a_device_is_no_place_for_a_file(command, root, tmp_path, capsys):
    link = tmp_path / "x.mp4"
    link.symlink_to("/dev/null")
    assert "not a regular file; give a file" in refused(capsys, root, FILES[command], link)


@pytest.mark.parametrize("command", FOLDERS)
def test_a_file_is_no_folder(command, root, place, capsys):
    place.write_text("mine")
    line = refused(capsys, root, FOLDERS[command], place)
    assert str(place) in line
    assert place.read_text() == "mine"


@pytest.mark.parametrize("command", FILES | FOLDERS)
def test_nothing_can_be_written_below_a_file(command, root, place, capsys):
    place.write_text("mine")
    below = place / "new" / "x.mp4"
    line = refused(capsys, root, (FILES | FOLDERS)[command], below)
    assert str(below) in line
    assert "is a file, not a folder; choose another place" in line


@pytest.mark.parametrize("command", FILES | FOLDERS)
def test_a_place_that_may_not_be_written_to_is_named_as_the_user_did(
    command, root, tmp_path, monkeypatch, capsys
):
    def denied(dir):
        raise PermissionError(13, "Permission denied", str(dir / "temporary"))

    monkeypatch.setattr("roam_lite.files.tempfile.TemporaryFile", denied)
    new = tmp_path / "new" / "x.mp4"
    line = refused(capsys, root, (FILES | FOLDERS)[command], new)
    assert str(new) in line
    assert "cannot be written (Permission denied); choose another" in line
    assert "temporary" not in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", FILES)
@pytest.mark.parametrize("name", ["x" * 300 + ".mp4", "x" * 248 + ".mp4", "x\0.mp4"])
def test_names_that_no_file_can_have_are_found(command, name, root, tmp_path, capsys):
    assert "cannot be written (" in refused(capsys, root, FILES[command], tmp_path / name)


def test_two_outputs_at_one_place_are_found(root, tmp_path, monkeypatch, capsys):
    place = tmp_path / "x.mp4"
    other = tmp_path / "y" / ".." / "x.mp4"
    (tmp_path / "y").mkdir()
    line = refused(capsys, root, FILES["boxes"], place, "--out", other)
    assert "--boxes" in line
    assert "--out is the same place; choose another" in line
    line = refused(capsys, root, FILES["evaluate"], place, "--plots", place)
    assert "--json is the same place" in line
    line = refused(capsys, root, FILES["first-step"], place, "--results", place)
    assert "--json is the same place" in line


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
@pytest.mark.parametrize("command", ["evaluate", "boxes"])
def test_weights_and_their_card_are_never_an_output(command, suffix, root, smoke, tmp_path, capsys):
    checkpoint = tmp_path / "own.safetensors"
    for end in (".safetensors", ".json"):
        shutil.copy(smoke[-1].removesuffix(".safetensors") + end, checkpoint.with_suffix(end))
    before = checkpoint.read_bytes()
    arguments = [word for word in FILES[command] if word not in TRACKER]
    more = ("--checkpoint", checkpoint, "--overwrite")
    line = refused(capsys, root, arguments, checkpoint.with_suffix(suffix), *more)
    assert "this is an input, not an output" in line
    assert checkpoint.read_bytes() == before


def test_the_video_that_is_tracked_is_never_an_output(root, tmp_path, capsys):
    frames = tmp_path / "frames"
    shutil.copytree(root / "A" / "img", frames)
    image = frames / "0003.jpg"
    arguments = ["track", "--video", frames, "--box", "1,2,30,40", *TRACKER, "--boxes"]
    assert "this is an input" in refused(capsys, root, arguments, image, "--overwrite")
    assert image.read_bytes() == (root / "A" / "img" / "0003.jpg").read_bytes()


def test_training_from_a_runs_own_checkpoint_does_not_remove_it(root, tmp_path, capsys):
    checkpoint = tmp_path / "run" / "checkpoint.safetensors"
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(b"trained")
    line = refused(
        capsys, root, FOLDERS["train"], checkpoint.parent, "--overwrite", "--init", checkpoint
    )
    assert "this is an input, not an output" in line
    assert checkpoint.read_bytes() == b"trained"


def test_an_existing_report_is_replaced_when_asked_and_its_remedy_warns_of_kept_results(
    root, statue, tmp_path, capsys
):
    path = tmp_path / "scores.json"
    write_json(path, {"old": True})
    arguments = ["evaluate", "--root", root, "--tracker", statue, "--json", path]
    assert run(*arguments) == 2
    assert "remove it, or choose another file; --overwrite replaces it\n" in capsys.readouterr().err
    assert run(*arguments, "--results", tmp_path / "r") == 2
    assert "and tracks everything again" in capsys.readouterr().err
    assert run(*arguments, "--overwrite") == 0
    assert "mean" in json.loads(path.read_text())
