"""Trackers by name, as on the command line and in figures."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from roam_lite.config import OnlineConfig
from roam_lite.errors import InputError
from roam_lite.evaluation.foreign import load_factory
from roam_lite.evaluation.peers import PEERS, OpenCVTracker, peers_with_weights

OWN = ("roam++", "roam")


def tracker_factory(
    name: str = "roam++", *, weights: str | Path | None = None, **options: Any
) -> Callable[[], Any]:
    """Return a picklable function that makes the tracker with that name.

    `weights` are the networks of a peer that needs some (`peer_weights.find_networks`), `options`
    those of `roam_lite.load_tracker`, where None means not given. Raises InputError if there is no such
    tracker, if it cannot be made here, or for an option that only others have.
    """
    options = {key: value for key, value in options.items() if value is not None}
    if weights is not None and name not in (takers := peers_with_weights()):
        raise InputError(f"--weights: only for the trackers {' and '.join(takers)}, not for {name}")
    if name in OWN:
        from roam_lite import load_tracker  # imports torch, which takes a second: only when needed

        return partial(load_tracker, variant=name, **options)
    if options:
        known = OnlineConfig.__dataclass_fields__
        given = ("--set " + k if k in known else "--" + k.replace("_", "-") for k in options)
        raise InputError(
            f"{', '.join(given)}: only for the trackers {' and '.join(OWN)}, not for {name}"
        )
    if ":" in name:
        return load_factory(name)
    if name not in PEERS:
        known = ", ".join((*OWN, *PEERS))
        raise InputError(f"there is no tracker {name!r}; choose {known} or MODULE:FACTORY")
    factory = partial(OpenCVTracker, name, weights)
    factory()  # fails now if something is missing
    return factory
