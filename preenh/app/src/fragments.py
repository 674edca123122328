"""What the rule-based enhancer may add to a prompt, by aspect.

A fragment adds detail and never meaning: it names no colour, no age, no sex, no mood and no style
that a photo could lack. `not_with` lists the words of a prompt that it would contradict.
"""

from __future__ import annotations

from dataclasses import dataclass

from preenh.app.src.checks import words


@dataclass(frozen=True)
class Fragment:
    """A few words to append; not used beside a prompt that has one of `not_with`."""

    text: str
    not_with: tuple[str, ...] = ()


_SOFT = ("harsh", "hard", "dramatic", "flash", "contrast", "noir")
_MATTE = ("matte", "matt")
_OTHER_GAZE = ("away", "aside", "sideways", "down", "up", "gaze", "looking")
_SHARP = ("blurred", "blurry", "dreamy", "hazy", "lowres")

POSITIVE: dict[str, tuple[Fragment, ...]] = {
    "light": (
        Fragment("lit by the same light as the face"),
        Fragment("soft even light across both eyes", _SOFT),
        Fragment("gentle shadow under the upper lid", ("flat",)),
        Fragment("small natural catchlight in each eye", ("catchlight", "catchlights", *_MATTE)),
        Fragment("light that falls from the direction of the scene"),
        Fragment("consistent exposure between eyes and skin"),
    ),
    "iris": (
        Fragment("fine radial iris fibres", _SHARP),
        Fragment("softly defined limbal ring"),
        Fragment("round well centred pupils"),
        Fragment("both irises of equal size"),
        Fragment("detailed iris texture", _SHARP),
        Fragment(
            "clear gaze towards the camera", ("away", "aside", "sideways", "down", "up", "gaze", "looking")
        ),
    ),
    "lids": (
        Fragment("natural upper lid crease", ("monolid", "hooded")),
        Fragment("relaxed lids that follow the eyeball", ("wide",)),
        Fragment("fine separate lashes", _SHARP),
        Fragment("delicate lower lid margin"),
        Fragment("true anatomy of lid and tear duct"),
        Fragment("lids of matching height", ("asymmetrical", "wink", "winking", "one")),
    ),
    "skin": (
        Fragment("unretouched skin texture around the eyes", ("smooth", "retouched", "airbrushed")),
        Fragment("visible pores and fine lines", ("smooth", "baby", "child", "airbrushed")),
        Fragment("seamless transition to the surrounding skin"),
        Fragment("skin grain that matches the photo"),
        Fragment("natural skin tone under the brows"),
        Fragment("subtle texture of the lower lid"),
    ),
    "photo": (
        Fragment("authentic portrait photograph", ("painting", "illustration", "drawing")),
        Fragment("in focus at the eyes", _SHARP),
        Fragment("true to the camera and lens of the photo"),
        Fragment("natural depth of field"),
        Fragment("full tonal range around the eyes"),
        Fragment("same sharpness as the rest of the face"),
    ),
}
"""Aspects of a wanted picture, six fragments each."""

NEGATIVE: dict[str, tuple[Fragment, ...]] = {
    "light": (
        Fragment("mismatched lighting"),
        Fragment("several catchlights in one eye"),
        Fragment("glowing eyes"),
        Fragment("blown out eyeballs"),
        Fragment("light from the wrong side"),
        Fragment("unlit eyeballs"),
    ),
    "iris": (
        Fragment("oval pupils"),
        Fragment("misaligned irises"),
        Fragment("irises of different size"),
        Fragment("crossed gaze"),
        Fragment("smeared iris detail"),
        Fragment("doubled pupils"),
    ),
    "lids": (
        Fragment("missing lid crease", ("monolid",)),
        Fragment("fused lashes"),
        Fragment("swollen eyelids"),
        Fragment("drooping lid margin"),
        Fragment("staring expression"),
        Fragment("doubled lash line"),
    ),
    "skin": (
        Fragment("plastic skin"),
        Fragment("waxy texture"),
        Fragment("visible patch border"),
        Fragment("smoothed pores"),
        Fragment("blotchy under-eye area"),
        Fragment("repeated texture"),
    ),
    "photo": (
        Fragment("oversharpened detail"),
        Fragment("compression blocks"),
        Fragment("rendered look"),
        Fragment("painted look"),
        Fragment("mismatched grain"),
        Fragment("halo around the eyes"),
    ),
}
"""Aspects of what the picture must not show, six fragments each."""

NEUTRAL_WORDS = frozenset(
    words(
        "eye eyes eyeball eyeballs iris irises pupil pupils lid lids eyelid eyelids lash lashes skin texture "
        "detail detailed face photo portrait natural a an and around as at between both by each fine from in "
        "line lines look matching of one or real same scene side size small surrounding that the to true "
        "under upper lower visible well with wrong"
    )
)
"""Words that decide nothing; every other word of a fragment must not stand in the opposite prompt."""
