"""What a run shows while it works, and the words in which it tells its results."""
