import json

import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.report import (
    Report,
    Score,
    metrics_of,
    paired_scores,
    read_report,
    write_json,
)


def score(name, auc, frames=10):
    metrics = {"auc": auc, "precision_20": auc + 0.1}
    return Score(name, metrics, 100.0, frames, {"success": np.full(21, auc)})


REPORT = Report((score("a", 0.2, 10), score("longer", 0.6, 30)), {"tracker": "csrt"})


def test_means_weigh_sequences_not_frames():
    mean = REPORT.mean()
    assert mean["auc"] == pytest.approx(0.4)
    assert mean["precision_20"] == pytest.approx(0.5)
    assert mean["frames"] == 40


def test_the_table_has_a_line_for_each_sequence_and_the_mean():
    header, *lines = REPORT.table().splitlines()
    assert header.split() == ["AUC", "prec@20", "fps", "frames"]
    assert lines[0].split() == ["a", "0.200", "0.300", "100.0", "10"]
    assert lines[-1].split() == ["mean", "0.400", "0.500", "100.0", "40"]


def test_a_written_report_is_read_again(tmp_path):
    path = tmp_path / "new" / "report.json"
    write_json(path, REPORT.to_json())
    assert read_report(path) == json.loads(json.dumps(REPORT.to_json()))
    assert [p.name for p in path.parent.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        '{"sequences": {}, "mean": {}, "tracker": {}}',
        '{"sequences": {"a": {"auc": "high"}}, "mean": {}, "tracker": {}}',
        '{"sequences": {"a": {"fps": 1, "frames": 2}}, "mean": {}, "tracker": {}}',
        '{"sequences": {"a": {"auc": NaN, "fps": 1, "frames": 2}}, '
        '"mean": {"auc": 0.5, "fps": 1, "frames": 2}, "tracker": {}}',
        '{"mean": {"auc": 1, "precision_20": 1, "fps": 1}, "sequences": {"a": 3}, "tracker": {}}',
    ],
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"other\.json .*evaluate --json"):
        read_report(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        read_report(tmp_path / "none.json")


def test_values_that_a_benchmark_does_not_have_are_null_and_empty_cells():
    unknown = Score("a", {"accuracy": float("nan"), "failures": 2.0}, float("nan"), 10)
    report = Report((unknown,), {"tracker": "kcf"}, {"eao": 0.25, "accuracy": 0.5, "failures": 2.0})
    content = report.to_json()
    assert content["sequences"]["a"] == {
        "accuracy": None, "failures": 2.0, "fps": None, "frames": 10
    }  # fmt: skip
    assert content["mean"]["eao"] == 0.25
    header, row, mean = report.table().splitlines()
    assert header.split() == ["EAO", "A", "failures", "fps", "frames"]
    assert row.split() == ["a", "2.0", "10"]
    assert mean.split() == ["mean", "0.250", "0.500", "2.0", "10"]


def test_metrics_that_every_sequence_has_are_found():
    content = REPORT.to_json()
    assert metrics_of(content) == ["auc", "precision_20", "fps"]
    del content["sequences"]["a"]["precision_20"]
    assert metrics_of(content) == ["auc", "fps"]


def test_reports_of_different_benchmarks_do_not_pair():
    one, other = REPORT.to_json(), REPORT.to_json()
    other["tracker"]["benchmark"] = "lasot"
    with pytest.raises(InputError, match="different benchmarks"):
        paired_scores({"a.json": one, "b.json": other}, "auc")


GOOD = {"a": {"auc": 0.5, "fps": 1, "frames": 2}}


@pytest.mark.parametrize("tracker", [
    {"tracker": 3}, {"tracker": ["kcf"]}, {"scoring": ["official"]}, {"benchmark": {}}, {"lr": "0.1"},
    {"online": [1]}, {"rule": ["sgd"]},
])  # fmt: skip
def test_descriptions_that_tables_cannot_print_are_refused_by_the_file(tmp_path, tracker):
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"sequences": GOOD, "mean": GOOD["a"], "tracker": tracker}))
    (name,) = tracker
    with pytest.raises(InputError, match=rf"other\.json: the tracker's {name} is "):
        read_report(path)


@pytest.mark.parametrize("content", [
    "[" * 100_000, "\udcff", json.dumps({"sequences": GOOD, "mean": GOOD["a"], "tracker": 3}),
    json.dumps({"sequences": {"a": {**GOOD["a"], "frames": 0}}, "mean": GOOD["a"], "tracker": {}}),
    json.dumps({"sequences": {"a": {**GOOD["a"], "frames": None}}, "mean": GOOD["a"], "tracker": {}}),
    json.dumps({"sequences": {"a": {**GOOD["a"], "auc": 10**400}}, "mean": GOOD["a"], "tracker": {}}),
    json.dumps({"sequences": [GOOD["a"]], "mean": GOOD["a"], "tracker": {}}),
    json.dumps({"otb": {"kcf": {"sequences": GOOD, "mean": GOOD["a"], "tracker": {}}}}),
])  # fmt: skip
def test_odd_files_are_refused_by_name(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"other\.json"):
        read_report(path)
