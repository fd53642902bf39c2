"""The index of a large folder: used while nothing has changed, and only then."""

import json
import os
import shutil
from dataclasses import replace

import pytest

from roam_lite.data import index
from roam_lite.data.index import indexed_names
from roam_lite.data.layouts import LAYOUTS
from tests import trees

SPLIT = "train"
# How a data set is made, and how another sequence comes in.
GROWN = {
    "otb": (trees.otb, lambda root: trees.otb(root, "B")),
    "vot": (trees.vot, lambda root: trees.vot(root, "B")),
    "lasot": (lambda root: trees.lasot(root, "cat-2"), lambda root: trees.lasot(root, "cat-4")),
    "got10k": (
        lambda root: trees.got10k(root, split=SPLIT),
        lambda root: trees.got10k(root, 2, split=SPLIT),
    ),
    "trackingnet": (
        lambda root: trees.trackingnet(root, part="TRAIN_1"),
        lambda root: trees.trackingnet(root, "b_1", part="TRAIN_1"),
    ),
    "vid": (trees.vid, lambda root: trees.vid(root, name="ILSVRC2015_train_00000001")),
    "det": (trees.det, lambda root: trees.det(root, number=2)),
    "coco": (trees.coco, lambda root: trees.coco(root, split="train2018")),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Where indices lie; every folder counts as large."""
    monkeypatch.setattr(index, "LARGE", 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "roam_lite"


def split_of(kind):
    return SPLIT if LAYOUTS[kind].splits else None


def names_of(kind, root):
    return indexed_names(kind, root, split_of(kind))


def settle(root):
    """Everything under a folder has last changed a minute ago."""
    for folder, _, files in os.walk(root):
        for path in (folder, *(os.path.join(folder, file) for file in files)):
            before = os.stat(path).st_mtime - 60
            os.utime(path, (before, before))


@pytest.fixture
def listed(monkeypatch):
    """What has been listed, and not been taken from an index."""
    seen = []

    def count(kind):
        layout = LAYOUTS[kind]

        def list_sequences(*arguments):
            seen.append(kind)
            return layout.list_sequences(*arguments)

        monkeypatch.setitem(LAYOUTS, kind, replace(layout, list_sequences=list_sequences))

    for kind in tuple(LAYOUTS):
        count(kind)
    return seen


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_folder_is_listed_once_and_again_when_something_is_added_or_removed(
    kind, tmp_path, listed
):
    make, add = GROWN[kind]
    root = make(tmp_path / "data")
    shutil.copytree(root, tmp_path / "before")
    settle(root)
    first = names_of(kind, root)
    assert first == LAYOUTS[kind].names(root, split_of(kind))
    del listed[:]
    assert names_of(kind, root) == first
    assert listed == []
    add(root)
    more = names_of(kind, root)
    assert more != first
    settle(root)
    assert names_of(kind, root) == names_of(kind, root) == more
    shutil.rmtree(root)
    shutil.copytree(tmp_path / "before", root)
    assert names_of(kind, root) == first


def test_a_list_of_coco_that_is_written_again_is_read_again(tmp_path):
    root = trees.coco(tmp_path / "data")
    settle(root)
    first = names_of("coco", root)
    path = root / "annotations" / "instances_train2017.json"
    path.write_text(path.read_text().replace("[10, 20, 16, 12]", "[11, 20, 16, 12]"))  # as long
    assert names_of("coco", root) != first


def test_what_has_only_just_changed_is_not_indexed(tmp_path, cache):
    trees.otb(tmp_path / "data")
    names_of("otb", tmp_path / "data")
    assert not cache.exists()
    settle(tmp_path / "data")
    names_of("otb", tmp_path / "data")
    assert len(list(cache.iterdir())) == 1


def test_small_folders_are_not_indexed(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(index, "LARGE", 2)
    settle(trees.otb(tmp_path / "data"))
    assert names_of("otb", tmp_path / "data") == ["A"]
    assert not cache.exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"state": 1, "names": 2}', "\0"])
def test_an_index_that_is_none_is_written_anew(content, tmp_path, cache):
    settle(trees.otb(tmp_path / "data"))
    names_of("otb", tmp_path / "data")
    (path,) = cache.iterdir()
    whole = path.read_text()
    path.write_text(content)
    assert names_of("otb", tmp_path / "data") == ["A"]
    assert path.read_text() == whole
    path.write_text(json.dumps(json.loads(whole) | {"names": 5}))
    assert names_of("otb", tmp_path / "data") == ["A"]


def test_a_cache_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch, listed):
    (tmp_path / "file").write_text("")
    settle(trees.otb(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert names_of("otb", tmp_path / "data") == names_of("otb", tmp_path / "data") == ["A"]
    assert len(listed) == 2


@pytest.mark.parametrize("base", ["", "cache"])
def test_without_an_absolute_cache_folder_the_users_own_is_taken(base, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", base)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    settle(trees.otb(tmp_path / "data"))
    names_of("otb", tmp_path / "data")
    assert len(list((tmp_path / "home" / ".cache" / "roam_lite").iterdir())) == 1


def test_each_folder_and_split_has_an_index_of_its_own(tmp_path):
    for split in ("train", "val"):
        trees.det(tmp_path / "data", place=split)
    settle(tmp_path / "data")
    for _ in range(2):
        assert indexed_names("det", tmp_path / "data", "train") == ["train/00000001"]
        assert indexed_names("det", tmp_path / "data", "val") == ["val/00000001"]


def test_a_layout_that_does_not_say_what_it_lists_by_is_not_indexed(tmp_path, cache, monkeypatch):
    monkeypatch.setitem(LAYOUTS, "otb", replace(LAYOUTS["otb"], watched=()))
    settle(trees.otb(tmp_path / "data"))
    names_of("otb", tmp_path / "data")
    assert not cache.exists()
