"""Typed configuration: every key that a config file may hold, its range and its default.

The defaults here are those of `config/default.json`, which is the base that other files merge over;
a test keeps the two equal. Loading (file < environment < command line) is `settings_sources`.

    python -m orch.app.src.settings --write-schema     # config/schema.json
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from contracts.envelope import StageName
from contracts.gen import Neutralize, Precision, RefinerMode, Scheduler
from environments.places import CHECKOUT

SCHEMA_FILE = CHECKOUT / "config" / "schema.json"

DEFAULT_PROMPT = (
    "Brown eyes, two wide open expressive eyes, symmetrical eyelids, realistic skin texture, matte finish"
)
DEFAULT_NEGATIVE_PROMPT = (
    "closed eyes, distorted pupils, asymmetrical eyelids, glossy highlights, low detail, cartoon style, "
    "visible artifacts, skin discoloration, flat lighting, fake texture, colored eyes"
)
DEFAULT_REFINER_PROMPT = "matte, clean blending of inpainted eye region, realistic skin texture, brown eyes"
DEFAULT_REFINER_NEGATIVE_PROMPT = "glossy, artifacts, blur, blue eyes, no cartoon style, no visible artifacts"
DEFAULT_INSTRUCTION = (
    "Each variation should enhance the original while keeping the intended meaning and context, "
    "feel free to elaborate."
)

EYE_COLOURS = ("brown", "dark", "hazel", "green", "blue", "grey", "gray", "amber")

PACKAGED_LLM = "smollm2"
"""Value of models.llm for the very small language model that comes as a Python package."""

HEX_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_ANY_CASE = ["".join(f"[{letter.upper()}{letter}]" for letter in name) for name in EYE_COLOURS]
EyeColour = Annotated[
    str, Meta(extra_json_schema={"pattern": f"^({'|'.join(_ANY_CASE)}|#[0-9a-fA-F]{{6}})$"})
]
"""Editors are told by the schema; what is wrong is refused by `GenerationSection`, with the names."""

Positive = Annotated[int, Meta(ge=1, le=256)]
PerStage = Annotated[
    dict[StageName, Positive], Meta(extra_json_schema={"propertyNames": {"enum": list(get_args(StageName))}})
]
"""The schema of msgspec leaves out what the keys may be."""


class UnfitValueError(ValueError):
    """A value that fits its type and cannot be used all the same. key: of its section."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Unknown keys and near-miss types ("260", 1 for true) are refused; values never change.

    Each section says frozen again for type checkers, which do not see that it is handed down.
    """


class InputSection(Section, frozen=True):
    image_path: Annotated[
        str | Annotated[list[str], Meta(min_length=1)],
        Meta(description="Photo, folder or pattern, or a list of these; relative to the project's root."),
    ] = "Input_Images/portrait_both_closed.jpg"


class ProcessingSection(Section, frozen=True):
    threshold: Annotated[
        float,
        Meta(
            gt=0,
            le=10_000,
            description="Eyes with a smaller area are closed: px^2 at an inter-ocular distance of 100 px.",
        ),
    ] = 260.0
    use_larger_eye: Annotated[bool, Meta(description="Both masks take the size of the larger eye.")] = False
    crop_output_size: Annotated[
        Annotated[int, Meta(ge=64, le=4096)] | None,
        Meta(description="Side of the crop in px; null takes the photo's own resolution."),
    ] = None
    feather_size: Annotated[float, Meta(ge=0, le=256, description="px of feather at a crop of 512 px.")] = (
        25.0
    )
    detector: Annotated[
        Literal["auto", "facemesh", "insightface"],
        Meta(description="Who finds faces; auto takes insightface where its weights are there."),
    ] = "auto"
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        Meta(description="Where networks run; auto takes a GPU where there is one."),
    ] = "auto"
    min_age: Annotated[
        Annotated[float, Meta(ge=0, le=120)] | None,
        Meta(description="Leave younger faces alone, where the detector tells ages."),
    ] = None
    verbose: Annotated[bool, Meta(description="Keep all intermediate files and show more.")] = False
    debug: Annotated[bool, Meta(description="Keep the picture of detected eyes, also without verbose.")] = (
        False
    )
    workers: Annotated[
        Positive | PerStage | None,
        Meta(description="Processes of every stage, or of named ones; null takes what the machine bears."),
    ] = None
    log_format: Annotated[Literal["human", "json"], Meta(description="How progress is written.")] = "human"
    max_megapixels: Annotated[
        float, Meta(gt=0, le=1e6, description="Refuse bigger pictures before decoding them.")
    ] = 250.0
    max_file_mb: Annotated[
        float, Meta(gt=0, le=1e6, description="Refuse bigger files before reading them.")
    ] = 2000.0


class RefinerSection(Section, frozen=True):
    enabled: Annotated[bool, Meta(description="Use the refiner after the base model.")] = True
    prompt: str = DEFAULT_REFINER_PROMPT
    negative_prompt: str = DEFAULT_REFINER_NEGATIVE_PROMPT
    guidance_scale: Annotated[float, Meta(ge=0, le=50)] = 20.0
    num_inference_steps: Annotated[int, Meta(ge=1, le=500)] = 3
    strength: Annotated[float, Meta(ge=0, le=1, description="How much the refiner changes.")] = 0.4
    mode: Annotated[
        RefinerMode, Meta(description="masked goes over the paint; ensemble takes over its last noise.")
    ] = "masked"


class GenerationSection(Section, frozen=True):
    model: Annotated[
        Literal["auto", "donor", "mirror", "lid_lift", "sdxl", "sdxl-turbo"],
        Meta(description="auto chooses per face; any other value asks for exactly that."),
    ] = "auto"
    prompt: str = DEFAULT_PROMPT
    negative_prompt: str = DEFAULT_NEGATIVE_PROMPT
    guidance_scale: Annotated[
        float, Meta(ge=0, le=50, description="Higher follows the prompt more strictly.")
    ] = 15.0
    num_inference_steps: Annotated[int, Meta(ge=1, le=500)] = 30
    strength: Annotated[
        float, Meta(ge=0, le=1, description="How much of the masked region is repainted.")
    ] = 0.9999
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1, description="The same seed gives the same picture.")] = 42
    batch_size: Annotated[
        Annotated[int, Meta(ge=1, le=256)] | None, Meta(description="Items painted at once; null chooses.")
    ] = None
    scheduler: Annotated[Scheduler, Meta(description="SDXL's sampler; model is that of the weights.")] = (
        "model"
    )
    neutralize: Annotated[Neutralize, Meta(description="What SDXL finds in place of the closed eye.")] = (
        "cv_inpaint"
    )
    precision: Annotated[Precision, Meta(description="auto is half precision on a GPU.")] = "auto"
    low_memory: Annotated[bool, Meta(description="SDXL slower, in as little memory as possible.")] = False
    compile: Annotated[bool, Meta(description="Compile SDXL first: pays in long runs on a GPU.")] = False
    quantize: Annotated[Literal["none", "int8"], Meta(description="int8 halves SDXL's weights.")] = "none"
    eye_color: Annotated[
        EyeColour | None,
        Meta(description=f"Iris colour: {', '.join(EYE_COLOURS)} or #rrggbb; null finds it."),
    ] = None
    openness: Annotated[
        float,
        Meta(ge=0.5, le=1.2, description="How far eyes open; 1 as they would with this face's expression."),
    ] = 1.0
    donor: Annotated[str | None, Meta(description="Photo or folder of the same people with open eyes.")] = (
        None
    )
    donor_folder: Annotated[
        list[str], Meta(description="Folders that are searched for open eyes of the same people.")
    ] = []
    find_donors: Annotated[
        bool, Meta(description="Search the run's own photos for open eyes of the same people.")
    ] = True
    identity: Annotated[
        Literal["auto", "off"],
        Meta(description="auto tells people apart where donors are at hand; off trusts --donor."),
    ] = "auto"
    refiner: RefinerSection = RefinerSection()

    def __post_init__(self) -> None:
        colour = self.eye_color
        if colour is None or HEX_COLOUR.match(colour):
            return
        name = colour.lower()
        if name not in EYE_COLOURS:
            known = f"{', '.join(EYE_COLOURS)} or #rrggbb"
            raise UnfitValueError("eye_color", f"{colour!r} is no eye colour; known: {known}")
        msgspec.structs.force_setattr(self, "eye_color", "grey" if name == "gray" else name)


class RestorationSection(Section, frozen=True):
    enabled: Annotated[bool | Literal["auto"], Meta(description="auto restores where weights are there.")] = (
        "auto"
    )
    upscale: Annotated[float, Meta(ge=1, le=4, description="Factor of the picture's size.")] = 1.0
    fidelity: Annotated[
        float, Meta(ge=0, le=1, description="0 most restored, 1 most faithful to the photo.")
    ] = 0.7
    model: Annotated[Literal["codeformer", "gfpgan"], Meta(description="What restores faces.")] = "codeformer"
    model_path: Annotated[
        str | None, Meta(description="Weights of restoration.model; null takes the model store's.")
    ] = None
    faces: Annotated[
        Literal["edited", "all"],
        Meta(description="Which faces are restored; all leaves none as it is in the photo."),
    ] = "edited"


class OutputSection(Section, frozen=True):
    format: Annotated[
        Literal["same", "png", "jpeg", "webp", "tiff"], Meta(description="same keeps the photo's own format.")
    ] = "png"
    name_template: Annotated[
        str | None, Meta(description="File name of outputs, e.g. {stem}_eyes{ext}; null names by run id.")
    ] = None
    copy_unchanged: Annotated[bool, Meta(description="Copy photos that needed no edit, byte by byte.")] = (
        False
    )
    strip_metadata: Annotated[bool, Meta(description="Write no metadata at all.")] = False


class ModelsSection(Section, frozen=True):
    license: Annotated[
        Literal["any", "commercial"],
        Meta(description="commercial refuses weights that may not be used commercially."),
    ] = "any"
    sdxl_base: Annotated[
        str | None, Meta(description="SDXL base or inpainting weights: a folder, or one safetensors file.")
    ] = None
    sdxl_refiner: Annotated[str | None, Meta(description="The same of the SDXL refiner.")] = None
    sdxl_lora: Annotated[str | None, Meta(description="A LoRA of your own for SDXL, safetensors.")] = None
    insightface: Annotated[
        str | None, Meta(description="Folder of an InsightFace pack; null takes the model store's.")
    ] = None
    llm: Annotated[
        str | None,
        Meta(description=f"GGUF file of the language model for prompt variations, or {PACKAGED_LLM}."),
    ] = None


class Settings(Section, frozen=True):
    """A whole configuration."""

    pre_enhance_instruction_prompt: str = DEFAULT_INSTRUCTION
    input: InputSection = InputSection()
    processing: ProcessingSection = ProcessingSection()
    generation: GenerationSection = GenerationSection()
    restoration: RestorationSection = RestorationSection()
    output: OutputSection = OutputSection()
    models: ModelsSection = ModelsSection()

    def image_paths(self) -> list[str]:
        """`input.image_path` as a list."""
        given = self.input.image_path
        return [given] if isinstance(given, str) else list(given)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values, also what is as by default."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def settings_of(document: Mapping[str, Any]) -> Settings:
    """Settings from plain JSON values; what is left out is as by default.

    Raises:
        msgspec.ValidationError: there is an unknown key, or a value out of its range.
    """
    return msgspec.convert(document, Settings)


def schema_text() -> str:
    """The text of `config/schema.json`."""
    _, sections = msgspec.json.schema_components([Settings])
    settings = sections.pop(Settings.__name__)
    settings["title"] = "Open The Eyes configuration"
    settings["properties"]["$schema"] = {"type": "string", "description": "For editors; not read."}
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": sections, **settings}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _write_schema(argv: list[str]) -> int:
    if argv != ["--write-schema"]:
        print("usage: python -m orch.app.src.settings --write-schema", file=sys.stderr)
        return 2
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(_write_schema(sys.argv[1:]))
