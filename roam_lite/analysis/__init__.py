"""What a learned rule has learned: its rates explained, and what tracking loses without parts of it."""
