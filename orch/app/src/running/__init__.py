"""A whole run: what it begins with, its two passes, when it stops, and what an earlier call has done."""
