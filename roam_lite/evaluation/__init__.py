"""How good a tracker is: scores, the run over sequences, peers and comparisons."""
