"""The carried samples are complete, small, and what the renderer gives today."""

import numpy as np
import pytest

from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.data.synthetic.samples import LENGTH, LONG, SAMPLES, manifest, write_samples
from roam_lite.errors import InputError


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    return write_samples(tmp_path_factory.mktemp("rendered") / "samples")


def test_manifest_names_every_file_with_its_hash(samples_root):
    assert (samples_root / "SHA256SUMS").read_text() == manifest(samples_root)


def test_manifest_notices_a_changed_byte(rendered):
    before = manifest(rendered)
    path = rendered / "scale" / "groundtruth_rect.txt"
    path.write_bytes(path.read_bytes() + b"\n")
    assert manifest(rendered) != before
    path.write_bytes(path.read_bytes()[:-1])
    assert manifest(rendered) == before == (rendered / "SHA256SUMS").read_text()


def test_there_are_six_of_different_challenges(samples_root):
    assert list_sequences(samples_root) == sorted(SAMPLES)
    assert len(SAMPLES) == 6


def test_they_are_small(samples_root):
    assert sum(p.stat().st_size for p in samples_root.rglob("*") if p.is_file()) <= 10_000_000


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_renderer_gives_the_same_boxes_and_frames(samples_root, rendered, name):
    for file in ("groundtruth_rect.txt", "visibility.txt"):
        assert (samples_root / name / file).read_text() == (rendered / name / file).read_text()
    carried, fresh = read_sequence(samples_root, name), read_sequence(rendered, name)
    assert len(carried) == len(fresh) == 60
    for t in range(0, 60, 7):
        difference = carried.frames[t].astype(int) - fresh.frames[t]
        assert np.abs(difference).mean() < 3


def test_readme_is_the_written_one(samples_root, rendered):
    assert (samples_root / "README.md").read_text() == (rendered / "README.md").read_text()


def test_existing_folder_is_not_replaced(rendered):
    with pytest.raises(InputError, match="exists"):
        write_samples(rendered)


@pytest.mark.parametrize("name", sorted(LONG))
def test_long_ones_are_rendered_again_too(samples_root, rendered, name):
    carried, fresh = (read_sequence(root / "long", name) for root in (samples_root, rendered))
    assert len(carried) == LENGTH
    np.testing.assert_array_equal(carried.boxes, fresh.boxes)
    assert np.abs(carried.frames[LENGTH - 1].astype(int) - fresh.frames[LENGTH - 1]).mean() < 3


def test_long_ones_are_sequences_of_their_own(samples_root):
    assert list_sequences(samples_root / "long") == sorted(LONG)
