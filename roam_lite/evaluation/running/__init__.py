"""How trackers run: on one sequence, by a benchmark's protocol, and on many sequences at once."""
