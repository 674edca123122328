"""Which backend does each stage's work on this machine, and why."""
