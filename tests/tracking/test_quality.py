"""Floors under the shipped checkpoint on the shipped samples: a tracker that works, on any machine."""

from roam_lite import load_tracker
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.evaluation.running.runner import evaluate


def test_shipped_tracker_follows_the_samples(samples_root):
    sequences = [read_sequence(samples_root, name) for name in list_sequences(samples_root)]
    report, _ = evaluate(lambda: load_tracker("laptop"), sequences, progress=False)
    assert report.mean()["auc"] >= 0.72
    assert report.mean()["precision_20"] >= 0.92
    assert min(score.auc for score in report.scores) >= 0.5


def test_shipped_tracker_follows_real_video(sequences_root):
    names = list_sequences(sequences_root / "dev")[::6]
    sequences = [read_sequence(sequences_root / "dev", name) for name in names]
    report, _ = evaluate(lambda: load_tracker("laptop"), sequences, progress=False)
    assert report.mean()["auc"] >= 0.60


def test_updating_decides_on_the_long_samples(samples_root):
    root = samples_root / "long"
    sequences = [read_sequence(root, name) for name in list_sequences(root)]
    never, _ = evaluate(lambda: load_tracker(rule="none"), sequences, progress=False)
    updated, _ = evaluate(load_tracker, sequences, progress=False)
    assert never.lost() == [sequence.name for sequence in sequences]
    assert updated.lost() == []
