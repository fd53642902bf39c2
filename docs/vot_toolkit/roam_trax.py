"""Serve a tracker of roam-lite to the VOT toolkit, which speaks TraX; see README.md beside this file."""

import argparse

import numpy as np
import trax

from roam_lite.cli.options import add_tracker_options, tracker_from
from roam_lite.data.pixels import read_image


def main() -> None:
    """Start on each box that the toolkit sends, and answer each frame with a box."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_tracker_options(parser)
    make_tracker = tracker_from(parser.parse_args())
    tracker = None
    with trax.Server([trax.Region.RECTANGLE], [trax.Image.PATH]) as server:
        while (request := server.wait()).type != trax.TraxStatus.QUIT:
            image = read_image(request.image["color"].path())
            if request.objects:  # a start: a new tracker each time, as in `roam-lite evaluate`
                ((region, _),) = request.objects
                box = np.array(region.bounds())
                tracker = make_tracker()
                tracker.init(image, box)
            else:
                result = tracker.update(image)
                box = np.asarray(getattr(result, "box", result), dtype=float)
            server.status([(trax.Rectangle.create(*box.tolist()), {})])


if __name__ == "__main__":
    main()
