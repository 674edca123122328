"""Golden pictures: the painted eyes of the samples as they were when somebody last looked at them.

After a change to painting, look at the new ones and renew: `python3 -m tests.golden.renew`.
"""
