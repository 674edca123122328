"""Typed configuration: every key that a config file may hold, its range and its default.

The defaults here are those of `config/default.json`, which is the base that other files merge over;
a test keeps the two equal. Loading (file < environment < command line) is `settings_sources`.

    python -m orch.app.src.settings --write-schema     # config/schema.json
"""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

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

Positive = Annotated[int, Field(ge=1, le=256)]


class Section(BaseModel):
    """Unknown keys and near-miss types ("260", 1 for true) are refused; values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class InputSection(Section):
    image_path: str | Annotated[list[str], Field(min_length=1)] = Field(
        default="Input_Images/portrait_both_closed.jpg",
        description="Photo, folder or pattern, or a list of these; relative to the project's root.",
    )


class ProcessingSection(Section):
    threshold: float = Field(
        default=260.0,
        gt=0,
        le=10_000,
        description="Eyes with a smaller area are closed: px^2 at an inter-ocular distance of 100 px.",
    )
    use_larger_eye: bool = Field(default=False, description="Both masks take the size of the larger eye.")
    crop_output_size: int | None = Field(
        default=None,
        ge=64,
        le=4096,
        description="Side of the crop in px; null takes the photo's own resolution.",
    )
    feather_size: float = Field(default=25.0, ge=0, le=256, description="px of feather at a crop of 512 px.")
    detector: Literal["auto", "facemesh", "insightface"] = Field(
        default="auto", description="Who finds faces; auto takes insightface where its weights are there."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where networks run; auto takes a GPU where there is one."
    )
    min_age: float | None = Field(
        default=None, ge=0, le=120, description="Leave younger faces alone, where the detector tells ages."
    )
    verbose: bool = Field(default=False, description="Keep all intermediate files and show more.")
    debug: bool = Field(default=False, description="Keep the picture of detected eyes, also without verbose.")
    workers: Positive | dict[StageName, Positive] | None = Field(
        default=None,
        description="Processes of every stage, or of named ones; null takes what the machine bears.",
    )
    log_format: Literal["human", "json"] = Field(default="human", description="How progress is written.")
    max_megapixels: float = Field(
        default=250.0, gt=0, description="Refuse bigger pictures before decoding them."
    )
    max_file_mb: float = Field(default=2000.0, gt=0, description="Refuse bigger files before reading them.")


class RefinerSection(Section):
    enabled: bool = Field(default=True, description="Use the refiner after the base model.")
    prompt: str = DEFAULT_REFINER_PROMPT
    negative_prompt: str = DEFAULT_REFINER_NEGATIVE_PROMPT
    guidance_scale: float = Field(default=20.0, ge=0, le=50)
    num_inference_steps: int = Field(default=3, ge=1, le=500)
    strength: float = Field(default=0.4, ge=0, le=1, description="How much the refiner changes.")
    mode: RefinerMode = Field(
        default="masked",
        description="masked goes over the paint; ensemble takes over its last noise.",
    )


class GenerationSection(Section):
    model: Literal["auto", "donor", "mirror", "lid_lift", "sdxl", "sdxl-turbo"] = Field(
        default="auto", description="auto chooses per face; any other value asks for exactly that."
    )
    prompt: str = DEFAULT_PROMPT
    negative_prompt: str = DEFAULT_NEGATIVE_PROMPT
    guidance_scale: float = Field(
        default=15.0, ge=0, le=50, description="Higher follows the prompt more strictly."
    )
    num_inference_steps: int = Field(default=30, ge=1, le=500)
    strength: float = Field(
        default=0.9999, ge=0, le=1, description="How much of the masked region is repainted."
    )
    seed: int = Field(default=42, ge=0, le=2**63 - 1, description="The same seed gives the same picture.")
    batch_size: int | None = Field(
        default=None, ge=1, le=256, description="Items painted at once; null chooses."
    )
    scheduler: Scheduler = Field(default="model", description="SDXL's sampler; model is that of the weights.")
    neutralize: Neutralize = Field(
        default="cv_inpaint", description="What SDXL finds in place of the closed eye."
    )
    precision: Precision = Field(default="auto", description="auto is half precision on a GPU.")
    low_memory: bool = Field(default=False, description="SDXL slower, in as little memory as possible.")
    compile: bool = Field(default=False, description="Compile SDXL first: pays in long runs on a GPU.")
    quantize: Literal["none", "int8"] = Field(default="none", description="int8 halves SDXL's weights.")
    eye_color: str | None = Field(
        default=None, description=f"Iris colour: {', '.join(EYE_COLOURS)} or #rrggbb; null finds it."
    )
    openness: float = Field(
        default=1.0,
        ge=0.5,
        le=1.2,
        description="How far eyes open; 1 as they would with this face's expression.",
    )
    donor: str | None = Field(default=None, description="Photo or folder of the same people with open eyes.")
    donor_folder: list[str] = Field(
        default=[], description="Folders that are searched for open eyes of the same people."
    )
    find_donors: bool = Field(
        default=True, description="Search the run's own photos for open eyes of the same people."
    )
    identity: Literal["auto", "off"] = Field(
        default="auto", description="auto tells people apart where donors are at hand; off trusts --donor."
    )
    refiner: RefinerSection = RefinerSection()

    @field_validator("eye_color")
    @classmethod
    def _known_colour(cls, value: str | None) -> str | None:
        if value is None or HEX_COLOUR.match(value):
            return value
        if value.lower() not in EYE_COLOURS:
            raise ValueError(f"{value!r} is no eye colour; known: {', '.join(EYE_COLOURS)} or #rrggbb")
        return "grey" if value.lower() == "gray" else value.lower()


class RestorationSection(Section):
    enabled: bool | Literal["auto"] = Field(
        default="auto", description="auto restores where weights are there."
    )
    upscale: float = Field(default=1.0, ge=1, le=4, description="Factor of the picture's size.")
    fidelity: float = Field(
        default=0.7, ge=0, le=1, description="0 most restored, 1 most faithful to the photo."
    )
    model: Literal["codeformer", "gfpgan"] = Field(default="codeformer", description="What restores faces.")
    model_path: str | None = Field(
        default=None, description="Weights of restoration.model; null takes the model store's."
    )
    faces: Literal["edited", "all"] = Field(
        default="edited", description="Which faces are restored; all leaves none as it is in the photo."
    )


class OutputSection(Section):
    format: Literal["same", "png", "jpeg", "webp", "tiff"] = Field(
        default="png", description="same keeps the photo's own format."
    )
    name_template: str | None = Field(
        default=None, description="File name of outputs, e.g. {stem}_eyes{ext}; null names by run id."
    )
    copy_unchanged: bool = Field(default=False, description="Copy photos that needed no edit, byte by byte.")
    strip_metadata: bool = Field(default=False, description="Write no metadata at all.")


class ModelsSection(Section):
    license: Literal["any", "commercial"] = Field(
        default="any", description="commercial refuses weights that may not be used commercially."
    )
    sdxl_base: str | None = Field(
        default=None, description="SDXL base or inpainting weights: a folder, or one safetensors file."
    )
    sdxl_refiner: str | None = Field(default=None, description="The same of the SDXL refiner.")
    sdxl_lora: str | None = Field(default=None, description="A LoRA of your own for SDXL, safetensors.")
    insightface: str | None = Field(
        default=None, description="Folder of an InsightFace pack; null takes the model store's."
    )
    llm: str | None = Field(
        default=None,
        description=f"GGUF file of the language model for prompt variations, or {PACKAGED_LLM}.",
    )


class Settings(Section):
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


def schema_text() -> str:
    """The text of `config/schema.json`."""
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= Settings.model_json_schema()
    schema["title"] = "Open The Eyes configuration"
    schema["properties"]["$schema"] = {"type": "string", "description": "For editors; not read."}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _write_schema(argv: list[str]) -> int:
    if argv != ["--write-schema"]:
        print("usage: python -m orch.app.src.settings --write-schema", file=sys.stderr)
        return 2
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(_write_schema(sys.argv[1:]))
