"""Labels that the model gives itself are those the tracker would find."""

from dataclasses import replace

import numpy as np
import torch

from roam_lite.model.boxes import decode_boxes
from roam_lite.model.losses import anchors_at, make_targets
from roam_lite.model.self_labels import Beliefs, own_targets
from roam_lite.model.tracking_model import ThetaLayout, predict
from roam_lite.rules.adapt import update_loss
from tests.tiny import TINY, draw_batch

LAYOUT = ThetaLayout.of(TINY)
CELLS = torch.arange(TINY.patch_size // 4, dtype=torch.float64) * 4 + 2
VIDEOS, SAMPLES = 3, 2


def draw(seed=0):
    samples = draw_batch(np.random.default_rng(seed), VIDEOS, SAMPLES).samples(TINY)
    generator = torch.Generator().manual_seed(seed)
    theta = 0.3 * torch.randn(VIDEOS, LAYOUT.size, generator=generator, dtype=torch.float64)
    priors = torch.tensor([9.0, 8.0, 6.0, 8.0], dtype=torch.float64).repeat(VIDEOS, SAMPLES, 1)
    return theta, samples, priors + torch.rand(priors.shape, generator=generator)


def label(theta, samples, priors, profile=TINY):
    response, deltas = predict(LAYOUT, theta.detach(), samples.features, samples.sizes)
    return own_targets(response, deltas, samples.sizes, Beliefs(priors, CELLS), profile)


def found_by_hand(theta, samples, priors, profile):
    """The smoothed box [N, n, 4] of every sample, one at a time."""
    response, deltas = predict(LAYOUT, theta, samples.features, samples.sizes)
    anchors = anchors_at(CELLS, CELLS, samples.sizes, profile)
    boxes = torch.zeros_like(priors)
    for video in range(VIDEOS):
        for sample in range(SAMPLES):
            x, y, w, h = priors[video, sample].tolist()
            best, chosen = -1.0, None
            for row in range(len(CELLS)):
                for column in range(len(CELLS)):
                    box = decode_boxes(
                        deltas[video, sample, :, row, column], anchors[video, row, column]
                    )
                    bw, bh = box[2:].tolist()
                    p, bp = (w + h) / 2, (bw + bh) / 2
                    s = np.sqrt((bw + bp) * (bh + bp) / ((w + p) * (h + p)))
                    r = (bw / bh) / (w / h)
                    penalty = np.exp(-profile.penalty * (max(s, 1 / s) * max(r, 1 / r) - 1))
                    far = ((CELLS[column] - x - w / 2) ** 2 + (CELLS[row] - y - h / 2) ** 2) / (
                        w * h
                    )
                    said = max(0.0, float(response[video, sample, row, column]))
                    score = said * penalty * np.exp(-profile.motion * float(far))
                    if score > best:
                        share = min(1.0, profile.size_rate * penalty * said)
                        size = (1 - share) * priors[video, sample, 2:] + share * box[2:]
                        best, chosen = score, torch.cat([box[:2] + box[2:] / 2 - size / 2, size])
            boxes[video, sample] = chosen
    return boxes


def test_labels_are_the_boxes_of_the_highest_score_smoothed():
    theta, samples, priors = draw()
    labelled = label(theta, samples, priors)
    boxes = found_by_hand(theta, samples, priors, TINY)
    expected = make_targets(boxes, samples.sizes, CELLS, CELLS, TINY)
    torch.testing.assert_close(labelled.labels, expected.labels)
    torch.testing.assert_close(labelled.deltas, expected.deltas)
    assert torch.equal(labelled.near, expected.near)


def test_labels_depend_on_what_the_tracker_believed():
    theta, samples, priors = draw(2)
    elsewhere = replace(TINY, motion=50.0)
    labelled, moved = label(theta, samples, priors), label(theta, samples, priors - 8, elsewhere)
    assert not torch.equal(moved.labels, labelled.labels)


def test_the_update_loss_takes_its_own_labels_as_constants():
    theta, samples, priors = draw(3)
    point = theta.requires_grad_()
    believed = replace(samples, targets=Beliefs(priors, CELLS))
    labelled = replace(samples, targets=label(theta, samples, priors))
    losses = [update_loss(point, given, TINY) for given in (believed, labelled)]
    torch.testing.assert_close(*losses)
    gradients = [torch.autograd.grad(loss.sum(), point)[0] for loss in losses]
    torch.testing.assert_close(*gradients)


def test_scaled_models_give_the_same_labels():
    theta, samples, priors = draw(1)
    believed = replace(samples, targets=Beliefs(priors, CELLS))
    scales = torch.rand_like(theta) + 0.5
    plain = update_loss(theta, believed, TINY)
    torch.testing.assert_close(update_loss(theta * scales, believed, TINY, scales), plain)
