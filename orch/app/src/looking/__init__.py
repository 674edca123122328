"""The first pass: who is in the photos, and which eyes are closed."""
