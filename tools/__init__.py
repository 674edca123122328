"""Things made by hand, once, and checked in: samples and the README's pictures."""
