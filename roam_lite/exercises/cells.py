"""Exercises 4 and 5 of 01_patches_and_features: where cells lie, and layers of your own."""

import numpy as np
from numpy.typing import NDArray

from roam_lite.exercises.exercise import Exercise, Function, Mistake

Array = NDArray[np.float64]
Layers = list[tuple[int, int, int]]  # (kernel, stride, padding)
MOST_TAPS = 10  # of 01.5, per patch pixel

# 01.4


def cell_positions(layers: Layers, count: int) -> Array:
    """Return where the cells 0 to `count` - 1 of a stack of layers are centered, in patch pixels.

    `layers` are `(kernel, stride, padding)` from the first to the last; pixel j is centered at j + 0.5.
    """
    first, step = 0.5, 1
    for kernel, stride, padding in layers:
        first += ((kernel - 1) / 2 - padding) * step
        step *= stride
    return first + step * np.arange(count)


def _without_half(layers: Layers, count: int) -> Array:
    return cell_positions(layers, count) - 0.5


def _step(layers: Layers) -> int:
    return int(np.prod([stride for _, stride, _ in layers]))


def _in_cells_of_the_last_layer(layers: Layers, count: int) -> Array:
    first = 0.5 + sum((kernel - 1) / 2 - padding for kernel, _, padding in layers)
    return first + _step(layers) * np.arange(count)


def _draw_layers(rng: np.random.Generator) -> tuple[Layers, int]:
    kernels = rng.integers(1, 7, 4)
    strides = np.array([1, 2, 1, 2])
    paddings = [int(rng.integers(0, kernel)) for kernel in kernels]
    return list(zip(kernels.tolist(), strides.tolist(), paddings, strict=True)), int(
        rng.integers(5, 12)
    )


_CELLS = Exercise(
    "01.4",
    "where a cell lies in the patch",
    cell_positions,
    _draw_layers,
    (
        Mistake(
            "half a pixel",
            _without_half,
            "Almost: where is the center of the first pixel in continuous coordinates?",
        ),
        Mistake(
            "stride alone",
            lambda layers, count: _step(layers) * np.arange(count),
            "The distance between cells is right. The first cell is not at 0: kernels without "
            "padding look further right, padding moves them back.",
        ),
        Mistake(
            "middle of the stride",
            lambda layers, count: _step(layers) * (np.arange(count) + 0.5),
            "True for layers that are symmetric about their stride, as in VGG-16 and the small backbone. Try "
            "one layer of kernel 3, stride 1 and padding 0 by hand.",
        ),
        Mistake(
            "padding forgotten",
            lambda layers, count: cell_positions([(k, s, 0) for k, s, _ in layers], count),
            "Padding lets the first kernel begin outside the map.",
        ),
        Mistake(
            "shift not in pixels",
            _in_cells_of_the_last_layer,
            "A shift by one tap of a later layer is a shift by several pixels of the patch: by how "
            "many?",
        ),
    ),
)

# 01.5


def layers_of(stride: int, sight: int) -> Layers:
    """Return layers of a total stride (4 or 8) whose cells see at least `sight` pixels of the patch."""
    layers, apart, seen = [], 1, 1
    while seen < sight:
        layers.append((4, 2, 1) if apart < stride else (3, 1, 1))
        seen += (layers[-1][0] - 1) * apart
        apart *= layers[-1][1]
    return layers


def sight_of(layers: Layers) -> int:
    """Return how many pixels along an axis a cell sees."""
    return 1 + sum((kernel - 1) * _step(layers[:i]) for i, (kernel, _, _) in enumerate(layers))


def taps_of(layers: Layers) -> float:
    """Return the taps of all kernels that are computed for each patch pixel, channels left out."""
    return sum(k * k / _step(layers[: i + 1]) ** 2 for i, (k, _, _) in enumerate(layers))


def reached(design: Function, arguments: tuple[int, int]) -> Array:
    """Return four flags, 1 or 0: is the stride right, the first cell's place, the sight, the cost?"""
    stride, sight = arguments
    layers = [tuple(map(int, layer)) for layer in design(stride, sight)]
    first = cell_positions(layers, 1)[0]
    flags = (
        _step(layers) == stride,
        abs(first - stride / 2) < 1e-9,
        sight_of(layers) >= sight,
        taps_of(layers) <= MOST_TAPS,
    )
    return np.array(flags, dtype=float)


def _with_first(layer_of, rest: Function = lambda stride, sight: []):
    return lambda stride, sight: [layer_of(stride, sight), *rest(stride, sight)]


_DESIGN = Exercise(
    "01.5",
    "layers of your own",
    layers_of,
    lambda rng: (int(rng.choice([4, 8])), int(rng.integers(24, 61))),
    (
        Mistake(
            "one large kernel",
            _with_first(
                lambda stride, sight: (sight + sight % 2, stride, (sight - stride + 1) // 2)
            ),
            "It sees enough, and it costs too much: the taps grow with the kernel's area. Two "
            "small kernels see as far as a large one for less; the later, the less.",
        ),
        Mistake(
            "stride alone",
            _with_first(lambda stride, sight: (stride, stride, 0)),
            "Cheap, and in the right place, but each cell sees no pixel that its neighbor sees. "
            "What lets a cell see further without moving it?",
        ),
        Mistake(
            "out of place",
            lambda stride, sight: [(k, s, 0) for k, s, _ in layers_of(stride, sight)],
            "Everything is as asked but the place. Padding moves the cells to the left; a kernel of "
            "stride 2 lies between two pixels if it is even, and on a pixel if it is odd.",
        ),
        Mistake(
            "no stride",
            lambda stride, sight: [(3, 1, 1)],
            "At stride 1 each pixel would be a cell, and every layer at its dearest.",
        ),
    ),
    observe=reached,
)

EXERCISES = (_CELLS, _DESIGN)
