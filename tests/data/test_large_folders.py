"""Folders of tens of thousands of videos open in seconds, cold and from the index, in little memory."""

import json
import os
import subprocess
import sys
import time

import pytest

from tests import trees

VIDEOS = 30_000
OPENED = """
import json, sys, time
from pathlib import Path
import numpy as np
from roam_lite.data.sources import parse_sources

def mebibytes():
    status = Path("/proc/self/status").read_text()  # the peak; getrusage begins with the parent's
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

before, began = mebibytes(), time.perf_counter()
(source,) = parse_sources(sys.argv[1], 0)
source.look(lambda sequence: None)
source.draw(np.random.default_rng(0))
seconds = time.perf_counter() - began
print(json.dumps([len(source.names), seconds, mebibytes(), mebibytes() - before]))
"""


def grow(kind, root):
    if kind == "trackingnet":
        for number in range(VIDEOS):
            trees.trackingnet(root, f"v{number}_0", 2, f"TRAIN_{number % 12}")
    elif kind == "got10k":
        for number in range(VIDEOS):
            trees.got10k(root, number + 1, 2, "train")
    else:
        for number in range(VIDEOS):
            trees.otb(root, f"V{number}", 2)
    return root


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("kind", ["trackingnet", "got10k", "otb"])
def test_a_folder_of_30000_videos_opens_within_5_seconds_and_1_from_its_index(kind, tmp_path):
    """Cold means without an index: what the system remembers of the folder cannot be taken from it."""
    root = grow(kind, tmp_path / "data")
    time.sleep(2.5)  # what has just changed is not indexed
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    measured = []
    for _ in range(2):
        command = [sys.executable, "-c", OPENED, f"{kind}:{root}"]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        measured.append(json.loads(ran.stdout))
        print(kind, *(f"{value:.2f}" for value in measured[-1]))
    (cold, indexed) = measured
    assert cold[0] == indexed[0] == VIDEOS
    assert cold[1] <= 5
    assert indexed[1] <= 1
    assert max(cold[2], indexed[2]) <= 300  # MiB of the whole process
