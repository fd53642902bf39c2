"""Caches of limited size: values by key, and decoded images by path."""

from collections import OrderedDict
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.data.pixels import decode_image

CACHE_BYTES = 1_500_000_000


class Recent:
    """Values by key; the least recently used ones are dropped once all cost more than `limit`."""

    def __init__(self, limit: int, cost: Callable[[Any], int]) -> None:
        self.limit, self.cost, self.held = limit, cost, 0
        self.values: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any, make: Callable[[Any], Any]) -> Any:
        """The value of `key`, created if it is missing."""
        if key in self.values:
            self.values.move_to_end(key)
            return self.values[key]
        value = self.values[key] = make(key)
        self.held += self.cost(value)
        while self.held > self.limit and len(self.values) > 1:
            self.held -= self.cost(self.values.popitem(last=False)[1])
        return value


class FrameCache(Recent):
    """Decoded images by path and factor, up to `limit` bytes."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        super().__init__(limit, attrgetter("nbytes"))

    def read(
        self, path: Path, frame: int, factor: int = 1, read: Callable = Path.read_bytes
    ) -> np.ndarray:
        """The image of `path` (`decode_image`), read-only because it is shared."""
        image = self.get((path, factor), lambda _: decode_image(path, frame, factor, read))
        image.flags.writeable = False
        return image
