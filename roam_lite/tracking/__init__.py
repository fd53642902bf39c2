"""Online tracking (section 4): the meta-trained model follows a target through a video."""

from roam_lite.tracking.loading import load_tracker
from roam_lite.tracking.tracker import Result, Tracker

__all__ = ["Result", "Tracker", "load_tracker"]
