"""Shards: what is packed comes back, drawn as from folders; what is cut is said and passed over."""

import json
import shutil
import subprocess
import sys
import tarfile
import threading
import warnings
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest
import webdataset

from roam_lite.cli import main
from roam_lite.data import sources
from roam_lite.data.otb import write_sequence
from roam_lite.data.sources import FolderSource, parse_sources
from roam_lite.data.synthetic import synthesize
from roam_lite.errors import InputError, InputWarning, warn
from tests import trees

NAMES = "ABCDEF"
DRAW = """
import sys

import numpy as np

from roam_lite.data.sources import parse_sources

(source,) = parse_sources(sys.argv[1], 0)
for seed in range(12):
    sequence = source.draw(np.random.default_rng(seed))
    print(sequence.name, sequence.frames[1].sum())
"""


def pack(data, out, *options):
    return main(["pack", "--data", data, "--out", str(out), *map(str, options)])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Six rendered sequences in OTB layout, one with a frame where the target is absent."""
    folder = tmp_path_factory.mktemp("sequences")
    for seed, name in enumerate(NAMES):
        write_sequence(folder / name, synthesize(seed, length=4, size=(160, 120)))
    truth = folder / "C" / "groundtruth_rect.txt"
    first, _, *others = truth.read_text().splitlines()
    truth.write_text("\n".join([first, "nan,nan,nan,nan", *others]) + "\n")
    return folder


@pytest.fixture(scope="module")
def packed(root, tmp_path_factory):
    """Three shards of two sequences each."""
    out = tmp_path_factory.mktemp("shards") / "packed"
    assert pack(f"otb:{root}", out, "--shard-size", 0.09) == 0
    assert len(list(out.glob("*.tar"))) == 3
    return out


@pytest.fixture
def shards(packed, tmp_path):
    """The three, to be damaged."""
    warn.cache_clear()
    return shutil.copytree(packed, tmp_path / "packed")


def opened(place, **options):
    (source,) = parse_sources(f"shards:{place}", 0, **options)
    return source


def index_of(shards):
    return json.loads((shards / "index.json").read_text())


def drawn(source, count=60):
    return [source.draw(np.random.default_rng(seed)).name for seed in range(count)]


def cut(path, bytes=1000):
    path.write_bytes(path.read_bytes()[:-bytes])


def same(a, b):
    assert (a.name, a.size) == (b.name, b.size)
    np.testing.assert_array_equal(a.boxes, b.boxes)
    np.testing.assert_array_equal(a.visibility, b.visibility)
    assert len(a.frames) == len(b.frames)
    for t in range(len(a)):
        np.testing.assert_array_equal(a.frames[t], b.frames[t])


# Round trip


def test_boxes_visibility_and_pixels_come_back_and_are_drawn_as_from_the_folder(root, shards):
    folder, packed = FolderSource("otb", root), opened(shards)
    assert packed.names == folder.names
    for seed in range(12):
        a, b = (source.draw(np.random.default_rng(seed)) for source in (folder, packed))
        same(a, b)
    assert np.isnan(packed.targets(2)[0].boxes[1]).all()


def test_images_are_packed_as_they_are_and_the_library_reads_them_too(root, shards):
    samples = {}
    for shard in sorted(shards.glob("*.tar")):
        for sample in webdataset.WebDataset(str(shard), shardshuffle=False):
            samples[json.loads(sample["json"])["name"]] = sample
    assert sorted(samples) == list(NAMES)
    for name, sample in samples.items():
        images = sorted((root / name / "img").iterdir())
        for number, path in enumerate(images):
            assert sample[f"{number:06d}.jpg"] == path.read_bytes()


@pytest.mark.filterwarnings("ignore:.*12 bits")
def test_several_layouts_targets_and_image_kinds_are_packed(tmp_path):
    trees.vid(tmp_path / "vid")
    trees.det(tmp_path / "det")
    deep = tmp_path / "otb" / "A"
    (deep / "img").mkdir(parents=True)
    for t in range(3):
        gray = np.random.default_rng(t).integers(0, 2**12, (60, 80), np.uint16)
        cv2.imwrite(str(deep / "img" / f"{t + 1:04d}.png"), gray)
    (deep / "groundtruth_rect.txt").write_text("10,20,16,12\n" * 3)
    data = [("vid", tmp_path / "vid"), ("det", tmp_path / "det"), ("otb", tmp_path / "otb")]
    assert pack(",".join(f"{kind}:{place}" for kind, place in data), tmp_path / "out") == 0
    packed = opened(tmp_path / "out")
    folders = [FolderSource(*row) for row in data]
    expected = [s for f in folders for i in range(len(f.names)) for s in f.targets(i)]
    assert len(packed.names) == len(expected) == 4
    for index, sequence in enumerate(expected):
        same(sequence, packed.targets(index)[0])
    still = packed.names.index("00000001.0")
    assert len(packed.draw_of(still, np.random.default_rng(0), 7)) == 7


def test_draws_are_equal_in_two_processes(shards):
    command = [sys.executable, "-c", DRAW, f"shards:{shards}"]
    one, two = (subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2))
    assert one == two
    assert len(set(one.decode().splitlines())) > 3


# What is cut, missing or damaged


def test_a_cut_shard_is_said_once_before_training_and_passed_over(shards):
    cut(shards / "packed-000001.tar")
    source = opened(shards)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", InputWarning)
        source.look(lambda sequence: None)
        names = drawn(source)
    (message,) = (str(w.message) for w in said)
    assert "packed-000001.tar: " in message
    assert "its sequences are skipped" in message
    assert set(names) == set("ABEF")
    assert names == drawn(opened(shards))


def test_a_missing_shard_is_passed_over(shards):
    (shards / "packed-000000.tar").unlink()
    with pytest.warns(InputWarning, match=r"packed-000000\.tar: has 0 bytes"):
        assert set(drawn(opened(shards))) == set("CDEF")


def test_without_any_whole_shard_training_does_not_begin(shards):
    for path in shards.glob("*.tar"):
        cut(path)
    source = opened(shards)
    with (
        pytest.warns(InputWarning),
        pytest.raises(InputError, match=r"^shards:.*are missing, truncated or damaged"),
    ):
        source.look(lambda sequence: None)


def test_of_many_sequences_a_look_reads_some_that_are_there(shards, monkeypatch):
    monkeypatch.setattr(sources, "SMALL", 2)
    monkeypatch.setattr(sources, "FEW", 2)
    for number in (0, 2):
        cut(shards / f"packed-{number:06d}.tar")
    seen = []
    with pytest.warns(InputWarning):
        opened(shards).look(lambda sequence: seen.append(sequence.name))
    assert seen == ["C", "D"]


def test_a_sequence_that_is_overwritten_in_a_whole_shard_is_said_and_passed_over(shards, capsys):
    place = index_of(shards)["sequences"][3]
    path = shards / "packed-000001.tar"
    data = bytearray(path.read_bytes())
    data[place["offset"] : place["offset"] + place["bytes"]] = bytes(place["bytes"])
    path.write_bytes(data)
    source = opened(shards)
    source.look(lambda sequence: None)
    assert set(drawn(source)) == set("ABCEF")
    said = capsys.readouterr().err
    assert said.count("packed-000001.tar: D cannot be read") == said.count("\n") == 1


def test_an_image_that_is_damaged_names_frame_and_shard(shards):
    path, place = shards / "packed-000000.tar", index_of(shards)["sequences"][0]
    with tarfile.open(path) as tar:
        member = tar.getmember("00000000.000002.jpg")
    assert member.offset > place["offset"]
    data = bytearray(path.read_bytes())
    data[member.offset_data : member.offset_data + member.size] = bytes(member.size)
    path.write_bytes(data)
    sequence = opened(shards).targets(0)[0]
    with pytest.raises(InputError, match=r"frame 2 .*packed-000000\.tar/00000000\.000002\.jpg"):
        sequence.frames[2]


@pytest.mark.parametrize(
    "change",
    [
        lambda index: index.pop("shards"),
        lambda index: index.update(version=99),
        lambda index: index.update(sequences=[]),
        lambda index: index["shards"][0].update(name="../x-000000.tar"),
        lambda index: index["shards"][0].update(name="x;reboot;-0.tar"),
        lambda index: index["shards"][0].update(sha256="../../x"),
        lambda index: index["sequences"][0].update(shard=7),
        lambda index: index["sequences"][0].update(shard=-1),
        lambda index: index["sequences"][0].update(offset=10**30),
        lambda index: index["sequences"][0].update(bytes="x"),
    ],
)
def test_an_index_that_no_shards_can_have_is_refused(change, shards):
    index = index_of(shards)
    change(index)
    (shards / "index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match=r"index\.json: not an index of shards"):
        opened(shards)


@pytest.mark.parametrize("place", ["", "\0", "nowhere"])
def test_a_folder_without_index_is_refused(place, tmp_path):
    with pytest.raises(InputError, match="give what roam-lite pack wrote"):
        opened(tmp_path / place)


# URLs


@pytest.fixture
def served(shards, tmp_path, monkeypatch):
    """The URL of the shards, and the paths that were asked for."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(shards)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


def test_shards_behind_a_url_are_fetched_once_and_when_they_are_drawn(served, shards, tmp_path):
    url, asked = served
    source = opened(url)
    source.look(lambda sequence: None)
    assert asked == ["/index.json", "/packed-000000.tar"]
    assert drawn(source) == drawn(opened(shards))
    same(source.targets(5)[0], opened(shards).targets(5)[0])
    assert drawn(opened(url)) == drawn(source)
    assert sorted(asked) == ["/index.json"] * 2 + [f"/packed-{i:06d}.tar" for i in range(3)]
    cached = {path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    assert cached == {path.read_bytes() for path in shards.glob("*.tar")}


@pytest.mark.parametrize("fault", ["cut", "missing", "other"])
def test_a_shard_that_does_not_come_whole_is_said_once_and_passed_over(
    fault, served, shards, tmp_path, capfd
):
    path = shards / "packed-000001.tar"
    if fault == "cut":
        cut(path)
    elif fault == "missing":
        path.unlink()
    else:
        path.write_bytes(bytes(path.stat().st_size))
    url, _ = served
    assert set(drawn(opened(url))) == set("ABEF")
    said = capfd.readouterr().err
    assert said.count(f"{url}/packed-000001.tar: cannot be read") == said.count("\n") == 1
    assert ("exit 22" in said) == (fault == "missing")
    assert len([p for p in (tmp_path / "cache").rglob("*") if p.is_file()]) == 2


def test_a_url_without_index_or_that_the_library_does_not_open_is_refused(served):
    url, _ = served
    for place in (f"{url}/nowhere", "gopher://x/y", "http://[x", "nope://x"):
        with pytest.raises(InputError, match="not an index of shards"):
            opened(place)


@pytest.mark.parametrize(
    "place", ["pipe:cat {shards}", "pipe:cat {shards}/{{}}", " PIPE:x", "x://y"]
)
def test_a_shell_runs_nothing_unless_asked_for(place, shards, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOPEN_REWRITE", f"x://y=pipe:cat {shards}")
    place = place.format(shards=shards)
    with pytest.raises(InputError, match="this would run in a shell; give --allow-pipe"):
        opened(place)
    if "PIPE" not in place:
        assert drawn(opened(place, allow_pipe=True)) == drawn(opened(shards))
