"""Smooth signals over time: sums of slow sinusoids with 1/f amplitudes."""

import numpy as np
from numpy.random import Generator

WAVES = 4
ROUNDED = 0.95  # 1 would be a triangle wave with kinks, 0 a sine


def wander(rng: Generator, length: int, period: float, channels: int = 1) -> np.ndarray:
    """Smooth signals float64 [length, channels] around 0, of unit variance over all phases.

    `period` is that of the fastest wave, in frames; the slowest may have four times as many.
    """
    periods = period * 4.0 ** rng.uniform(0, 1, (channels, WAVES))
    amplitudes = periods / np.sqrt((periods**2).sum(axis=1, keepdims=True) / 2)
    phases = rng.uniform(0, 2 * np.pi, (channels, WAVES))
    time = np.arange(length)[:, None, None]
    return (amplitudes * np.sin(2 * np.pi * time / periods + phases)).sum(axis=2)


def roam(
    rng: Generator, length: int, low: np.ndarray, high: np.ndarray, speed: float
) -> np.ndarray:
    """A smooth path float64 [length, 2] inside the rectangle `low`..`high`, turning at its sides.

    `speed` is about the mean step, in the rectangle's unit a frame.
    """
    half = np.maximum((np.asarray(high) - low) / 2, 1.0)
    direction = rng.uniform(0, 2 * np.pi)
    drift = speed * rng.uniform(0.4, 1.0) * np.array([np.cos(direction), np.sin(direction)])
    along = drift * np.arange(length)[:, None]
    along = along + wander(rng, length, 30, 2) * speed * rng.uniform(4, 10)
    # A triangle wave with rounded corners folds the endless path into the rectangle.
    phase = rng.normal(0, 0.8, 2) + along * (np.pi / 2) / half
    return low + half + half * np.arcsin(ROUNDED * np.sin(phase)) / np.arcsin(ROUNDED)
