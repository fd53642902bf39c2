"""Small folders in OTB layout, made for each test."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def make_folder(tmp_path) -> Callable[..., Path]:
    """Write `tmp_path/name` with images of the given numbers (all alike) and ground-truth files."""

    def make(
        name: str,
        numbers: Iterable[int],
        truth: str | dict[str, str],
        *,
        suffix: str = ".jpg",
        digits: int = 4,
    ) -> Path:
        folder = tmp_path / name
        (folder / "img").mkdir(parents=True)
        picture = np.full((12, 16, 3), (200, 100, 50), np.uint8)
        data = cv2.imencode(suffix, picture)[1].tobytes()
        (folder / "picture").write_bytes(data)
        for number in numbers:
            os.link(folder / "picture", folder / "img" / f"{number:0{digits}d}{suffix}")
        files = {"groundtruth_rect.txt": truth} if isinstance(truth, str) else truth
        for file, text in files.items():
            (folder / file).write_text(text)
        return tmp_path

    return make
