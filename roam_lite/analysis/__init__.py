"""What a learned rule has learned: what explains its rates, and what tracking loses without parts of it."""
