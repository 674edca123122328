"""The language that the orchestrator and every stage speak; standard library only.

A stage runs in an environment of its own and imports nothing of its caller: what crosses the
border is JSON, and this package says exactly which JSON. Nothing here imports anything outside
the standard library and this package.
"""

CONTRACT = "1"
"""Version of the wire format. A request of another version is refused with exit code 3."""
