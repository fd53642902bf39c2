"""What happens in a rendered sequence: the strength of each challenge."""

from dataclasses import dataclass, replace

from numpy.random import Generator, default_rng

from roam_lite.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """Strength of all motion and disturbances; the defaults give an easy sequence."""

    speed: float = 0.025  # mean step of the target, in target sizes per frame
    scale: float = 0.1  # standard deviation of the logarithm of the size
    aspect: float = 0.05  # standard deviation of the logarithm of the aspect
    angle: float = 0.06  # standard deviation, radians
    spin: float = 0.0  # radians per frame
    turn: float = 0.0  # how far the texture slides around the target, in its widths
    bend: float = 0.015  # amplitude of the shears, sprite units
    swing: float = 0.5  # of the limbs, relative to their own range
    light: float = 0.03  # standard deviation of the logarithm of the gain
    shades: int = 0  # shadows that pass over the scene
    tint: float = 0.01  # the same for each color
    distractors: int = 0
    alike: float = 0.0  # chance that a distractor looks like the target
    occluders: int = 0  # things that cover the target, moving or standing
    busy: float = 1.0  # number of things in the backdrop
    shutter: float = 0.2  # share of the frame time that the shutter is open
    defocus: float = 0.0  # largest standard deviation of the blur, pixels
    noise: float = 2.0  # standard deviation, gray levels
    camera: float = 0.4  # mean speed of the background, pixels per frame
    zoom: float = 0.03  # standard deviation of the logarithm
    shake: float = 0.0  # standard deviation of each frame's jump, pixels
    gray: bool = False
    sizes: tuple[float, float] = (20.0, 100.0)  # range of the target's size, pixels; also others'
    room: float = 0.45  # to the edge of the frame, in target sizes

    def around(self, size: float, rng: Generator) -> "Recipe":
        """The recipe for a target of this mean size, which nine of ten cameras keep away from the edge."""
        smallest, largest = self.sizes
        sizes = min(smallest, 0.75 * size), max(largest, 1.25 * size)
        return replace(self, sizes=sizes, room=self.room if rng.random() < 0.1 else 1.45)


def draw_recipe(rng: Generator, challenge: str | None) -> Recipe:
    """A recipe with one of `CHALLENGES`, or (None) a random mix; `InputError` for another name."""
    if challenge is not None and challenge not in CHALLENGES:
        raise InputError(f"unknown challenge {challenge!r}; known: {', '.join(CHALLENGES)}")
    recipe = Recipe(
        speed=rng.uniform(0.01, 0.05),
        distractors=int(rng.integers(0, 3)),
        camera=rng.uniform(0.1, 1.0),
        busy=rng.uniform(0.2, 2.0),
        noise=rng.uniform(0.5, 4.0),
        shutter=rng.uniform(0.0, 0.5),
    )
    for name in CHALLENGES:
        often = 0.1 if name in ("noise", "gray") else 0.3
        if name == challenge or (challenge is None and rng.random() < often):
            recipe = replace(recipe, **challenges(rng)[name])
    return recipe


def challenges(rng: Generator) -> dict[str, dict[str, float]]:
    """All challenges at random strengths: the fields of a recipe that each one changes."""
    s = rng.uniform(0.5, 1.0)
    return {
        "scale": {"scale": 0.4 * s, "zoom": 0.15 * s},
        "rotation": {"angle": 0.5 * s, "spin": 0.05 * rng.normal()},
        "turn": {"aspect": 0.25 * s, "turn": 0.7 * s},
        "deformation": {"bend": 0.09 * s, "swing": 1.0, "aspect": 0.15 * s},
        "light": {"light": 0.35 * s, "tint": 0.06 * s, "shades": int(rng.integers(0, 3))},
        "distractors": {"distractors": int(rng.integers(2, 6)), "alike": 0.7},
        "occlusion": {"occluders": int(rng.integers(1, 4))},
        "blur": {"shutter": 1.2 * s, "defocus": 1.8 * s, "speed": 0.07 * s},
        "noise": {"noise": 14.0 * s},
        "camera": {"camera": 5.0 * s, "shake": 2.0 * s, "zoom": 0.1 * s},
        "fast": {"speed": 0.14 * s},
        "gray": {"gray": True},
    }


CHALLENGES = tuple(challenges(default_rng(0)))  # their names
