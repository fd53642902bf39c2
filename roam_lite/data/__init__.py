"""Sources of frames: sequences on disk, video files and rendered video."""
