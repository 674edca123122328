"""What the pre-enhancement stage is asked and answers: variations of the four prompt fields.

One item makes one variation; output `variation` is a JSON file that merges over the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PreEnhanceParams:
    """The prompts to vary, and the instruction for a language model.

    weights: name as in the stage's models.json -> "root:relative/path".
    """

    prompt: str = ""
    negative_prompt: str = ""
    refiner_prompt: str = ""
    refiner_negative_prompt: str = ""
    instruction: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PreEnhanceItemParams:
    """number: 1-based number of the variation."""

    number: int = 1
