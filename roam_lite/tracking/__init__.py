"""Section 4: the meta-trained model follows a target through a video."""

from roam_lite.tracking.tracker import Result, Tracker, load_tracker

__all__ = ["Result", "Tracker", "load_tracker"]
