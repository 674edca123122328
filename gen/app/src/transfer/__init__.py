"""Open eyes carried over from another photo or from the other side of the face."""
