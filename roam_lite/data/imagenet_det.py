"""ImageNet DET, still images: `Annotations/DET/SPLIT/.../NAME.xml`, `Data/DET/SPLIT/.../NAME.JPEG`.

The images of a split are in its folder (`val`), or one or two levels below: `train/ILSVRC2014_train_0000`,
`train/ILSVRC2013_train/n01440764`. Those of `ILSVRC2013_train_extra*` have no boxes.
"""

import os
from pathlib import Path

from roam_lite.data.imagenet_xml import read_objects
from roam_lite.data.sequence import Sequence
from roam_lite.data.stills import still_targets
from roam_lite.errors import InputError

ANNOTATIONS, IMAGES = "Annotations/DET", "Data/DET"
WITHOUT_BOXES = "ILSVRC2013_train_extra"


def list_images(root: str | Path, split: str = "val") -> list[str]:
    """Names of the annotated images of a split (`val`, `train`), folders included, sorted.

    Opens no annotation. Raises `InputError` if there are none.
    """
    top = Path(root) / ANNOTATIONS
    names = []
    for folder, folders, files in os.walk(top / split):
        folders[:] = [f for f in folders if not f.startswith((WITHOUT_BOXES, "."))]
        place = Path(folder).relative_to(top).as_posix()
        stems = (file[:-4] for file in files if file.endswith(".xml"))
        names += [f"{place}/{stem}" for stem in stems if not stem.startswith(".")]
    if not names:
        raise InputError(
            f"{root}: no images of ImageNet DET's {split} split ({ANNOTATIONS}/{split}/NAME.xml)"
        )
    return sorted(names)


def read_image_targets(root: str | Path, name: str) -> list[Sequence]:
    """A sequence of one frame for each box of an image. Raises `InputError` if the file cannot be read."""
    truth = Path(root) / ANNOTATIONS / f"{name}.xml"
    size, marked = read_objects(truth)
    image = Path(root) / IMAGES / f"{name}.JPEG"
    return still_targets(image, (one.box for one in marked), size, truth)
