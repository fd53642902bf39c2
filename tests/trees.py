"""Small data sets on disk, each in its benchmark's own layout: a square that moves two pixels a frame."""

import json
import os
from functools import cache

import cv2
import numpy as np

SIZE = (80, 60)  # width, height
VIDEO = "ILSVRC2015_train_00000000"


@cache
def picture(suffix=".jpg"):
    return cv2.imencode(suffix.lower(), np.full((SIZE[1], SIZE[0], 3), (200, 100, 50), np.uint8))[1]


def pictures(folder, numbers, digits=8, suffix=".jpg"):
    """Write images of the given numbers, all alike, as links to one file."""
    folder.mkdir(parents=True, exist_ok=True)
    original = folder.parent / f".{folder.name}{suffix}"
    if not original.exists():
        original.write_bytes(picture(suffix).tobytes())
    for number in numbers:
        os.link(original, folder / f"{number:0{digits}d}{suffix}")


def square(length):
    """Boxes [length, 4], 0-based, that turn back before they leave the image."""
    steps = [min(t % 50, 50 - t % 50) for t in range(length)]
    return np.array([[10.0 + 2 * step, 20, 16, 12] for step in steps])


def lines(rows, origin=0):
    """Text of boxes counted from `origin`."""
    shifted = np.array(rows, dtype=float) + origin * np.array([1, 1, 0, 0])
    return "".join(",".join(f"{value:g}" for value in row) + "\n" for row in shifted)


def otb(root, name="A", length=6):
    pictures(root / name / "img", range(1, length + 1), digits=4)
    (root / name / "groundtruth_rect.txt").write_text(lines(square(length), origin=1))
    return root


def lasot(root, name="airplane-1", length=6, occluded=(), out=()):
    folder = root / name.rpartition("-")[0] / name
    pictures(folder / "img", range(1, length + 1))
    (folder / "groundtruth.txt").write_text(lines(square(length), origin=1))
    for file, frames in (("full_occlusion", occluded), ("out_of_view", out)):
        flags = ",".join(str(int(t in frames)) for t in range(length))
        (folder / f"{file}.txt").write_text(flags + "\n")
    return root


def got10k(root, number=1, length=6, split="val", covers=None):
    name = f"GOT-10k_{split.capitalize()}_{number:06d}"
    folder = root / split / name
    pictures(folder, range(1, length + 1))
    boxes = square(length)[: 1 if split == "test" else None]
    (folder / "groundtruth.txt").write_text(lines(boxes, origin=1))
    if split != "test":
        labels = "".join(f"{cover}\n" for cover in covers or [8] * length)
        (folder / "cover.label").write_text(labels)
        (folder / "absence.label").write_text("0\n" * length)
        (folder / "cut_by_image.label").write_text("0\n" * length)
        (folder / "meta_info.ini").write_text(f"[METAINFO]\nurl: none\nresolution: {SIZE}\n")
    with open(root / split / "list.txt", "a") as listing:
        listing.write(f"{name}\n")
    return root


def trackingnet(root, name="abc_0", length=6, part="TEST"):
    pictures(root / part / "frames" / name, range(length), digits=1)
    (root / part / "anno").mkdir(exist_ok=True)
    boxes = square(length)[: 1 if part == "TEST" else None]
    (root / part / "anno" / f"{name}.txt").write_text(lines(boxes))
    return root


def vot(root, name="ball", length=6, color=True, polygons=True):
    folder = root / name
    pictures(folder / "color" if color else folder, range(1, length + 1))
    rows = square(length)
    if polygons:
        x, y, w, h = rows.T
        rows = np.stack([x, y, x + w, y, x + w, y + h, x, y + h], axis=1)
        text = "".join(",".join(f"{value:g}" for value in row) + "\n" for row in rows)
    else:
        text = lines(rows)
    (folder / "groundtruth.txt").write_text(text)
    with open(root / "list.txt", "a") as listing:
        listing.write(f"{name}\n")
    return root


def annotation(objects, size=SIZE):
    """XML of ImageNet for objects (x, y, w, h, track, occluded), the last two left out in DET."""
    parts = []
    for x, y, w, h, *rest in objects:
        track = f"<trackid>{rest[0]}</trackid>" if rest else ""
        occluded = f"<occluded>{int(rest[1])}</occluded>" if rest[1:] else ""
        edges = {"xmax": x + w, "xmin": x, "ymax": y + h, "ymin": y}
        corners = "".join(f"<{edge}>{value:g}</{edge}>" for edge, value in edges.items())
        box = f"<name>n01674464</name><bndbox>{corners}</bndbox>"
        parts.append(f"<object>{track}{box}{occluded}</object>")
    sides = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    return f"<annotation><folder>f</folder>{sides}{''.join(parts)}</annotation>\n"


def vid(root, length=6, name=VIDEO, split="train", absent=(), occluded=(), second=(2, 3)):
    """A video of two tracks: 0 moves, where it is not absent; the `second` stays in its few frames."""
    group = f"{split}/ILSVRC2015_VID_train_0000" if split == "train" else split
    pictures(root / "Data" / "VID" / group / name, range(length), digits=6, suffix=".JPEG")
    folder = root / "Annotations" / "VID" / group / name
    folder.mkdir(parents=True)
    for t, box in enumerate(square(length)):
        objects = [] if t in absent else [(*box, 0, t in occluded)]
        objects += [(5, 5, 20, 10, 1, 0)] if t in second else []
        (folder / f"{t:06d}.xml").write_text(annotation(objects))
    return root


def det(root, boxes=((10, 20, 16, 12),), place="train/ILSVRC2013_train/n01440764", number=1):
    """One image with those boxes."""
    pictures(root / "Data" / "DET" / place, [number], suffix=".JPEG")
    file = root / "Annotations" / "DET" / place / f"{number:08d}.xml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(annotation(boxes))
    return root


def coco(root, boxes=((10, 20, 16, 12),), split="train2017", crowds=((0, 0, 70, 50),)):
    """An image with those boxes and crowds, another without any."""
    pictures(root / split, (9, 25), digits=12)
    images = [{"id": n, "file_name": f"{n:012d}.jpg", "width": SIZE[0], "height": SIZE[1]}
              for n in (9, 25)]  # fmt: skip
    annotations = [
        {"id": i, "image_id": 9, "bbox": list(box), "iscrowd": int(i >= len(boxes)),
         "segmentation": [[1, 2, 3, 4, 5, 6]], "category_id": 1, "area": 1.5}
        for i, box in enumerate((*boxes, *crowds))
    ]  # fmt: skip
    (root / "annotations").mkdir(exist_ok=True)
    content = {"info": {}, "images": images, "annotations": annotations, "categories": []}
    (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
    return root
