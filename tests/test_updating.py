"""What updates learn from: which frames, with which weights, and for which videos."""

from dataclasses import replace
from math import exp

import pytest
import torch

from roam_lite.profiles import get_profile
from roam_lite.updating import SampleMemory

SMOKE = get_profile("smoke")
CELLS = torch.arange(16) * 4.0 + 2
SIZES = torch.tensor([[5, 5], [5, 3]])
FIRST = torch.tensor([[16.0, 18, 13, 12], [20, 20, 10, 10], [25, 25, 14, 14]]).expand(2, 3, 4)
ONLINE = replace(SMOKE.online, update_interval=3)


def frame(number):
    """Features that hold the frame's number, and a box that depends on it."""
    return torch.full((2, 1, 8, 16, 16), float(number)), torch.tensor(
        [[16.0 + number, 18, 13, 12]] * 2
    )


def memory_of(count, responses=None, **constants):
    """A memory that has seen `count` frames, numbered from 1; the first frame's three are -1."""
    memory = SampleMemory(torch.full((2, 3, 8, 16, 16), -1.0), FIRST, replace(ONLINE, **constants))
    for number in range(1, count + 1):
        response = torch.ones(2) if responses is None else torch.tensor(responses[number - 1])
        memory.add(frame(number), response)
    return memory


def numbers(samples):
    return samples.features[0, :, 0, 0, 0].int().tolist()


def batches(memory):
    return memory.batches(SIZES, CELLS, SMOKE.model)


@pytest.mark.parametrize(
    ("count", "older", "newer"),
    [(1, [1], [1]), (3, [1, 2, 3], [1, 2, 3]), (4, [1], [2, 3, 4]), (6, [1, 2, 3], [4, 5, 6]),
     (8, [3, 4, 5], [6, 7, 8])],
)  # fmt: skip
def test_by_default_the_older_half_of_the_last_frames_comes_first(count, older, newer):
    found = batches(memory_of(count))
    assert [numbers(batch) for batch in found] == [older, newer]
    assert all(batch.weights is None for batch in found)
    found = batches(memory_of(count, update_batches="all", update_steps=3))
    assert [numbers(batch) for batch in found] == 3 * [sorted({*older, *newer})]


def test_what_is_replayed_is_spread_evenly_over_what_is_remembered():
    spread = {"memory": 20, "replayed": 4, "update_batches": "all"}
    assert numbers(batches(memory_of(30, **spread))[0]) == [11, 16, 22, 27, 28, 29, 30]
    assert numbers(batches(memory_of(16, **spread))[0]) == [1, 5, 9, 13, 14, 15, 16]
    assert numbers(batches(memory_of(6, **spread))[0]) == [1, 2, 3, 4, 5, 6]  # no more to replay
    older, newer = batches(memory_of(30, **spread | {"update_batches": "halves"}))
    assert (numbers(older), numbers(newer)) == ([11, 16, 22, 27], [28, 29, 30])
    # Without a number of their own, as many as the newest; with one, the oldest.
    assert numbers(batches(memory_of(30, memory=20))[0]) == [11, 19, 27]
    assert numbers(batches(memory_of(30, memory=20, replayed=1))[0]) == [11]


def test_frames_that_are_not_kept_are_not_learned_from():
    memory = memory_of(3)
    for number in (4, 5):
        memory.add(frame(number) if number == 5 else None, torch.ones(2))
    older, newer = batches(memory)
    assert (numbers(older), numbers(newer)) == ([1], [2, 3, 5])


def test_samples_have_the_targets_of_their_boxes():
    (batch, _) = batches(memory_of(2, first_share=0.25))
    for index, box in enumerate((*FIRST[0], frame(1)[1][0], frame(2)[1][0])):
        row, column = divmod(int(batch.targets.labels[0, index].argmax()), 16)
        assert abs(4 * column + 2 - float(box[0] + box[2] / 2)) <= 2
        assert abs(4 * row + 2 - float(box[1] + box[3] / 2)) <= 2


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_the_first_frame_never_leaves_and_has_its_share_of_every_batch(share):
    for batch in batches(memory_of(20, first_share=share)):
        assert numbers(batch)[:3] == [-1] * 3
        torch.testing.assert_close(batch.weights[:, :3], torch.full((2, 3), share / 3))
        torch.testing.assert_close(batch.weights[:, 3:], torch.full((2, 3), (1 - share) / 3))


def test_weights_grow_with_the_response_up_to_the_first_ones_and_fall_with_age():
    responses = [[0.2, 0.9], [0.8, -0.5], [1.7, 0.3]]
    for power, age in ((1.0, 0.0), (2.0, 0.0), (0.0, 0.1), (1.0, 0.1)):
        memory = memory_of(3, responses, certainty=power, age=age)
        (batch, _) = batches(memory)
        for video in range(2):
            clipped = [min(max(response[video], 1e-6), 1) for response in responses]
            raw = [c**power * exp(-age * ago) for c, ago in zip(clipped, (2, 1, 0), strict=True)]
            expected = torch.tensor(raw) / sum(raw)
            torch.testing.assert_close(batch.weights[video], expected, rtol=1e-4, atol=1e-6)


def test_long_after_the_first_frames_weights_are_still_numbers():
    memory = memory_of(2, age=50.0, memory=9)
    memory.time += 10**6
    memory.add(frame(3), torch.zeros(2))
    (batch, _) = batches(memory)
    torch.testing.assert_close(batch.weights, torch.tensor([[0.0, 0.0, 1.0]] * 2))


def test_videos_whose_last_interval_responded_weakly_learn_nothing():
    responses = [
        [0.0, 9.0],
        [0.6, 0.1],
        [0.9, 0.2],
        [0.3, 0.9],
    ]  # means of the last three: 0.6, 0.4
    memory = memory_of(4, responses, update_response=0.5)
    assert memory.learns().tolist() == [True, False]
    for batch in batches(memory):
        torch.testing.assert_close(batch.weights.sum(dim=1), torch.tensor([1.0, 0.0]))


def test_one_frame_alone_is_learned_from_beside_the_first():
    memory = memory_of(5, first_share=0.25)
    batch = memory.samples([-1], SIZES, CELLS, SMOKE.model, torch.tensor([True, False]))
    assert numbers(batch) == [-1, -1, -1, 5]
    torch.testing.assert_close(batch.weights[0], torch.tensor([0.25 / 3] * 3 + [0.75]))
    assert not batch.weights[1].any()
