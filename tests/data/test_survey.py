"""What lies in a folder: every benchmark is recognized as itself, and its gaps are named."""

import pytest

from roam_lite.data.otb import TARGETS
from roam_lite.data.survey import survey
from roam_lite.errors import InputError
from tests import trees


@pytest.fixture
def datasets(tmp_path):
    """A folder with one or two sequences of each benchmark."""
    trees.otb(trees.otb(tmp_path / "OTB100", "Basketball"), "mine")
    trees.vot(tmp_path / "VOT2016")
    (tmp_path / "VOT2016" / "ball" / "occlusion.tag").write_text("0\n")
    trees.lasot(tmp_path / "LaSOT", "airplane-1")
    for split in ("val", "test"):
        trees.got10k(tmp_path / "GOT-10k", split=split)
    trees.trackingnet(tmp_path / "TrackingNet", part="TRAIN_4")
    trees.trackingnet(tmp_path / "TrackingNet")
    return tmp_path


TITLES = [
    "OTB-2015",
    "VOT-2016 or VOT-2017",
    "LaSOT test",
    "GOT-10k val",
    "GOT-10k test",
    "TrackingNet train",
    "TrackingNet test",
]


def test_each_benchmark_is_recognized_in_a_folder_of_folders(datasets):
    findings = list(survey(datasets))
    assert [finding.part.title for finding in findings] == TITLES
    assert not any(finding.broken or finding.complete for finding in findings)
    assert [finding.found for finding in findings] == [2, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(("folder", "titles"), [
    ("OTB100", TITLES[:1]),
    ("VOT2016", TITLES[1:2]),
    ("LaSOT", TITLES[2:3]),
    ("LaSOT/airplane", TITLES[2:3]),
    ("GOT-10k", TITLES[3:5]),
    ("GOT-10k/val", TITLES[3:4]),
    ("TrackingNet", TITLES[5:]),
])  # fmt: skip
def test_each_benchmark_is_recognized_in_its_own_folder(datasets, folder, titles):
    assert [finding.part.title for finding in survey(datasets / folder)] == titles


def test_missing_targets_are_named(datasets):
    (finding,) = survey(datasets / "OTB100")
    assert len(TARGETS) == len(set(TARGETS)) == 100
    assert len(finding.missing) == 99
    assert str(finding).endswith("missing: Biker, Bird1, Bird2 and 96 more")


def test_a_complete_benchmark_is_said_to_be(tmp_path):
    for name in TARGETS:
        folder = tmp_path / name.partition(".")[0]
        target = name.partition(".")[2]
        trees.pictures(folder / "img", () if folder.is_dir() else (1,), digits=4)
        file = f"groundtruth_rect.{target}.txt" if target else "groundtruth_rect.txt"
        (folder / file).write_text("1,1,9,9\n")
    (finding,) = survey(tmp_path)
    assert finding.complete
    assert (finding.found, finding.frames) == (100, 100)


def test_listed_sequences_that_are_not_there_are_named(datasets):
    with open(datasets / "GOT-10k" / "val" / "list.txt", "a") as listing:
        listing.write("GOT-10k_Val_000007\n")
    (finding,) = survey(datasets / "GOT-10k" / "val")
    assert "restore the sequence or omit GOT-10k_Val_000007" in str(finding)


def test_a_list_that_names_nothing_is_a_broken_benchmark(datasets):
    (datasets / "GOT-10k" / "val" / "list.txt").write_text("")
    (finding,) = survey(datasets / "GOT-10k" / "val")
    assert "restore list.txt" in str(finding)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    assert list(survey(tmp_path)) == []
    with pytest.raises(InputError, match="no such folder"):
        list(survey(tmp_path / "nowhere"))


def test_of_a_large_data_set_a_sample_spread_over_all_is_read_and_that_is_said(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("roam_lite.data.survey.MOST_READ", 4)
    for name in "ABCDEFG":
        trees.otb(tmp_path, name, 3)
    (finding,) = survey(tmp_path)
    assert (finding.found, finding.frames, finding.unread) == (7, 12, 3)
    assert "7 of 100 sequences, 12 frames" in str(finding)
    assert "(in 4 evenly spaced sequences, the only ones read)" in str(finding)
    for name in "BG":  # of A, C, E and G that are read
        (tmp_path / name / "img" / "0001.jpg").write_bytes(b"no image")
    (finding,) = survey(tmp_path)
    assert (finding.found, finding.unread) == (6, 3)
    assert len(finding.broken) == 1
    assert "in 4 evenly spaced" in str(finding)
