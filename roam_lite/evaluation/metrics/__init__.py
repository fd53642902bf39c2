"""What benchmarks measure, a file each: its curves and values, and the scores that reports hold."""
