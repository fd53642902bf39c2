"""How fast it is: the parts of a tracked frame, and fast paths against their plain references."""

from roam_lite.bench.clips import bench_clips
from roam_lite.bench.scaling import bench_scaling
from roam_lite.bench.tracking import bench_tracking
from roam_lite.bench.training import bench_training

__all__ = ["bench_clips", "bench_scaling", "bench_tracking", "bench_training"]
