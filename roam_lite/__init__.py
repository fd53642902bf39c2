"""ROAM, the Recurrently Optimizing Tracking Model, rebuilt piece by piece."""

from roam_lite.config import Config
from roam_lite.errors import InputError
from roam_lite.profiles import PROFILES, get_profile

__version__ = "0.1.0"
__all__ = ["PROFILES", "Config", "InputError", "Result", "Tracker", "get_profile", "load_tracker"]


def __getattr__(name: str):
    """Import the tracker, and with it torch, only on first use."""
    if name in ("Result", "Tracker", "load_tracker"):
        from roam_lite import tracking

        return getattr(tracking, name)
    raise AttributeError(f"module 'roam_lite' has no attribute {name!r}")
