"""`roam-lite track`: follow one object through a video."""

import argparse
import sys
from pathlib import Path

from roam_lite.cli.options import (
    add_bits_option,
    add_tracker_options,
    box,
    positive_number,
    tracker_from,
    weights_read,
)

DESCRIPTION = """\
track an object through a video
The video is a file or a folder of images. The box gives left, top, width and height in the first frame,
in 0-based pixels; without --box, you draw it in a window (needs a display and matplotlib). Unreadable
frames are reported and counted as lost."""

EXAMPLES = """\
  roam-lite track --video clip.mp4 --box 120,80,40,60 --out tracked.mp4
  roam-lite track --video frames/ --box 120,80,40,60 --boxes boxes.txt
  roam-lite track --video clip.mp4 --box 120,80,40,60 --tracker csrt --out csrt.mp4
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--video", required=True, metavar="FILE|DIR", help="the video to track in")
    parser.add_argument(
        "--box", type=box, metavar="X,Y,W,H", help="first box (default: drawn in a window)"
    )
    parser.add_argument("--out", metavar="FILE.mp4", help="write a video with the box drawn in it")
    parser.add_argument(
        "--boxes",
        metavar="FILE",
        help="write the boxes in OTB layout: one x,y,w,h per line, 1-based",
    )
    parser.add_argument(
        "--fps",
        type=positive_number,
        help="frame rate of --out (default: that of the video, or 25 for images)",
    )
    add_bits_option(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")
    add_tracker_options(parser)


def run(args: argparse.Namespace) -> None:
    """Track and write the requested files."""
    from roam_lite.data.otb import write_boxes
    from roam_lite.data.pixels import to_rgb_uint8
    from roam_lite.data.plausible import check_box
    from roam_lite.data.video import open_frames
    from roam_lite.errors import InputError
    from roam_lite.figures.film import follow
    from roam_lite.files import check_outputs

    if not (args.out or args.boxes):
        raise InputError("nothing to write; give --out FILE.mp4, --boxes FILE, or both")
    if args.fps and not args.out:
        raise InputError("--fps sets the frame rate of --out; give --out as well, or omit --fps")
    frames = open_frames(args.video, args.bits)
    check_outputs(
        {"--out": args.out, "--boxes": args.boxes},
        inputs=(args.video, *getattr(frames, "paths", ()), *weights_read(args)),
        overwrite=args.overwrite,
        remedy="give --overwrite to replace it, or choose another place",
    )
    if args.box is None:
        from roam_lite.figures.pick import pick_box

        args.box = pick_box(to_rgb_uint8(frames[0]))
        print("--box " + ",".join(f"{value:g}" for value in args.box), file=sys.stderr)
    # Doubts are reported before a progress bar is drawn.
    check_box(args.box, frames[0].shape, f"{Path(args.out or 'video').stem}: ")
    fps = args.fps or getattr(frames, "fps", None) or 25.0
    tracked = follow(tracker_from(args)(), frames, args.box, video=args.out, fps=fps)
    if args.boxes:
        write_boxes(args.boxes, tracked.boxes)
    lost = f", target lost in {len(tracked.lost)}" if tracked.lost else ""
    read = len(tracked) - len(tracked.unreadable)
    count = f"{read} of {len(tracked)}" if tracked.unreadable else len(tracked)
    doubts = frames.doubts() if hasattr(frames, "doubts") else ""
    print(f"{count} frames at {tracked.fps:.1f} fps{lost}{doubts}", file=sys.stderr)
    for path in filter(None, (args.out, args.boxes)):
        print(f"wrote {path}", file=sys.stderr)
