"""The second pass: the eyes of one photo, planned, cropped, painted, blended, looked at and restored."""
