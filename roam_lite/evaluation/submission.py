"""What a benchmark's server takes: a zip of the result files, as its own toolkit packs them."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

from roam_lite.evaluation.benchmarks import Benchmark
from roam_lite.files import whole_file

SERVED = ("got10k", "trackingnet")


def write_submission(benchmark: Benchmark, folder: Path, names: Iterable[str]) -> Path:
    """Write `FOLDER.zip` with the files of the sequences at its top, and return its path.

    GOT-10k's server wants `NAME/NAME_001.txt ..` and `NAME/NAME_time.txt`, TrackingNet's `ID.txt`.
    Times are packed where the toolkit packs them: in the folder of the sequence.
    """
    layout = benchmark.protocol.layout
    path = folder.with_name(f"{folder.name}.zip")
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as z:
        for name in names:
            count = layout.repetitions(folder, name)
            files = [layout.record_path(folder, name, n + 1) for n in range(count)]
            times = layout.times_path(folder, name)
            if times.parent == files[0].parent:
                files.append(times)
            for file in files:
                z.write(file, file.relative_to(folder))
    return path
