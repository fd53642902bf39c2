"""Pack: shards from folders, whole or not at all, and training from them."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import time

import pytest

from roam_lite.errors import warn
from roam_lite.training import Trainer
from roam_lite.training.loader import ClipBatches
from roam_lite.training.run_folder import TrainConfig, name_data
from tests import trees
from tests.cli.commands import TRAIN, run
from tests.cli.pack_once import pack_once
from tests.cli.test_killed import start
from tests.training.test_loader import SMOKE, STAGES, equal


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_pack_says_what_it_wrote_and_writes_the_same_bytes_again(root, tmp_path, capsys):
    out = tmp_path / "a b"
    assert run("pack", "--data", f"otb:{root}", "--out", out) == 0
    size = (out / "a_b-000000.tar").stat().st_size
    assert f"wrote 2 sequences, 1 shards, {size} bytes to {out}\n" in capsys.readouterr().out
    assert sorted(files(out)) == ["a_b-000000.tar", "index.json"]
    before = files(out)
    assert run("pack", "--data", f"otb:{root}", "--out", out) == 2
    assert f"{out} exists; give --overwrite" in capsys.readouterr().err
    assert run("pack", "--data", f"otb:{root}", "--out", out, "--overwrite") == 0
    assert files(out) == before


def test_shards_are_no_larger_than_asked_unless_a_sequence_is(root, tmp_path):
    for size, shards in ((1000, 1), (0.0001, 2)):
        out = tmp_path / f"{shards}"
        assert run("pack", "--data", f"otb:{root}", "--out", out, "--shard-size", size) == 0
        assert len(list(out.glob("*.tar"))) == shards
    for name in "ABCDEFGH":
        trees.otb(tmp_path / "many", name, 20)
    assert run("pack", "--data", f"otb:{tmp_path}/many", "--out", tmp_path / "x",
               "--shard-size", 0.15) == 0  # fmt: skip
    sizes = [path.stat().st_size for path in (tmp_path / "x").glob("*.tar")]
    assert 1 < len(sizes) < 8
    assert max(sizes) <= 150_000


def test_what_cannot_be_trained_on_is_named_and_left_out(tmp_path, capsys):
    warn.cache_clear()
    for name in "ABCD":
        trees.otb(tmp_path / "data", name)
    (tmp_path / "data" / "B" / "groundtruth_rect.txt").write_text("1,1,one,1\n")
    (tmp_path / "data" / "C" / "groundtruth_rect.txt").write_text("500,500,9,9\n" * 6)
    first = tmp_path / "data" / "D" / "img" / "0001.jpg"
    first.unlink()
    first.write_bytes(b"no image")
    pack = ["pack", "--data", f"otb:{tmp_path}/data", "--out", tmp_path / "out"]
    with pytest.warns(match="skipped") as said:
        assert run(*pack) == 0
    told = [str(warning.message) for warning in said]
    assert [message[:10] for message in told] == [f"{name}: skipped"[:10] for name in "BCD"]
    assert "wrote 1 sequences" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "data" / "A")
    warn.cache_clear()
    with pytest.warns(match="skipped"):
        assert run(*pack, "--overwrite") == 2
    assert "no usable sequence" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "index.json").read_text())["sequences"]


def test_of_several_targets_one_that_cannot_be_used_leaves_the_others(tmp_path):
    warn.cache_clear()
    data = trees.vid(tmp_path / "data")
    for path in (data / "Annotations").rglob("*.xml"):  # track 0 is outside of all its images
        boxes = [(5, 5, 20, 10, 1, 0)] if path.stem in ("000002", "000003") else []
        path.write_text(trees.annotation([(500, 500, 20, 10, 0, 0), *boxes]))
    with pytest.warns(match=rf"{trees.VIDEO}\.0: skipped"):
        assert run("pack", "--data", f"vid:{data}", "--out", tmp_path / "out") == 0
    index = json.loads((tmp_path / "out" / "index.json").read_text())
    assert [row["name"] for row in index["sequences"]] == [f"{trees.VIDEO}.1"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("synthetic", "not a folder to pack; give otb, vot, "),
        ("shards:{root}", "not a folder to pack"),
        ("otb:", "not a folder to pack"),
        ("otb:{root}*2", "no such folder"),
        ("otb:{root}/nowhere", "no such folder"),
        ("", "no usable sequence"),
    ],
)
def test_what_is_no_folder_is_refused(data, words, root, tmp_path, capsys):
    assert run("pack", "--data", data.format(root=root), "--out", tmp_path / "out") == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_never_replaced(root, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    for place in (tmp_path, root):
        command = ["pack", "--data", f"otb:{root}", "--out", place, "--overwrite"]
        assert run(*command) == 2
        assert "has files but no shards (index.json)" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_killed_pack_leaves_no_shards_under_their_name(tmp_path):
    for number in range(40):
        trees.otb(tmp_path / "data", f"{number}", 200)
    out = tmp_path / "out"
    process = start(["pack", "--data", f"otb:{tmp_path}/data", "--out", str(out)])
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".out.*/*.tar")) and time.monotonic() < deadline:
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(tmp_path.glob(".out.*"))
    assert not out.exists()


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.long)])
def test_kills_at_random_moments_change_no_shard_and_leave_nothing(kills, tmp_path):
    """The first shards are written, or replaced by those of other sequences."""
    context, rng = multiprocessing.get_context("forkserver"), random.Random(0)
    context.set_forkserver_preload(["tests.cli.pack_once"])
    for number in range(12):
        trees.otb(tmp_path / "data", f"{number}", 60)
    trees.otb(tmp_path / "older", "A")
    out, whole = tmp_path / "out", tmp_path / "whole" / "out"

    def packing(data, out):
        words = ["pack", "--data", f"otb:{tmp_path}/{data}", "--out", str(out), "--overwrite"]
        process = context.Process(target=pack_once, args=([*words, "--shard-size", "0.2"],))
        process.start()
        return process

    packing("older", whole).join()
    older, began = files(whole), time.monotonic()
    packing("data", whole).join()
    longest, expected, hits = time.monotonic() - began, files(whole), 0
    assert len(expected) > 3
    for kill in range(kills):
        shutil.rmtree(out, ignore_errors=True)
        if replaced := kill % 2 == 1:
            packing("older", out).join()
        process = packing("data", out)
        process.join(timeout=rng.uniform(0.1, 1) * longest)
        process.kill()
        process.join()
        hits += process.exitcode == -signal.SIGKILL
        # Between two renamings there is nothing under the name.
        assert not out.exists() or files(out) in ([expected, older] if replaced else [expected])
        process = packing("data", out)
        process.join()
        assert process.exitcode == 0
        assert files(out) == expected
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "older", "out", "whole"]
    assert hits > 0


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_full_disk_is_a_failure_that_names_the_shards_and_keeps_older_ones(
    overwrite, root, tmp_path, small_disk, capsys
):
    out = tmp_path / "out"
    if overwrite:
        assert run("pack", "--data", f"otb:{root}", "--out", out, "--shard-size", 0.0001) == 0
    before = files(out) if overwrite else None
    small_disk(10_000)
    assert run("pack", "--data", f"otb:{root}", "--out", out, "--overwrite") == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith(f"roam-lite pack: {out}: File too large; nothing new was written there")
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if overwrite else [])
    assert before is None or files(out) == before


def test_batches_from_shards_are_those_from_the_folder(tmp_path):
    data = tmp_path / "data"
    trees.otb(trees.otb(data, "A", 30), "B", 70)
    assert run("pack", "--data", f"otb:{data}", "--out", tmp_path / "out") == 0
    folder, shards = (
        ClipBatches(source, 3, STAGES, SMOKE)
        for source in (f"otb:{data}", f"shards:{tmp_path}/out")
    )
    for step in (0, 3, 4, 7):
        assert equal(folder[step], shards[step])


def test_training_from_shards_passes_over_a_cut_one_and_runs_no_shell(root, tmp_path, capsys):
    warn.cache_clear()
    out = tmp_path / "out"
    assert run("pack", "--data", f"otb:{root}", "--out", out, "--shard-size", 0.0001) == 0
    shard = out / "out-000001.tar"
    os.truncate(shard, shard.stat().st_size - 1)
    train = [*TRAIN, "--data", f"shards:{out}", "--out", tmp_path / "run", "--workers", "1"]
    with pytest.warns(match=r"out-000001\.tar: .* its sequences are skipped"):
        assert run(*train) == 0
    train = [*TRAIN, "--data", f"shards:pipe:cat {out}", "--out", tmp_path / "other"]
    assert run(*train) == 2
    assert "this would run in a shell; give --allow-pipe" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_leave_to_run_a_shell_is_handed_on_and_no_part_of_a_runs_identity(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    trees.otb(tmp_path / "data", "A", 30)
    assert run("pack", "--data", f"otb:{tmp_path}/data", "--out", tmp_path / "out") == 0
    options = {
        "profile": "smoke",
        "data": f"shards:pipe:cat {tmp_path}/out",
        "out": f"{tmp_path}/r",
    }
    config = TrainConfig(**options, allow_pipe=True)
    assert Trainer(config).batches.sources[0].allow_pipe
    assert config.identity() == TrainConfig(**options).identity()


def test_a_card_names_neither_hosts_nor_queries_of_urls():
    named = name_data("shards:https://user:word@host/a/b?key=secret*2,otb:some/where/c")
    assert named == "shards:b*2,otb:c"
