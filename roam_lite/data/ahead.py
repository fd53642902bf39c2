"""Frames decoded in advance, so that a tracker does not wait for the decoder."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import numpy as np

from roam_lite.data.sequence import Frames, frame_index

DEPTH = 4  # most decoded frames that wait


class FramesAhead:
    """Frames of a video; a thread decodes the next few while the caller is busy."""

    def __init__(self, frames: Frames, decoder: ThreadPoolExecutor) -> None:
        self._frames = frames
        self._decoder = decoder
        self._coming: dict[int, Future[np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> np.ndarray:
        index = frame_index(index, len(self))
        wanted = range(index, min(index + 1 + DEPTH, len(self)))
        decode = partial(self._decoder.submit, self._frames.__getitem__)
        self._coming = {i: self._coming.get(i) or decode(i) for i in wanted}
        return self._coming.pop(index).result()


@contextmanager
def ahead(frames: Frames) -> Iterator[FramesAhead]:
    """Yield frames decoded in advance, inside the context; errors are raised when a frame is read."""
    decoder = ThreadPoolExecutor(1, thread_name_prefix="decoder")
    try:
        yield FramesAhead(frames, decoder)
    finally:
        decoder.shutdown(cancel_futures=True)
