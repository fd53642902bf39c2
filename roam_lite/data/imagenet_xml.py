"""Annotations of ImageNet VID and DET: one XML file per image, in the format of PASCAL VOC.

    <annotation> <size> <width>, <height> ... <object> <trackid> (VID), <bndbox>, <occluded> (VID) ...

Corners are treated as 0-based, as the challenge's participants do, and a box ends at
xmax; the data set does not say whether that pixel belongs to the box.
"""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from roam_lite.errors import InputError
from roam_lite.text import read_text

_LARGEST = 1e6  # pixels; larger numbers are not coordinates


@dataclass(frozen=True)
class Marked:
    """An object in an image: `box` is (x, y, w, h) in pixels, `track` is "" if there is none."""

    box: tuple[float, float, float, float]
    track: str
    occluded: bool


def read_objects(path: Path) -> tuple[tuple[int, int], list[Marked]]:
    """(width, height) of the annotated image, and its objects that have an area.

    Raises `InputError` naming the file if it is not such XML, or if it declares entities: a few
    lines of those can fill any memory.
    """
    text = read_text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputError(f"{path}: declares a document type, as no annotation does; restore it")
    try:
        root = ElementTree.fromstring(text)
        width, height = (_number(root, f"size/{side}") for side in ("width", "height"))
        marked = [_marked(entry) for entry in root.iterfind("object")]
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{path}: not an ImageNet annotation ({error}); restore it") from error
    if min(width, height) < 1:
        raise InputError(f"{path}: an image of {width:g} x {height:g} pixels; restore the file")
    return (int(width), int(height)), [one for one in marked if min(one.box[2:]) > 0]


def _marked(entry: ElementTree.Element) -> Marked:
    left, top, right, bottom = (
        _number(entry, f"bndbox/{edge}") for edge in ("xmin", "ymin", "xmax", "ymax")
    )
    track = (entry.findtext("trackid") or "").strip()
    occluded = (entry.findtext("occluded") or "0").strip() != "0"
    return Marked((left, top, right - left, bottom - top), track, occluded)


def _number(entry: ElementTree.Element, place: str) -> float:
    value = float(entry.findtext(place) or f"no {place}")
    if not abs(value) < _LARGEST:
        raise ValueError(f"{place} is {value}")
    return value
