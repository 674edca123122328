"""The iris colour in an item's prompts: the one asked for, else the person's own, wherever it is seen.

The default prompts speak of brown eyes, and a person who winks with a blue one keeps it blue.
"""

from __future__ import annotations

from dataclasses import replace

from contracts.gen import GenItemParams
from contracts.iris_words import in_colour, not_against
from gen.app.src.seen.iris_colour import nearest_name
from gen.app.src.seen.open_eyes import iris_colour_of, open_side, seen_white_gain
from gen.app.src.strategy import EyeScene
from imaging.colour import to_linear


def in_one_colour(scene: EyeScene) -> tuple[GenItemParams, str]:
    """The scene's parameters, all four prompts in the colour of its irises.

    Returns:
        Them, and where the colour is from, as in `contracts.gen.PaintedEye`. A colour that nobody named and
        nothing shows leaves the prompts as they are, and so does a photo without colours.

    Raises:
        StageError: BAD_REQUEST where a colour asked for is unknown.
    """
    params = scene.params
    linear, other = to_linear(scene.crop), open_side(scene)
    gain = 1.0 if other is None else seen_white_gain(linear, scene.mesh, other)
    colour = iris_colour_of(scene, linear, other, gain)
    if colour.source == "default" or scene.greyscale or scene.sepia:
        return params, "prompt"
    name = nearest_name(colour.albedo)
    refiner = replace(
        params.refiner,
        prompt=in_colour(params.refiner.prompt, name),
        negative_prompt=not_against(params.refiner.negative_prompt, name),
    )
    prompts = replace(
        params,
        prompt=in_colour(params.prompt, name),
        negative_prompt=not_against(params.negative_prompt, name),
        refiner=refiner,
    )
    return prompts, colour.source
