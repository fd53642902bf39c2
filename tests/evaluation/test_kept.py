"""Kept results are taken over for what was tracked, and for nothing else."""

import numpy as np
import pytest

from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation import kept
from roam_lite.evaluation.benchmarks import BENCHMARKS, score_kept, score_results
from roam_lite.evaluation.results import GOT10K, OTB
from roam_lite.evaluation.running.engine import run_benchmark
from roam_lite.evaluation.running.run import Run
from tests import trees
from tests.fakes import Follower, moving_square

OTB_BENCHMARK = BENCHMARKS["otb"]


def track(root, results, names=("A",), benchmark=OTB_BENCHMARK, **options):
    options = {"workers": 1, "progress": False, "make_tracker": Follower} | options
    description = {"tracker": "fake"}
    return run_benchmark(
        benchmark, root, list(names), description=description, results_dir=results, **options
    )


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shift_first_box(root):
    path = root / "A" / "groundtruth_rect.txt"
    path.write_text(path.read_text().replace("11,21,", "12,21,", 1))


def shift_later_box(root):
    path = root / "A" / "groundtruth_rect.txt"
    path.write_text(path.read_text().replace("15,21,", "16,21,", 1))


def change_image(number, append):
    def change(root):
        path = root / "A" / "img" / f"{number:04d}.jpg"
        content = path.read_bytes()
        path.unlink()  # it is a link
        # Otherwise the picture's density in print, which nobody looks at.
        changed = (
            content + b"\0" if append else content[:15] + bytes([content[15] ^ 1]) + content[16:]
        )
        path.write_bytes(changed)

    return change


def rename_images(root):
    for path in list((root / "A" / "img").iterdir()):
        path.rename(path.with_name(f"x{path.name}"))


def append_frame(root):
    trees.pictures(root / "A" / "more", [7], digits=4)
    (root / "A" / "more" / "0007.jpg").rename(root / "A" / "img" / "0007.jpg")
    with open(root / "A" / "groundtruth_rect.txt", "a") as truth:
        truth.write("23,21,16,12\n")


@pytest.mark.parametrize(("change", "words"), [
    (shift_first_box, "first box"),
    (change_image(2, append=True), "names and sizes of images"),
    (change_image(1, append=False), "first image"),
    (change_image(3, append=False), "middle image"),
    (change_image(6, append=False), "last image"),
    (rename_images, "names and sizes of images"),
    (append_frame, "number of frames"),
])  # fmt: skip
def test_results_of_other_video_are_refused_and_left_alone(change, words, tmp_path):
    root = trees.otb(tmp_path / "data")
    folder = track(root, tmp_path / "r")
    before = files(folder)
    change(root)
    for again in (
        lambda: track(root, tmp_path / "r"),
        lambda: score_results(OTB_BENCHMARK, root, ["A"], folder),
    ):
        with pytest.raises(InputError, match=rf"A \({words}.*another --results.*--overwrite"):
            again()
    assert files(folder) == before
    track(root, tmp_path / "r", overwrite=True)
    assert files(folder) != before
    score_results(OTB_BENCHMARK, root, ["A"], folder)


def test_another_place_of_the_same_video_is_the_same(tmp_path, capsys):
    root = trees.otb(tmp_path / "data")
    first = track(root, tmp_path / "r")
    root = root.rename(tmp_path / "moved")
    assert track(root, tmp_path / "r", overwrite=False) == first
    assert f"reused 1 of 1 sequences, tracked before, from {first}" in capsys.readouterr().err


def test_later_ground_truth_counts_only_where_it_guides_the_tracker(tmp_path):
    plain, oracle = tmp_path / "plain", tmp_path / "oracle"
    root = trees.otb(tmp_path / "data")

    class Listener(Follower):
        def update(self, image, oracle_box=None):
            return super().update(image)

    track(root, plain)
    track(root, oracle, make_tracker=Listener, oracle=True)
    shift_later_box(root)
    track(root, plain)
    with pytest.raises(InputError, match=r"A \(ground truth\)"):
        track(root, oracle, make_tracker=Listener, oracle=True)
    ball = trees.vot(tmp_path / "vot")
    vot = BENCHMARKS["vot2016"].repeated(1)
    track(ball, tmp_path / "r", ["ball"], vot)
    truth = ball / "ball" / "groundtruth.txt"
    rows = truth.read_text().splitlines()
    truth.write_text("\n".join([*rows[:-1], rows[0]]))
    with pytest.raises(InputError, match=r"ball \(ground truth\)"):
        track(ball, tmp_path / "r", ["ball"], vot)


def test_results_without_a_note_are_not_taken_over_but_scored_when_asked_for(tmp_path):
    root = trees.otb(tmp_path / "data")
    folder = track(root, tmp_path / "r")
    kept.forget(folder, "A")
    with pytest.raises(InputError, match=rf"A \({kept.UNKNOWN}\)"):
        track(root, tmp_path / "r")
    assert score_results(OTB_BENCHMARK, root, ["A"], folder).mean()["auc"] > 0.9


def test_a_broken_note_is_named(tmp_path):
    root = trees.otb(tmp_path / "data")
    folder = track(root, tmp_path / "r")
    for text in ("{", "[]"):
        (folder / "tracked" / "A.json").write_text(text)
        with pytest.raises(InputError, match=r"tracked/A\.json: cannot be read .* --overwrite"):
            track(root, tmp_path / "r")


def test_plots_leave_out_what_was_tracked_on_other_video(tmp_path):
    root, other = trees.otb(tmp_path / "data"), trees.otb(tmp_path / "other")
    shift_first_box(other)
    ours = track(root, tmp_path / "r")
    theirs = track(other, tmp_path / "r", oracle=True, make_tracker=lambda: Oracle())
    eco = ours.parent / "ECO"
    eco.mkdir()
    (eco / "A.txt").write_text((ours / "A.txt").read_text())
    reports, others = score_kept(OTB_BENCHMARK, root, ["A"], ours.parent, "official")
    assert [report.tracker["tracker"] for report in reports] == ["ECO", "fake"]
    assert others == [theirs]


class Oracle(Follower):
    def update(self, image, oracle_box=None):
        return super().update(image)


def test_overwriting_tracks_the_named_sequences_and_leaves_the_others(tmp_path, capsys):
    root = trees.otb(trees.otb(tmp_path / "data", "A"), "B")
    folder = track(root, tmp_path / "r", "AB")
    stamps = {name: (folder / f"{name}.txt").stat().st_mtime_ns for name in "AB"}
    with pytest.raises(InputError, match="'Z'"):
        track(root, tmp_path / "r", "AZ", overwrite=True)
    assert (folder / "A.txt").is_file()
    capsys.readouterr()
    track(root, tmp_path / "r", "A", overwrite=True)
    assert (folder / "A.txt").stat().st_mtime_ns != stamps["A"]
    assert (folder / "B.txt").stat().st_mtime_ns == stamps["B"]
    assert "reused" not in capsys.readouterr().err


def test_another_version_of_the_package_has_another_folder_and_says_so(
    tmp_path, monkeypatch, capsys
):
    root = trees.otb(tmp_path / "data")
    first = track(root, tmp_path / "r")
    track(root, tmp_path / "r", oracle=True, make_tracker=Oracle)
    assert "reused" not in capsys.readouterr().err
    monkeypatch.setattr("roam_lite.__version__", "99")
    assert track(root, tmp_path / "r") != first
    assert "reused 0 of 1 sequences" in capsys.readouterr().err


def test_what_a_run_knew_stays_known(tmp_path):
    for repetition, broken in ((1, (1,)), (2, ()), (3, (2, 3))):
        boxes, times = np.ones((4, 4)), np.full(4, 0.1)
        run = Run(boxes, times, times, lost=(0, *broken), unreadable=broken)
        GOT10K.keep(tmp_path, "a", repetition, run)
    runs = GOT10K.runs(tmp_path, moving_square("a", 4))
    assert [run.unreadable for run in runs] == [(1,), (), (2, 3)]
    assert [run.lost for run in runs] == [(0, 1), (0,), (0, 2, 3)]
    GOT10K.keep(tmp_path, "a", 2, Run(boxes, times, times))  # killed after two, tracked again
    assert [facts["unreadable"] for facts in kept.facts(tmp_path, "a")] == [(1,), ()]


def test_removing_results_leaves_those_of_others(tmp_path):
    for name in "ab":
        OTB.keep(tmp_path, name, 1, Run(np.ones((2, 4)), np.ones(2), np.ones(2)))
    OTB.remove(tmp_path, "a")
    assert sorted(path.name for path in files(tmp_path)) == ["b.json", "b.txt", "b_time.txt"]


def test_frames_without_files_are_known_by_their_pixels():
    square = moving_square(length=5)
    assert kept.source_of(square) == kept.source_of(moving_square(length=5))
    broken = moving_square(length=5, broken=(2,))
    assert kept.source_of(square)["middle image"] != kept.source_of(broken)["middle image"]

    class Bright:
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return np.full((6, 8, 3), 255, np.uint8)

    bright = kept.source_of(Sequence("square", Bright(), square.boxes))
    different = {word for word, value in kept.source_of(square).items() if bright[word] != value}
    assert different == {"first image", "middle image", "last image"}
