"""How a recipe becomes a scene: what is where, and what moves how."""

import numpy as np
from numpy.random import Generator

from roam_lite.data.synthetic import actors
from roam_lite.data.synthetic.actors import Actor
from roam_lite.data.synthetic.backdrop import draw_backdrop
from roam_lite.data.synthetic.fields import SIDE, grain
from roam_lite.data.synthetic.kinds import draw_screen, draw_sprite
from roam_lite.data.synthetic.motion import roam, wander
from roam_lite.data.synthetic.recipe import Recipe
from roam_lite.data.synthetic.scene import Scene
from roam_lite.data.synthetic.sprites import Sprite, shadow_sprite

MARGIN = np.array([110, 60])  # pixels of backdrop beyond the frame, on each side
NOISE_ROOM = 64  # by how much the noise is larger than the frame
Size = tuple[int, int]  # width, height


def build_scene(
    rng: Generator, length: int, size: Size, recipe: Recipe, mean_size: float | None = None
) -> Scene:
    """A scene of `length` frames of `size` (width, height) in which `recipe` happens.

    The target's size is `mean_size` on average, or a random one if None.
    """
    jumps = rng.normal(0, 1, (length, 2)) * recipe.shake
    camera, camera_step = _film(rng, jumps, size, recipe)
    shake = actors.pose(jumps, np.ones(length))
    if mean_size is None:
        mean_size = np.exp(rng.uniform(np.log(26), np.log(80))) * min(min(size) / 240, 1.25)
    else:
        recipe = recipe.around(mean_size, rng)
    sprite = draw_sprite(rng, mean_size * 1.2, recipe.turn)
    target = _direct(rng, sprite, mean_size, size, recipe, length)
    behind, front = [], []
    for _ in range(recipe.distractors):
        other, other_size = sprite, mean_size * np.exp(rng.normal(0, 0.15))
        if rng.random() >= recipe.alike:
            other_size = np.clip(mean_size * np.exp(rng.normal(0, 0.5)), *recipe.sizes)
            other = draw_sprite(rng, other_size)
        actor = _direct(rng, other, other_size, size, recipe, length).moved(shake)
        hides = rng.random() < 0.2 and not _touch(actor, target, 0)
        (front if hides else behind).append(actor)
    if rng.random() < 0.4:
        behind.append(_under(target).moved(shake))
    for _ in range(recipe.occluders):
        meeting = int(rng.uniform(0.25, 0.95) * length)
        occluder = _stand(rng, target, meeting, mean_size, recipe, camera)
        if rng.random() < 0.5 or _touch(occluder, target, 0):  # the first frame shows the target
            occluder = _pass(rng, target, meeting, mean_size, recipe).moved(shake)
        front.append(occluder)
    front += [_shade(rng, length, size).moved(shake) for _ in range(recipe.shades)]
    light = wander(rng, length, 25) * recipe.light
    width, height = size
    return Scene(
        size=size,
        backdrop=draw_backdrop(rng, width + 2 * MARGIN[0], height + 2 * MARGIN[1], recipe.busy),
        camera=camera,
        camera_step=camera_step,
        cast=(*behind, target.moved(shake), *front),
        target=len(behind),
        shutter=recipe.shutter,
        defocus=recipe.defocus * np.clip(wander(rng, length, 30)[:, 0], 0, 1),
        gains=np.exp(light + wander(rng, length, 25, 3) * recipe.tint),
        noise=_noise(rng, height + NOISE_ROOM, width + NOISE_ROOM, recipe.noise),
        noise_corner=rng.integers(0, NOISE_ROOM + 1, (length, 2)),
        gray=recipe.gray,
    )


def _film(
    rng: Generator, jumps: np.ndarray, size: Size, recipe: Recipe
) -> tuple[np.ndarray, np.ndarray]:
    """The camera: maps frame -> backdrop [T, 2, 3], and its step per frame [T, 2]."""
    length = len(jumps)
    middle = np.array(size) / 2
    center = roam(rng, length, middle, middle + 2 * MARGIN, recipe.camera)
    zoom = np.exp(wander(rng, length, 40)[:, 0] * recipe.zoom - 0.05)
    angle = wander(rng, length, 40)[:, 0] * recipe.zoom * 0.3
    camera = actors.pose(center, zoom, 1.0, angle)
    camera[:, :, 2] -= np.einsum("tij,tj->ti", camera[:, :, :2], middle + jumps)
    step = np.gradient(center - jumps, axis=0) if length > 1 else np.zeros((1, 2))
    return camera, step


def _direct(
    rng: Generator, sprite: Sprite, mean_size: float, size: Size, recipe: Recipe, length: int
) -> Actor:
    """The sprite on its own path through the frame, changing as the recipe says."""
    border = np.minimum(mean_size * recipe.room, np.array(size) * 0.35)
    path = roam(rng, length, border, np.array(size) - border, recipe.speed * mean_size)
    sizes = mean_size * np.exp(wander(rng, length, 40)[:, 0] * recipe.scale)
    aspect = np.exp(wander(rng, length, 25)[:, 0] * recipe.aspect)
    angle = wander(rng, length, 30)[:, 0] * recipe.angle + recipe.spin * np.arange(length)
    stride = np.arange(length) * 2 * np.pi / rng.uniform(10, 30)
    angles = [
        stride if plan.rolls else plan.swing * recipe.swing * np.sin(stride + plan.phase)
        for plan in (part.plan for part in sprite.parts)
    ]
    phases = rng.uniform(0, 2 * np.pi, 2) + wander(rng, length, 30, 2)
    bend = np.hstack([wander(rng, length, 15, 2) * recipe.bend, phases])
    slide = recipe.turn * (0.5 + 0.5 * np.sin(wander(rng, length, 40)[:, 0] * 1.2))
    affine = actors.pose(path, np.clip(sizes, *recipe.sizes), aspect, angle)
    return Actor(sprite, affine, np.stack(angles, axis=1), bend, slide)


def _touch(one: Actor, other: Actor, t: int) -> bool:
    """Whether the boxes of two actors overlap at frame t."""
    (x, y, w, h), (u, v, p, q) = one.boxes[t], other.boxes[t]
    return bool(x < u + p and u < x + w and y < v + q and v < y + h)


def _under(target: Actor) -> Actor:
    """The shadow on the ground beneath something."""
    x, y, width, height = target.boxes.T
    center = np.stack([x + width / 2, y + height * 0.97], axis=1)
    return actors.still(shadow_sprite(0.45), actors.pose(center, width * 1.1 / 5**0.5, 5.0))


def _pass(rng: Generator, target: Actor, meeting: int, mean_size: float, recipe: Recipe) -> Actor:
    """Something that crosses in front of the target and meets it at frame `meeting`."""
    smallest, largest = recipe.sizes
    size = float(np.clip(mean_size * rng.uniform(0.7, 1.5), smallest, 1.5 * largest))
    direction = rng.choice([0.0, np.pi]) + rng.normal(0, 0.4)
    # Fast enough to be clear of the target's place at frame 0.
    pace = max(mean_size * rng.uniform(0.06, 0.2), 1.2 * (mean_size + size) / max(meeting, 1))
    way = pace * np.array([np.cos(direction), np.sin(direction)])
    time = np.arange(len(target.affine))[:, None] - meeting
    center = target.affine[meeting, :, 2] + rng.normal(0, 0.2, 2) * mean_size + way * time
    return actors.still(draw_sprite(rng, size), actors.pose(center, np.full(len(time), size)))


def _stand(
    rng: Generator,
    target: Actor,
    meeting: int,
    mean_size: float,
    recipe: Recipe,
    camera: np.ndarray,
) -> Actor:
    """Something fixed in the world that the target passes at frame `meeting`."""
    length, (smallest, largest) = len(camera), recipe.sizes
    size = float(np.clip(mean_size * rng.uniform(0.8, 2.0), smallest, 2 * largest))
    screen = draw_screen(rng, min(size, largest))
    place = camera[meeting] @ [*target.affine[meeting, :, 2], 1.0]
    place = place + rng.normal(0, 0.25, 2) * mean_size
    to_frame = np.linalg.inv(camera[:, :, :2])
    offset = -np.einsum("tij,tj->ti", to_frame, camera[:, :, 2])
    world = actors.pose(np.broadcast_to(place, (length, 2)), np.full(length, size))
    return actors.still(screen, world).moved(np.concatenate([to_frame, offset[:, :, None]], 2))


def _shade(rng: Generator, length: int, size: Size) -> Actor:
    """A large soft shadow that drifts over the scene."""
    path = roam(rng, length, np.zeros(2), np.array(size, float), rng.uniform(0.5, 4))
    large = np.full(length, rng.uniform(0.4, 1.0) * max(size))
    pose = actors.pose(path, large, np.exp(rng.normal(0, 0.4)), rng.uniform(0, np.pi))
    return actors.still(shadow_sprite(rng.uniform(0.25, 0.47)), pose)


def _noise(rng: Generator, height: int, width: int, deviation: float) -> np.ndarray:
    """Noise int16 [height, width, 3], a piece of the process's grain."""
    field = grain()
    missing = max(height - SIDE, width - SIDE, 0)
    if missing:
        field = np.pad(field, ((0, missing), (0, missing), (0, 0)), mode="wrap")
    y, x = (rng.integers(0, len(field) - side + 1) for side in (height, width))
    piece = field[y : y + height, x : x + width] * np.float32(deviation)
    return np.rint(piece, out=piece).astype(np.int16)
