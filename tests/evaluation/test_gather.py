"""Several trackers side by side: each has a name of its own, and only what compares is gathered."""

from pathlib import Path

import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.benchmarks import BENCHMARKS
from roam_lite.evaluation.gather import Entry, by_benchmark, gather, named, restricted
from roam_lite.evaluation.report import write_json
from roam_lite.evaluation.tables import heading, table_for


def report(tracker="kcf", benchmark="otb", scores=None, **more):
    scores = scores or {"A": 0.5}
    sequences = {name: {"auc": v, "fps": 10.0, "frames": 10} for name, v in scores.items()}
    mean = {"auc": sum(scores.values()) / len(scores), "fps": 10.0, "frames": 10 * len(scores)}
    described = {"tracker": tracker, "benchmark": benchmark, "scoring": "official", **more}
    return {"sequences": sequences, "mean": mean, "tracker": described}


def entry(path, *arguments, **options):
    return Entry(Path(path), report(*arguments, **options))


def test_a_tracker_alone_has_its_short_name():
    assert named([entry("r/kcf-1f", "kcf"), entry("x.json", "mil")]) == ["kcf", "mil"]


@pytest.mark.parametrize(("paths", "ends"), [
    (("a/x", "a/y", "a/z"), ("x", "y", "z")),
    (("r1/sgd-0.001", "r2/sgd-0.001", "r3/sgd-0.001"),
     ("r1/sgd-0.001", "r2/sgd-0.001", "r3/sgd-0.001")),
    (("r/one/x", "r/two/x", "s/one/x"), ("r/one/x", "r/two/x", "s/one/x")),
    (("sgd-0.001.json", "sgd-0.01.json"), ("sgd-0.001", "sgd-0.01")),
    (("x", "x.json"), ("x", "x.json")),
])  # fmt: skip
def test_trackers_of_one_name_are_told_apart_by_the_ends_of_their_paths(paths, ends):
    same = named([entry(path) for path in paths])
    other = named([entry(path, weights=path) for path in paths])
    assert same == other == [f"kcf ({end})" for end in ends]


def test_one_tracker_on_two_benchmarks_has_one_name():
    entries = [
        entry("a16.json", "roam++", "vot2016", weights="a"),
        entry("b16.json", "roam++", "vot2016", weights="b"),
        entry("b17.json", "roam++", "vot2017", weights="b"),
    ]
    assert named(entries) == ["roam++ (a16)", "roam++ (b16)", "roam++ (b16)"]
    reports = by_benchmark(entries)
    assert reports["vot2017"]["roam++ (b16)"]["tracker"]["weights"] == "b"
    assert reports["vot2016"]["roam++ (b16)"]["tracker"]["weights"] == "b"
    assert named([entries[1], entries[2]]) == ["roam++", "roam++"]


def test_every_report_has_a_place_of_its_own():
    entries = [entry(f"r{n}/ECO", "ECO") for n in range(12)]
    assert len(by_benchmark(entries)["otb"]) == 12


def test_restricted_reports_have_means_of_what_is_left():
    whole = report(scores={"A": 0.2, "B": 0.4, "C": 0.9})
    whole["sequences"]["A"].update(fps=None, unreadable=3)
    whole["mean"]["unreadable"] = 3
    some = restricted(whole, ["C", "A"], Path("x.json"))
    assert list(some["sequences"]) == ["C", "A"]
    assert some["mean"] == pytest.approx({"auc": 0.55, "fps": 10, "frames": 20, "unreadable": 3})
    assert "unreadable" not in restricted(whole, ["B", "C"], Path("x.json"))["mean"]
    assert restricted(whole, "CBA", Path("x.json")) == whole
    with pytest.raises(InputError, match=r"x\.json: no scores for Z, Y"):
        restricted(whole, ["A", "Z", "Y"], Path("x.json"))


@pytest.mark.parametrize("benchmark", ["got10k", "vot2016"])
def test_pooled_values_of_some_sequences_cannot_be_had_from_json(benchmark):
    pooled = report(benchmark=benchmark, scores={"A": 0.2, "B": 0.4})
    with pytest.raises(InputError, match=rf"x\.json: {benchmark} pools the frames .* --root"):
        restricted(pooled, ["A"], Path("x.json"))


def test_reports_of_other_video_are_not_gathered(tmp_path):
    one, other = report(), report("mil")
    other["sequences"]["A"]["frames"] = 12
    for name, content in (("one", one), ("other", other)):
        write_json(tmp_path / f"{name}.json", content)
    paths = [tmp_path / "one.json", tmp_path / "other.json"]
    with pytest.raises(
        InputError, match=r"one\.json and .*other\.json have different numbers of fra"
    ):
        gather(paths, BENCHMARKS["otb"], None, None, None, "official")


def test_captions_say_what_was_measured():
    otb = BENCHMARKS["otb"]
    whole = {"kcf": report(scores=dict.fromkeys(otb.layout.parts[0].names, 0.5))}
    assert heading(otb, whole) == "OTB2015, every sequence"
    assert table_for("otb", {"otb": whole}).caption.startswith("Results on OTB-2015")
    some = {"kcf": report()}
    assert heading(otb, some) == "1 other sequences in the layout of otb, every sequence"
    caption = table_for("otb", {"otb": some}).caption
    assert caption.startswith(
        "Measured on 1 other sequences in the layout of otb; the paper's rows"
    )
    vot = {name: {"x": report(benchmark=name)} for name in ("vot2016", "vot2017")}
    caption = table_for("vot2016", vot).caption
    assert "layout of vot2016 and 1 other sequences in the layout of vot2017;" in caption
