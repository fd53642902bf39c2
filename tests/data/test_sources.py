"""Sources of training sequences: named in text, drawn by a generator, cached within bounds."""

from collections import Counter

import numpy as np
import pytest

from roam_lite.data import sources
from roam_lite.data.pixels import FrameError
from roam_lite.data.sources import (
    FRAMES,
    CollageSource,
    FolderSource,
    FrameCache,
    SyntheticSource,
    parse_sources,
    split_weight,
)
from roam_lite.errors import InputError
from tests import trees

LINE = "5,7,10,6\n"


@pytest.fixture
def root(make_folder):
    for name in ("A", "B", "C"):
        folder = make_folder(name, range(1, 4), LINE * 3)
    return folder


def test_sources_are_named_in_text(root):
    names = ["synthetic", "collage:photographs", f"collage:{root}", f"otb:{root}"]
    assert [source.name for source in parse_sources(", ".join(names), seed=3)] == names


@pytest.mark.parametrize(
    "text", ["", " , ", "sintetic", "otb", "otb:", "collage:", "synthetic:5", "davis:x"]
)
def test_unknown_sources_are_refused(text):
    with pytest.raises(
        InputError,
        match=r"give synthetic, collage:photographs, collage:DIR, otb:DIR, .* or shards:PLACE, "
        r"comma-separated; \*K after one",
    ):
        parse_sources(text, seed=0)


# Weights


@pytest.mark.parametrize(
    ("word", "split"),
    [
        ("synthetic", ("synthetic", None)),
        ("synthetic*3", ("synthetic", 3)),
        ("otb:a/b*12", ("otb:a/b", 12)),
        ("otb:a*b", ("otb:a*b", None)),
        ("otb:a*b*2", ("otb:a*b", 2)),
        ("otb:a*2*1", ("otb:a*2", 1)),
        ("otb:a*2/", ("otb:a*2/", None)),
        ("otb:a*-2", ("otb:a*-2", None)),
        ("otb:a*0.5", ("otb:a", 0.5)),
        ("otb:a*1.25", ("otb:a", 1.25)),
        ("otb:a*.5", ("otb:a*.5", None)),
    ],
)
def test_a_weight_is_the_number_behind_the_last_star(word, split):
    assert split_weight(word) == split


@pytest.mark.parametrize("digits", ["0", "00", "1000", "9" * 5000, "0.0", "0.125", "1000.5"])
def test_weights_that_no_list_can_have_are_refused(digits, root):
    with pytest.raises(
        InputError, match=r"its weight is [\d.]+; a weight is a .* from 0\.01 to 999"
    ):
        parse_sources(f"otb:{root}*{digits}", seed=0)


@pytest.mark.parametrize("end", ["x", "1.5.2", "-2", "2x", "1.", ""])
def test_a_word_that_is_neither_weight_nor_folder_is_refused_as_both(end, root):
    with pytest.raises(InputError, match=r"neither a folder nor a weight; .* otb:DIR\*2"):
        parse_sources(f"otb:{root}*{end}", seed=0)


def test_a_source_stands_in_the_list_as_often_as_its_weight_says(root):
    parsed = parse_sources(f"synthetic,otb:{root}*3,collage:{root}*1", seed=0)
    names = ["synthetic", *[f"otb:{root}"] * 3, f"collage:{root}"]
    assert [source.name for source in parsed] == names
    assert len({id(source) for source in parsed}) == 3  # one folder, one cache


def test_weights_with_decimals_keep_their_shares(root):
    parsed = parse_sources(f"synthetic*0.5,otb:{root},collage:{root}*1.25", seed=0)
    counts = Counter(source.name.partition(":")[0] for source in parsed)
    assert counts == {"synthetic": 2, "otb": 4, "collage": 5}


def test_a_folder_may_have_a_star_in_its_name(root):
    star = root.rename(root.parent / "stars*2")
    (plain,) = parse_sources(f"otb:{star}*1", seed=0)
    assert plain.name == f"otb:{star}"
    named = star.rename(star.parent / "stars*x")
    assert len(parse_sources(f"otb:{named},otb:{named}*2", seed=0)) == 3


# Rendered video


def test_folder_that_is_missing_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        parse_sources(f"otb:{tmp_path / 'nowhere'}", seed=0)


def test_synthetic_draws_depend_on_generator_and_seed():
    def draw(seed: int, stream: int) -> np.ndarray:
        return SyntheticSource(seed).draw(np.random.default_rng(stream), length=3).boxes

    np.testing.assert_array_equal(draw(1, 5), draw(1, 5))
    assert not np.array_equal(draw(1, 5), draw(1, 6))
    assert not np.array_equal(draw(1, 5), draw(2, 5))


def test_synthetic_never_repeats_within_a_stream():
    source, rng = SyntheticSource(0), np.random.default_rng(0)
    names = {source.draw(rng, length=2).name for _ in range(8)}
    assert len(names) == 8


def test_rendered_frames_are_of_every_size_and_targets_of_all_between_the_least_and_the_largest():
    source, rng = SyntheticSource(0), np.random.default_rng(0)
    drawn = [source.draw(rng, length=3) for _ in range(60)]
    assert {sequence.image_size() for sequence in drawn} == set(FRAMES)
    sides = np.sqrt(np.concatenate([sequence.boxes[:, 2:] for sequence in drawn]).prod(axis=1))
    assert 6 < sides.min() < 15
    assert 80 < sides.max() < 150


def test_collages_show_the_folders_pictures_and_keep_the_rendered_boxes(root):
    rendered = SyntheticSource(1).draw(np.random.default_rng(5), length=2)
    collage = CollageSource(1, root).draw(np.random.default_rng(5), length=2)
    again = CollageSource(1, root).draw(np.random.default_rng(5), length=2)
    assert len(rendered) == 2
    np.testing.assert_array_equal(collage.boxes, rendered.boxes)
    np.testing.assert_array_equal(collage.visibility, rendered.visibility)
    np.testing.assert_array_equal(collage.frames[1], again.frames[1])
    assert not np.array_equal(collage.frames[1], rendered.frames[1])


def test_collages_of_the_installed_photographs_keep_the_rendered_boxes_too():
    rendered = SyntheticSource(1).draw(np.random.default_rng(5), length=2)
    collage = CollageSource(1, "photographs").draw(np.random.default_rng(5), length=2)
    np.testing.assert_array_equal(collage.boxes, rendered.boxes)
    assert not np.array_equal(collage.frames[1], rendered.frames[1])


def test_a_folder_called_photographs_is_named_by_its_path(root, monkeypatch):
    root.rename(root.parent / "photographs")
    monkeypatch.chdir(root.parent)
    assert CollageSource(0, "./photographs").folder.names
    assert CollageSource(0, "photographs").folder is None


def test_photographs_that_are_not_installed_are_asked_for_before_training(monkeypatch):
    monkeypatch.setattr("roam_lite.extras.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'skimage is needed .* pip install "roam-lite\[train\]"'):
        parse_sources("collage:photographs", seed=0)


# Folders


def test_sequences_of_a_folder_are_equally_likely(root):
    source, rng = FolderSource("otb", root), np.random.default_rng(0)
    counts = {name: 0 for name in "ABC"}
    for _ in range(300):
        counts[source.draw(rng).name] += 1
    assert min(counts.values()) > 70


def test_frames_are_decoded_once(root):
    sequence = FolderSource("otb", root).draw(np.random.default_rng(0))
    assert sequence.frames[1] is sequence.frames[1]
    assert len(sequence.frames) == 3
    assert not sequence.frames[1].flags.writeable


def test_cache_forgets_what_was_used_longest_ago(root):
    size = 12 * 16 * 3
    source = FolderSource("otb", root, cache_bytes=2 * size)
    frames = source.targets(0)[0].frames
    first = frames[0]
    second = frames[1]
    assert frames[0] is first  # now the second is the oldest
    frames[2]
    assert frames[0] is first
    assert frames[1] is not second
    assert source.cache.held <= 2 * size


def test_image_larger_than_the_cache_is_still_read(root):
    cache = FrameCache(limit=1)
    path = root / "A" / "img" / "0001.jpg"
    assert cache.read(path, 0).shape == (12, 16, 3)


def test_a_reduced_image_does_not_take_the_place_of_the_whole_one(root):
    frames = FolderSource("otb", root).targets(0)[0].frames
    reduced, factor = frames.reduced(0, 2)
    assert (reduced.shape, factor) == ((6, 8, 3), 2)
    assert frames[0].shape == (12, 16, 3)
    assert frames.reduced(0, 2)[0] is reduced
    assert not reduced.flags.writeable


def test_unreadable_frame_names_its_number(root):
    source = FolderSource("otb", root)
    source.targets(0)
    (root / "A" / "img" / "0002.jpg").unlink()
    with pytest.raises(FrameError, match=r"frame 1 .*0002\.jpg"):
        source.targets(0)[0].frames[1]


# Large folders


@pytest.fixture
def large(monkeypatch):
    """Folders of more than two names count as large, and a look at them reads two."""
    monkeypatch.setattr(sources, "SMALL", 2)
    monkeypatch.setattr(sources, "FEW", 2)


def accept(sequence):
    pass


def test_opening_reads_no_sequence_and_a_look_all_of_a_small_folder(root):
    (root / "B" / "groundtruth_rect.txt").write_text("5,7,ten,6\n")
    source = FolderSource("otb", root)
    assert source.names == ["A", "B", "C"]
    with pytest.raises(InputError, match=r"B/groundtruth_rect\.txt, line 1"):
        source.look(accept)


def test_a_look_reads_a_few_of_a_large_folder_over_all_of_it(root, large):
    (root / "B" / "groundtruth_rect.txt").write_text("5,7,ten,6\n")
    seen = []
    source = FolderSource("otb", root)
    source.look(lambda sequence: seen.append(sequence.name))
    assert seen == ["A", "C"]
    with pytest.raises(InputError, match=r"B/groundtruth_rect\.txt, line 1"):
        source.targets(1)


def test_of_a_large_folder_one_usable_sequence_is_enough_and_none_is_an_error(root, large):
    (root / "A" / "groundtruth_rect.txt").write_text("5,7,ten,6\n")
    FolderSource("otb", root).look(accept)
    (root / "C" / "groundtruth_rect.txt").write_text("5,7,ten,6\n")
    with pytest.raises(InputError, match=r"^otb:.*C/groundtruth_rect\.txt, line 1"):
        FolderSource("otb", root).look(accept)


def test_boxes_of_few_sequences_are_held(root, monkeypatch):
    monkeypatch.setattr(sources, "KEPT_FRAMES", 8)  # two sequences of 3, and one for each
    source = FolderSource("otb", root)
    first = source.targets(0)
    assert source.targets(0) is first
    source.targets(1)
    source.targets(2)
    again = source.targets(0)
    assert again is not first
    np.testing.assert_array_equal(again[0].boxes, first[0].boxes)


# Several targets


def test_names_without_a_target_are_passed_over(tmp_path):
    for number in range(6):
        trees.det(tmp_path, boxes=[(10, 20, 16, 12)] if number == 3 else [], number=number)
    source, rng = FolderSource("det", tmp_path), np.random.default_rng(0)
    source.look(accept)
    assert {source.draw(rng, 3).name for _ in range(5)} == {"00000003.0"}


def test_a_folder_without_any_target_is_refused(tmp_path):
    source = FolderSource("det", trees.det(tmp_path, boxes=[(10, 20, 3, 3)]))
    for call in (lambda: source.look(accept), lambda: source.draw(np.random.default_rng(0))):
        with pytest.raises(InputError, match=r"^det:.*no object in it is large enough"):
            call()


def test_of_several_targets_one_that_is_usable_is_enough(tmp_path):
    def refuse(names):
        def check(sequence):
            if sequence.name in names:
                raise InputError(f"{sequence.name} is never seen")

        return check

    source = FolderSource("vid", trees.vid(tmp_path))
    source.look(refuse([f"{trees.VIDEO}.0"]))
    with pytest.raises(InputError, match="vid:"):
        source.look(refuse([f"{trees.VIDEO}.0", f"{trees.VIDEO}.1"]))
    names = {source.draw(np.random.default_rng(seed)).name for seed in range(20)}
    assert names == {f"{trees.VIDEO}.0", f"{trees.VIDEO}.1"}


def test_collages_look_at_their_folder_before_training(root):
    (root / "B" / "groundtruth_rect.txt").write_text("5,7,ten,6\n")
    (source,) = parse_sources(f"collage:{root}", seed=0)
    with pytest.raises(InputError, match=r"B/groundtruth_rect\.txt, line 1"):
        source.look(accept)
