"""How well eyes are opened, as figures that cannot drift unnoticed: `python -m tests.quality`.

Photos go through the whole command; what comes out is measured against labels, against true photos of
the open eyes, and against the person's own other eye. Figures that fall by more than their noise
against baseline.json make the exit status 6.
"""
