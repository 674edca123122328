"""IPTC Digital Source Type: the standard statement of how a picture came about. Standard library only.

Terms and definitions: https://cv.iptc.org/newscodes/digitalsourcetype/ (October 2024).
"""

from __future__ import annotations

from collections.abc import Iterable

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"

GENERATIVE_EDIT = VOCABULARY + "compositeWithTrainedAlgorithmicMedia"
"""Augmentation or correction using a generative AI model, such as with inpainting."""
CAPTURED_PARTS = VOCABULARY + "compositeCapture"
"""Mix of several elements that are all captures of real life."""
MIXED_PARTS = VOCABULARY + "composite"
"""Mix of several elements, any of which may or may not be generative AI."""

CAPTURED = frozenset(("donor", "mirror"))
"""Strategies whose eyes come from a photo."""
RENDERED = frozenset(("lid_lift",))
"""Strategies that draw an eyeball by rules, without a generative model."""


def digital_source_type(strategies: Iterable[str]) -> str:
    """URI of the term for a photo edited by these strategies, "" where nothing was edited.

    Strategies that are not known to do without a generative model count as generative.
    """
    used = frozenset(strategies)
    if not used:
        return ""
    if used <= CAPTURED:
        return CAPTURED_PARTS
    return MIXED_PARTS if used <= CAPTURED | RENDERED else GENERATIVE_EDIT
