"""The paper's equations once more, in float64 NumPy: clear loops, no code of the library.

Written from the paper's text and the project's conventions. One video at a time: features
`[n, C, H, W]`, boxes `[n, 4]` as (x, y, w, h) in patch pixels, cells at 4k + 2 patch pixels.
`constants` is a configuration (rho is `model.filter_scale`, c is `model.stride`, ...).
"""

from math import ceil, exp

import numpy as np


def cell_positions(count):
    return np.array([4.0 * k + 2.0 for k in range(count)])


# Section 3.1: the tracking model


def split_theta(theta, constants):
    """(1): [theta_cf, theta_reg], each as (reduction, reduction bias, kernel, bias)."""
    c, r, k = constants.model.channels, constants.model.reduced, constants.model.base_filter
    branches, start = [], 0
    for outputs in (1, 4):
        parts = []
        for shape in ((r, c), (r,), (outputs, r, k, k), (outputs,)):
            length = int(np.prod(shape))
            parts.append(theta[start : start + length].reshape(shape))
            start += length
        branches.append(tuple(parts))
    assert start == len(theta)
    return branches


def warp(kernel, rows, columns):
    """(2), (3): the kernel [O, C, k, k] sampled at rows x columns points, corners on corners."""
    base = kernel.shape[-1]
    out = np.zeros((*kernel.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            y = i * (base - 1) / (rows - 1) if rows > 1 else 0.0
            x = j * (base - 1) / (columns - 1) if columns > 1 else 0.0
            top, left = min(int(y), base - 1), min(int(x), base - 1)
            bottom, right = min(top + 1, base - 1), min(left + 1, base - 1)
            v, u = y - top, x - left
            out[:, :, i, j] = (
                (1 - v) * (1 - u) * kernel[:, :, top, left]
                + (1 - v) * u * kernel[:, :, top, right]
                + v * (1 - u) * kernel[:, :, bottom, left]
                + v * u * kernel[:, :, bottom, right]
            )
    return out


def filter_side(extent, cells, constants):
    """(4), (5) for one axis: odd, at least 1, at most the largest odd number that fits the map."""
    side = ceil(constants.model.filter_scale * extent / constants.model.stride)
    side = side - side % 2 + 1
    while side > cells:
        side -= 2
    return max(side, 1)


def anchor_extent(rows, columns, constants):
    """(6), in patch pixels."""
    factor = constants.model.stride / constants.model.filter_scale
    return columns * factor, rows * factor


def correlate(maps, kernel):
    """Every output at every cell: the sum of products under the kernel, zeros outside the map."""
    outputs, _, rows, columns = kernel.shape
    _, height, width = maps.shape
    up, left = rows // 2, columns // 2
    padded = np.pad(maps, ((0, 0), (up, up), (left, left)))
    out = np.zeros((outputs, height, width))
    for i in range(height):
        for j in range(width):
            window = padded[:, i : i + rows, j : j + columns]
            for o in range(outputs):
                out[o, i, j] = (kernel[o] * window).sum()
    return out


def predict(theta, features, size, constants):
    """Response [n, H, W] and deltas [n, 4, H, W]: reduction, then the warped kernel."""
    maps = []
    for reduction, reduction_bias, kernel, bias in split_theta(theta, constants):
        warped = warp(kernel, *size)
        samples = []
        for sample in features:
            reduced = np.tensordot(reduction, sample, axes=1) + reduction_bias[:, None, None]
            samples.append(correlate(reduced, warped) + bias[:, None, None])
        maps.append(np.stack(samples))
    return maps[0][:, 0], maps[1]


# Section 3.2: targets and losses


def label_map(box, xs, ys, constants):
    """(8), all lengths in cells."""
    x, y, w, h = np.asarray(box) / constants.model.stride
    x0, y0 = x + w / 2, y + h / 2
    out = np.zeros((len(ys), len(xs)))
    for i, cell_y in enumerate(ys / constants.model.stride):
        for j, cell_x in enumerate(xs / constants.model.stride):
            distance = (cell_x - x0) ** 2 / w**2 + (cell_y - y0) ** 2 / h**2
            out[i, j] = exp(-constants.model.label_sharpness * distance)
    return out


def encode(box, anchor):
    """The parameterization of Faster R-CNN: shifts in anchor sizes, sizes as log ratios."""
    (x, y, w, h), (ax, ay, aw, ah) = box, anchor
    dx = ((x + w / 2) - (ax + aw / 2)) / aw
    dy = ((y + h / 2) - (ay + ah / 2)) / ah
    return np.array([dx, dy, np.log(w / aw), np.log(h / ah)])


def overlap(a, b):
    """Intersection over union of two boxes."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def box_targets(box, size, xs, ys, constants):
    """B: [4, H, W] relative to each cell's anchor, and the cells [H, W] that the loss counts."""
    width, height = anchor_extent(*size, constants)
    shifts, sizes = constants.model.delta_spread
    deltas = np.zeros((4, len(ys), len(xs)))
    ranking = []
    for i, cell_y in enumerate(ys):
        for j, cell_x in enumerate(xs):
            anchor = (cell_x - width / 2, cell_y - height / 2, width, height)
            deltas[:, i, j] = encode(box, anchor) / [shifts, shifts, sizes, sizes]
            far = (cell_x - box[0] - box[2] / 2) ** 2 + (cell_y - box[1] - box[3] / 2) ** 2
            # Equal overlaps are common (0, or one inside the other): the nearer anchor counts.
            ranking.append((overlap(anchor, box) - 1e-6 * far, i, j))
    positive = np.zeros((len(ys), len(xs)))
    for _, i, j in sorted(ranking, reverse=True)[: constants.model.regression_anchors]:
        positive[i, j] = 1
    return deltas, positive


def targets(boxes, size, xs, ys, constants):
    """M [n, H, W], B [n, 4, H, W] and the counted anchors [n, H, W] of n samples."""
    labels = np.stack([label_map(box, xs, ys, constants) for box in boxes])
    pairs = [box_targets(box, size, xs, ys, constants) for box in boxes]
    return labels, np.stack([d for d, _ in pairs]), np.stack([positive for _, positive in pairs])


def prediction_loss(response, deltas, labels, box_deltas, positive, constants):
    """(7), averaged over the samples (12), with its derivatives by response and deltas."""
    error = response - labels
    if constants.model.response_loss == "plain":
        weight = np.full_like(error, 1 / error.size)
    else:
        easy = constants.model.easy_error
        counted = np.abs(error) >= easy
        divisor = counted if constants.model.response_loss == "balanced" else labels >= easy
        weight = counted * np.exp(labels) / (divisor.sum() + 1)
    response_loss = (weight * error**2).sum()

    distance = deltas - box_deltas
    smooth = np.where(np.abs(distance) < 1, distance**2 / 2, np.abs(distance) - 0.5)
    per_frame = 4 * positive.sum(axis=(1, 2))[:, None, None, None]
    share = positive[:, None] / per_frame / len(deltas)
    regression_loss = (share * smooth).sum()
    slopes = 2 * weight * error, share * np.clip(distance, -1, 1)
    return response_loss + regression_loss, slopes


def tracking_loss(theta, features, boxes, size, constants):
    """(7), (12), (13): the loss of one video's model on n samples."""
    return loss_and_gradient(theta, features, boxes, size, constants, gradient=False)[0]


def loss_and_gradient(theta, features, boxes, size, constants, gradient=True):
    """The loss and its gradient by theta.

    Response and deltas are affine in every single coordinate of theta, so a step of 1 along
    it gives their exact derivative.
    """
    ys, xs = (cell_positions(count) for count in features.shape[2:])
    response, deltas = predict(theta, features, size, constants)
    loss, slopes = prediction_loss(
        response, deltas, *targets(boxes, size, xs, ys, constants), constants
    )
    slope = np.zeros_like(theta)
    for i in range(len(theta) if gradient else 0):
        moved = theta.copy()
        moved[i] += 1
        response_moved, deltas_moved = predict(moved, features, size, constants)
        slope[i] = (slopes[0] * (response_moved - response)).sum()
        slope[i] += (slopes[1] * (deltas_moved - deltas)).sum()
    return loss, slope


# Section 3.2: the neural optimizer


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def update(theta, rates, gradient):
    """(9)."""
    return theta - rates * gradient


def log_and_sign(gradient, p):
    """The preprocessing of Andrychowicz et al. (2016), appendix A."""
    first, second = [], []
    for g in gradient:
        large = abs(g) >= exp(-p)
        first.append(np.log(abs(g)) / p if large else -1.0)
        second.append(np.sign(g) if large else exp(p) * g)
    return np.array(first), np.array(second)


def input_stack(kind, rates, gradient, theta, loss, p):
    """(10): [P, 4], or [P, 5] with gradient and learning rate shown by their logarithms."""
    losses = np.full_like(theta, loss)
    if kind == "raw":
        return np.stack([rates, gradient, theta, losses], axis=1)
    return np.stack([np.log(rates) / p, *log_and_sign(gradient, p), theta, losses], axis=1)


def lstm_cell(x, h, c, weights, name):
    """Input, forget, cell and output gate of one layer, for a batch of coordinates."""
    z = x @ weights[f"{name}.weight_ih"].T + weights[f"{name}.bias_ih"]
    z = z + h @ weights[f"{name}.weight_hh"].T + weights[f"{name}.bias_hh"]
    i, f, g, o = np.split(z, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def emitted_rates(stack, memory, weights, around=None):
    """(11): sigmoid of two LSTM layers and a linear one; memory is [(h, c), (h, c)] or None.

    With `around` (lambda0) the network moves the logits of these rates instead.
    """
    hidden = weights["cells.0.weight_hh"].shape[1]
    if memory is None:
        memory = [(np.zeros((len(stack), hidden)),) * 2] * 2
    x, after = stack, []
    for layer, (h, c) in enumerate(memory):
        after.append(lstm_cell(x, h, c, weights, f"cells.{layer}"))
        x = after[-1][0]
    center = 0 if around is None else np.log(around / (1 - around))
    return sigmoid(x @ weights["output.weight"][0] + weights["output.bias"] + center), after


def averaged_meta_loss(theta, rates, videos, weights, constants, parts):
    """(14) by Algorithm 1, lines 4 to 13.

    A video is a list of T pairs (update, future), each of them (features, boxes, size). `parts`
    [P] says which learned gain on lambda0 a coordinate has, where rates are relative to that.
    """
    total, count = 0.0, 0
    for pairs in videos:
        model, last, memory = theta, rates, None
        for t, (samples, future) in enumerate(pairs):
            loss, gradient = loss_and_gradient(model, *samples, constants)
            if t > 0:
                kind, p = constants.rule.input, constants.rule.input_range
                stack = input_stack(kind, last, gradient, model, loss, p)
                around = None
                if constants.rule.initial_share is not None:
                    around = rates * np.exp(weights["log_gains"])[parts]
                last, memory = emitted_rates(stack, memory, weights, around)
            model = update(model, last, gradient)
            total += tracking_loss(model, *future, constants)
            count += 1
    return total / count


# Section 3.3: random filter scaling


def scales(uniform, kappa):
    """(15): epsilon from numbers in [0, 1)."""
    return np.exp((2 * uniform - 1) * kappa)
