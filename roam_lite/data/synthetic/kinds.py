"""The catalog of things: people, animals, vehicles, faces, birds, objects."""

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from roam_lite.data.synthetic import shapes
from roam_lite.data.synthetic.sprites import Plan, Sprite, make_sprite, perforated
from roam_lite.data.synthetic.textures import draw_colors

MIRROR = np.array([-1.0, 1.0])


def draw_sprite(rng: Generator, size: float, turn: float = 0.0) -> Sprite:
    """A random thing, sharp up to `size` pixels per unit; `turn` as in `make_sprite`."""
    kind, low, high = KINDS[rng.integers(len(KINDS))]
    plans = kind(rng)
    if rng.random() < 0.5:
        plans = [
            replace(p, outline=p.outline * MIRROR, pivot=p.pivot * MIRROR, swing=-p.swing)
            for p in plans
        ]
    return make_sprite(rng, plans, np.exp(rng.uniform(np.log(low), np.log(high))), size, turn)


def draw_screen(rng: Generator, size: float) -> Sprite:
    """Something to stand in front: a pole, a panel or a bush."""
    kind = rng.integers(3)
    if kind == 0:
        post = Plan(shapes.ellipse(1, 1, 30), draw_colors(rng, 4, 0.2), made=0.2)
        return make_sprite(rng, [post], rng.uniform(0.06, 0.16), size)
    if kind == 1:
        panel = Plan(shapes.ellipse(1, 1, 30), draw_colors(rng, 4, 0.4), made=0.7, marks=True)
        return make_sprite(rng, [panel], rng.uniform(0.3, 1.2), size)
    bush = Plan(shapes.blob(rng, 1, 1, 0.3), draw_colors(rng, 4), made=0.0)
    return perforated(rng, make_sprite(rng, [bush], rng.uniform(0.5, 1.5), size))


def person(rng: Generator) -> list[Plan]:
    """A walking person of height 1; arms and legs swing."""
    shirt, trousers = draw_colors(rng, 4, 0.5), draw_colors(rng, 3, 0.25)
    skin, hair = _skin(rng), draw_colors(rng, 2, 0.1) // 2
    wide, swing = rng.uniform(0.9, 1.4), rng.uniform(0.1, 0.6)
    bare = rng.random() < 0.4
    shoulder, hip = (0.1 * wide, -0.3), (0.05 * wide, 0.02)
    arm = shapes.limb(0.34, 0.075 * wide, 0.05, shoulder)
    leg = shapes.limb(0.45, 0.11 * wide, 0.06, hip)
    torso = shapes.ellipse(0.25 * wide, 0.42, 3.5, (0, -0.16))
    skirt = shapes.ellipse(0.24 * wide, rng.uniform(0.15, 0.4), 3.0, (0, 0.08))
    return [
        Plan(arm * MIRROR, skin if bare else shirt, shoulder * MIRROR, swing, np.pi),
        Plan(leg * MIRROR, trousers, hip * MIRROR, swing, 0.0),
        Plan(leg, trousers, hip, swing, np.pi),
        *([Plan(skirt, trousers)] if rng.random() < 0.3 else []),
        Plan(torso, shirt, marks=True, made=0.4),
        Plan(shapes.ellipse(0.14, 0.17, at=(0, -0.45)), hair, (0, -0.36), 0.1, 1.0, made=0.0),
        Plan(shapes.ellipse(0.11, 0.13, at=(0.01, -0.43)), skin, (0, -0.36), 0.1, 1.0, made=0.0),
        Plan(arm, skin if bare else shirt, shoulder, swing, 0.0),
    ]


def animal(rng: Generator) -> list[Plan]:
    """Something on four legs, facing right; legs, tail and head move."""
    fur = draw_colors(rng, 4, 0.05)
    swing, length = rng.uniform(0.15, 0.6), rng.uniform(0.2, 0.55)
    neck = (0.46, rng.uniform(-0.4, -0.05))
    head = shapes.blob(rng, rng.uniform(0.25, 0.4), rng.uniform(0.16, 0.28), 0.12, neck)
    throat = shapes.limb(float(np.hypot(*neck)) * 0.8, 0.26, 0.14)
    lean = np.arctan2(neck[1], neck[0]) - np.pi / 2
    turn = np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    tail = shapes.limb(rng.uniform(0.15, 0.5), 0.07, 0.03, (-0.47, -0.1))
    far = [_leg(length, fur // 10 * 7, *step, swing) for step in ((-0.34, 0.0), (0.28, np.pi))]
    near = [_leg(length, fur, *step, swing) for step in ((-0.26, np.pi), (0.36, 0.0))]
    spotted = rng.random() < 0.3
    return [
        *far,
        Plan(tail, fur, (-0.47, -0.1), swing, 2.0, made=0.0),
        Plan(throat @ turn, fur, made=0.0),
        Plan(head, fur, (0.37, neck[1] * 0.8), 0.3 * swing, 1.0, made=0.0),
        Plan(shapes.blob(rng, 1.0, rng.uniform(0.32, 0.46), 0.1), fur, made=0.1, marks=spotted),
        *near,
    ]


def vehicle(rng: Generator) -> list[Plan]:
    """A car, van or truck from the side; wheels roll."""
    paint, glass = draw_colors(rng, 3, 0.6), draw_colors(rng, 3) // 3
    tire = draw_colors(rng, 2) // 5
    radius = rng.uniform(0.17, 0.25)
    width, height, power = rng.uniform(0.35, 0.95), rng.uniform(0.3, 0.5), rng.uniform(2.5, 8)
    middle = (rng.uniform(-0.15, 0.15), -0.22)
    cabin = shapes.ellipse(width, height, power, middle)
    pane = shapes.ellipse(0.85 * width, 0.7 * height, power, (middle[0], -0.25))
    body = shapes.ellipse(1.1, rng.uniform(0.26, 0.4), rng.uniform(3, 9))
    hub = np.concatenate([tire, np.uint8([[170, 170, 175]])])
    plans = [
        Plan(cabin, paint, made=0.1),
        Plan(pane, glass, made=0.2),
        Plan(body, paint, made=0.15, marks=rng.random() < 0.5),
    ]
    for x in (-0.34, 0.34):
        plans.append(Plan(shapes.ellipse(radius, radius, at=(x, 0.15)), tire, made=0.0))
        disc = shapes.polygon(rng, radius * 0.6, radius * 0.6, (x, 0.15))
        plans.append(Plan(disc, hub, (x, 0.15), rolls=True, made=0.0))
    return plans


def front(rng: Generator) -> list[Plan]:
    """A vehicle from the front or behind."""
    paint, glass = draw_colors(rng, 3, 0.6), draw_colors(rng, 3) // 3
    dark, lamps = draw_colors(rng, 2) // 5, draw_colors(rng, 2, 0.9) // 2 + 127
    lamp = shapes.ellipse(0.16, 0.09, 3, (0.34, 0.08))
    tire = shapes.ellipse(0.16, 0.3, 4, (0.36, 0.36))
    return [
        Plan(tire, dark, made=0.0),
        Plan(tire * MIRROR, dark, made=0.0),
        Plan(shapes.ellipse(0.84, rng.uniform(0.5, 0.8), rng.uniform(2.5, 6), (0, -0.18)), paint),
        Plan(shapes.ellipse(0.66, 0.26, 4, (0, -0.24)), glass, made=0.2),
        Plan(shapes.ellipse(1.0, 0.48, rng.uniform(4, 10), (0, 0.14)), paint, marks=True),
        Plan(lamp, lamps, made=0.0),
        Plan(lamp * MIRROR, lamps, made=0.0),
    ]


def face(rng: Generator) -> list[Plan]:
    """A head from the front: hair, skin, eyes, mouth."""
    skin, hair, dark = _skin(rng), draw_colors(rng, 3, 0.1) // 2, draw_colors(rng, 2) // 4
    eye = shapes.ellipse(0.13, 0.06, at=(0.17, rng.uniform(-0.12, 0.0)))
    brow = shapes.ellipse(0.2, 0.03, at=(0.18, -0.17))
    mouth = shapes.ellipse(rng.uniform(0.15, 0.3), rng.uniform(0.03, 0.1), at=(0, 0.28))
    return [
        Plan(shapes.blob(rng, 0.9, 0.95, 0.1, (0, -0.08)), hair, made=0.0),
        Plan(shapes.ellipse(0.7, 0.9, 2.2, (0, 0.08)), skin, made=0.0),
        *(Plan(p, dark, made=0.0) for p in (eye, eye * MIRROR, brow, brow * MIRROR)),
        Plan(shapes.ellipse(0.1, 0.2, at=(0.02, 0.08)), skin, made=0.0),
        Plan(mouth, skin // 2, (0, 0.28), 0.1, 0.0, made=0.0),
    ]


def bird(rng: Generator) -> list[Plan]:
    """A body with two wings that beat."""
    feathers = draw_colors(rng, 4, 0.15)
    root = (0.05, 0.05)
    wing = shapes.limb(rng.uniform(0.5, 0.8), 0.3, 0.08, root)[:, ::-1]  # down -> right
    lift = rng.uniform(0.2, 0.5)
    return [
        Plan(wing * MIRROR, feathers, root * MIRROR, -lift, 0.0, made=0.1),
        Plan(shapes.blob(rng, 0.3, rng.uniform(0.3, 0.7), 0.1), feathers, made=0.0, marks=True),
        Plan(wing, feathers, root, lift, 0.0, made=0.1),
    ]


def thing(rng: Generator) -> list[Plan]:
    """One piece: a blob, a polygon, a disc, a box."""
    outline = (
        shapes.blob(rng, 1, 1),
        shapes.polygon(rng, 1, 1),
        shapes.ellipse(1, 1, rng.uniform(1.6, 3)),
        shapes.ellipse(1, 1, rng.uniform(8, 30)),
    )[rng.integers(4)]
    return [Plan(outline, draw_colors(rng, 5, 0.4), made=0.5, marks=True)]


def cluster(rng: Generator) -> list[Plan]:
    """Several connected pieces that move a little."""
    plans = thing(rng)
    for _ in range(rng.integers(1, 5)):
        angle = rng.uniform(0, 2 * np.pi)
        place = 0.4 * np.array([np.cos(angle), np.sin(angle)])
        piece = thing(rng)[0]
        if rng.random() < 0.4:
            piece = replace(piece, colors=plans[0].colors)
        outline = piece.outline * rng.uniform(0.2, 0.6, 2) + place
        motion = {"pivot": place * 0.7, "swing": rng.uniform(0, 0.4), "phase": angle}
        plans.insert(int(rng.integers(len(plans) + 1)), replace(piece, outline=outline, **motion))
    return plans


def _leg(length: float, fur: np.ndarray, x: float, phase: float, swing: float) -> Plan:
    return Plan(shapes.limb(length, 0.12, 0.06, (x, 0.1)), fur, (x, 0.1), swing, phase, made=0.0)


def _skin(rng: Generator) -> np.ndarray:
    """Three tones of one skin, uint8 [3, 3]."""
    light = rng.uniform(0.25, 0.95)
    tone = np.array([235.0, 190.0, 160.0]) * (light, light**1.1, light**1.2)
    return np.clip(tone * np.array([[0.85], [1.0], [1.08]]), 0, 255).astype(np.uint8)


# Kind, and the range of its aspect.
KINDS = (
    (person, 0.4, 0.65),
    (person, 0.4, 0.65),
    (animal, 0.8, 1.9),
    (vehicle, 1.2, 2.4),
    (front, 0.8, 1.4),
    (face, 0.65, 0.95),
    (bird, 0.7, 2.3),
    (thing, 0.5, 2.0),
    (thing, 0.5, 2.0),
    (cluster, 0.5, 2.0),
)
