"""The README's moving picture: the demonstration of the sample sequences, as animated WebP.

    python docs/picture.py [ROOT] [FILE]

ROOT holds sequences in OTB layout (`data_samples`), FILE is written whole. Needs an OpenCV with
`imwriteanimation`, 4.11 or newer.
"""

import sys
import tempfile
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from roam_lite.demo import demonstrate
from roam_lite.files import write_atomically

REPOSITORY = Path(__file__).resolve().parents[1]
SAMPLES = REPOSITORY / "data_samples"
PICTURE = REPOSITORY / "notebooks" / "pictures" / "side_by_side.webp"
EVERY, MILLISECONDS, QUALITY = 5, 160, 45  # every fifth frame, a little slower than filmed


def animate(video: Path, picture: Path, every: int = EVERY) -> int:
    """Write every few frames of a video as an animation without end; return how many."""
    capture, frames = cv2.VideoCapture(str(video)), []
    while capture.grab():
        frames.append(capture.retrieve()[1])
    animation = cv2.Animation()
    animation.frames = frames[::every]
    animation.durations = [MILLISECONDS] * len(animation.frames)
    quality = [cv2.IMWRITE_WEBP_QUALITY, QUALITY]
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, picture.name)
        if not cv2.imwriteanimation(str(whole), animation, quality):
            raise OSError(f"{picture}: OpenCV cannot write it")
        write_atomically(picture, whole.read_bytes())
    return len(animation.frames)


if __name__ == "__main__":
    root = Path(sys.argv[1]) if sys.argv[1:] else SAMPLES
    picture = Path(sys.argv[2]) if sys.argv[2:] else PICTURE
    with tempfile.TemporaryDirectory() as folder:
        table, (video, _) = demonstrate(root, folder)
        print(table)
        frames = animate(video, picture)
    print(f"wrote {picture}: {frames} frames, {picture.stat().st_size / 1e6:.2f} MB")
