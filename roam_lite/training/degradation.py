"""Clips as filmed by worse cameras: blurred, low in contrast, dark and noisy, compressed."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from roam_lite.config import TrainingConfig


@dataclass(frozen=True)
class Degradation:
    """How the images of a clip are degraded; the defaults leave them unchanged."""

    softness: float = 1.0  # pixels that are blurred into one
    contrast: float = 1.0  # remaining share of it, around a middle gray
    light: float = 1.0  # remaining share of it
    noise: float = 0.0  # standard deviation of the sensor's noise, of 255
    quality: float = 0.0  # of JPEG; 0: not compressed

    @staticmethod
    def draw(rng: np.random.Generator, config: TrainingConfig) -> "Degradation | None":
        """Return a random degradation, or None if the draws select none."""
        lost = {}
        for name, chance, limits in (
            ("softness", config.soft_chance, config.softness),
            ("contrast", config.flat_chance, config.contrast),
            ("light", config.dark_chance, config.light),
            ("quality", config.jpeg_chance, config.jpeg_quality),
        ):
            if rng.random() < chance:
                lost[name] = float(rng.uniform(*limits))
        if "light" in lost:
            lost["noise"] = config.sensor_noise
        return Degradation(**lost) if lost else None

    def apply(self, image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return an image `[S, S, 3]`, in this order blurred, flattened, darkened and compressed."""
        side = len(image)
        if self.softness > 1:
            smaller = (max(1, round(side / self.softness)),) * 2
            image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
            image = cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR)
        if self.contrast < 1:
            image = cv2.convertScaleAbs(image, alpha=self.contrast, beta=128 * (1 - self.contrast))
        if self.light < 1:
            noise = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(self.noise)
            image = np.clip(np.rint(image * np.float32(self.light) + noise), 0, 255)
            image = image.astype(np.uint8)
        if self.quality > 0:
            options = [cv2.IMWRITE_JPEG_QUALITY, round(self.quality)]
            _, data = cv2.imencode(".jpg", image[..., ::-1], options)  # OpenCV wants BGR
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
        return image
