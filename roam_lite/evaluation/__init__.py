"""Measuring trackers: runs over sequences, scores, peers and comparisons."""
