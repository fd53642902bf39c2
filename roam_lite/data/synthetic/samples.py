"""The sequences in the project's `data_samples/`: six short ones, and long ones in `long/`."""

import hashlib
from pathlib import Path

from roam_lite.data.otb import write_sequence
from roam_lite.data.sequence import Sequence
from roam_lite.data.synthetic import synthesize
from roam_lite.files import whole_folder

QUALITY = 80
# Challenge, and the seed of a sequence that shows it well: neither trivial nor hopeless.
SAMPLES = {
    "camera": (1, 44),
    "deformation": (1, 36),
    "distractors": (1, 18),
    "light": (1, 38),
    "occlusion": (1, 40),
    "scale": (1, 16),
}

# Seeds of long ones in which the target is lost without updating (tests/updating_decides.py).
LONG = {"lookalike": 5}
LENGTH = 240  # frames of the long ones

README = """\
# Six rendered sequences

Each folder is one sequence of 60 frames, 320 x 240 pixels, in OTB layout: `img/0001.jpg ...`,
`groundtruth_rect.txt` (one `x,y,w,h` per line, 1-based: the tight box of the whole target, including
parts that are covered or outside the frame) and `visibility.txt` (the visible share of the target, one
value per line). The folder's name says what makes it difficult.

Everything here is rendered by `roam_lite.data.synthetic`, without photographs. To make it again:

    roam-lite synth --samples data_samples

`long/` has a sequence of 240 frames in which updating makes the difference: a model that is never updated
loses its target to a look-alike, and an updated one keeps it, in ten of ten draws. Use it with
`--root data_samples/long`. Among the first 31 seeds of such sequences it is the only one in which this
happens in nine draws or more (`python -m tests.updating_decides`).

`SHA256SUMS` lists every file; `sha256sum --check SHA256SUMS` compares them. Another version of
OpenCV may round pixels differently; the boxes are the same everywhere.
"""


def long_sample(seed: int) -> Sequence:
    """Return a sequence of `LENGTH` frames and mixed challenges."""
    return synthesize((2, seed), length=LENGTH)


def write_samples(folder: str | Path) -> Path:
    """Render the samples into `folder`, with a README.md and a manifest, and return it.

    Raises `InputError` if it exists.
    """
    folder = Path(folder)
    with whole_folder(folder) as whole:
        for challenge, seed in SAMPLES.items():
            sequence = synthesize(seed, challenge=challenge)
            write_sequence(whole / challenge, sequence, quality=QUALITY)
        for name, seed in LONG.items():
            write_sequence(whole / "long" / name, long_sample(seed), quality=QUALITY)
        (whole / "README.md").write_text(README, encoding="utf-8")
        (whole / "SHA256SUMS").write_text(manifest(whole), encoding="utf-8")
    return folder


def manifest(folder: Path) -> str:
    """Lines `HASH  PATH` for every file under `folder` except the manifest, in sha256sum's format."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "SHA256SUMS"]
    hashes = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}
    return "".join(f"{h}  {path.relative_to(folder).as_posix()}\n" for path, h in hashes.items())
