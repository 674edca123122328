"""Judges that know nothing of the product: networks of other makers, in an environment of their own.

Nothing here imports the product; nothing of the product imports this. Dlib's 68 landmarks were trained
on pictures that are free for research only: they measure here, and go into nothing.
"""
