"""Sequences in OTB layout: `NAME/img/0001.jpg ...` and `NAME/groundtruth_rect.txt`.

The files are 1-based; arguments and results are 0-based.
"""

import re
from pathlib import Path

import cv2
import numpy as np

from roam_lite.data.boxes import read_boxes, read_labels, write_boxes
from roam_lite.data.images import image_files, paired, some, visible
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError, warn
from roam_lite.files import whole_folder

TRUTH = "groundtruth_rect*.txt"
# First and last frame that OTB-2015 evaluates (its `configSeqs`), for folders with more images.
OFFICIAL_RANGE = {
    "David": (300, 770),
    "Diving": (1, 215),
    "Football1": (1, 74),
    "Freeman3": (1, 460),
    "Freeman4": (1, 283),
    "Tiger1": (6, 354),
}
# The 100 targets of OTB-2015, in 98 folders: Jogging and Skating2 have two each.
_NAMES = """
Basketball Biker Bird1 Bird2 BlurBody BlurCar1 BlurCar2 BlurCar3 BlurCar4 BlurFace BlurOwl Board
Bolt Bolt2 Box Boy Car1 Car2 Car24 Car4 CarDark CarScale ClifBar Coke Couple Coupon Crossing
Crowds Dancer Dancer2 David David2 David3 Deer Diving Dog Dog1 Doll DragonBaby Dudek FaceOcc1
FaceOcc2 Fish FleetFace Football Football1 Freeman1 Freeman3 Freeman4 Girl Girl2 Gym Human2
Human3 Human4 Human5 Human6 Human7 Human8 Human9 Ironman Jogging.1 Jogging.2 Jump Jumping
KiteSurf Lemming Liquor Man Matrix Mhyang MotorRolling MountainBike Panda RedTeam Rubik Shaking
Singer1 Singer2 Skater Skater2 Skating1 Skating2.1 Skating2.2 Skiing Soccer Subway Surfer Suv
Sylvester Tiger1 Tiger2 Toy Trans Trellis Twinnings Vase Walking Walking2 Woman
"""
TARGETS = tuple(_NAMES.split())


def list_sequences(root: str | Path, *, every: int = 1) -> list[str]:
    """Sorted names of the targets under `root`; `FOLDER.1`, `FOLDER.2` if a folder has two.

    Only every `every`-th one is listed. `root` may also be the folder of one sequence. Raises
    `InputError` if there are none.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; give the folder that contains the sequences")
    folders = (
        [root] if _is_sequence(root) else sorted(filter(_is_sequence, visible(root.iterdir())))
    )
    if not folders:
        raise InputError(
            f"{root}: no sequences in OTB layout (NAME/img/, NAME/groundtruth_rect.txt)"
        )
    names = []
    for folder in folders:
        targets = sorted(_ground_truths(folder))
        names += [f"{folder.name}.{t}" for t in targets] if len(targets) > 1 else [folder.name]
    return names[::every]


def read_sequence(root: str | Path, name: str) -> Sequence:
    """The sequence `name` (from `list_sequences`) under `root`, its frames read lazily.

    Boxes are matched to the images in order, as in `images.paired`. Raises `InputError` for missing
    files, for images and boxes that do not match, and if there are two targets and the name does
    not select one.
    """
    folder, target = _find_folder(Path(root), name)
    truth = _choose_ground_truth(folder, target)
    boxes = read_boxes(truth)
    if len(boxes) == 0:
        raise InputError(f"{truth}: no boxes; the file must have one x,y,w,h per line")
    images, boxes = _official_part(folder.name, image_files(folder / "img"), boxes)
    frames = ImageFrames(paired(images, len(boxes), truth))
    return Sequence(name, frames, boxes, _read_visibility(folder, len(boxes)), truth=truth)


def write_sequence(folder: str | Path, sequence: Sequence, *, quality: int = 90) -> Path:
    """Write `sequence` to `folder` as JPEG files, boxes and visible shares, and return the folder.

    The folder is written completely or not at all. Raises `InputError` if it exists.
    """
    folder = Path(folder)
    digits = max(4, len(str(len(sequence))))
    with whole_folder(folder, overwrite=False) as whole:
        (whole / "img").mkdir()
        for index in range(len(sequence)):
            bgr = np.ascontiguousarray(sequence.frames[index][..., ::-1])
            _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
            (whole / "img" / f"{index + 1:0{digits}d}.jpg").write_bytes(data.tobytes())
        write_boxes(whole / "groundtruth_rect.txt", sequence.boxes)
        np.savetxt(whole / "visibility.txt", sequence.visibility, fmt="%.4f")
    return folder


def _is_sequence(folder: Path) -> bool:
    return folder.is_dir() and ((folder / "img").is_dir() or bool(_ground_truths(folder)))


def _ground_truths(folder: Path) -> dict[str, Path]:
    """Files by target: "2" for groundtruth_rect.2.txt, "" for the plain name; empty ones are ignored."""
    found = {}
    for path in sorted(folder.glob(TRUTH)):
        match = re.fullmatch(r"groundtruth_rect\.?([0-9]*)\.txt", path.name)
        if match and path.stat().st_size > 0:
            found[match[1]] = path
    return found


def _find_folder(root: Path, name: str) -> tuple[Path, str | None]:
    """Folder and target that `name` refers to; the target is None if the name does not say."""
    base, dot, target = name.rpartition(".")
    for stem, chosen in ((name, None), *([(base, target)] if dot else [])):
        for folder in (root / stem, *([root] if root.resolve().name == stem else [])):
            if stem and _is_sequence(folder):
                return folder, chosen
    raise InputError(f"{root}: no sequence named {name!r} in OTB layout")


def _choose_ground_truth(folder: Path, target: str | None) -> Path:
    truths = _ground_truths(folder)
    others = {p.name for p in folder.glob("groundtruth_rect*")} - {p.name for p in truths.values()}
    if not truths:
        told = (n if (folder / n).stat().st_size else f"{n}, empty" for n in sorted(others))
        found = f" (found: {some(list(told))})" if others else ""
        raise InputError(
            f"{folder}: no ground truth{found}; write groundtruth_rect.txt with one x,y,w,h per line"
        )
    if others := {name for name in others if (folder / name).stat().st_size > 0}:
        warn(f"{folder}: {some(sorted(others))} ignored: not a name for ground truth")
    if target is None and len(truths) > 1:
        names = ", ".join(f"{folder.name}.{t}" for t in truths)
        files = ", ".join(path.name for path in truths.values())
        raise InputError(f"{folder}: several ground truth files ({files}); choose one of {names}")
    if target is not None and target not in truths:
        raise InputError(f"{folder}: no groundtruth_rect.{target}.txt (found: {sorted(truths)})")
    return truths[target] if target is not None else next(iter(truths.values()))


def _official_part(
    name: str, images: list[Path], boxes: np.ndarray
) -> tuple[list[Path], np.ndarray]:
    """Images and boxes of the range that OTB evaluates, if this is the benchmark's folder.

    It is if the name, the number of boxes and, if the range starts late, of images match.
    """
    first, last = OFFICIAL_RANGE.get(name, (1, 0))
    numbers = [path.stem.lstrip("0") for path in images[:last]]
    counted = numbers == [str(number) for number in range(1, last + 1)]
    late = first > 1
    if not counted or (late and len(images) != last) or len(boxes) not in {last - first + 1, last}:
        return images, boxes
    return images[first - 1 : last], boxes[first - 1 :] if len(boxes) == last else boxes


def _read_visibility(folder: Path, length: int) -> np.ndarray | None:
    """Visible shares, which sequences written here have; None for others."""
    path = folder / "visibility.txt"
    if not path.is_file():
        return None
    values = read_labels(path)
    if values.shape != (length,):
        raise InputError(f"{path}: {values.size} values for {length} boxes; restore the file")
    return values
