"""What a run writes: finished pictures and their names, the locked work folder, and no leftovers."""
