"""Where frames come from: sequences on disk, video files and rendered video."""
