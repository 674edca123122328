"""Settings in the words of each stage."""

from __future__ import annotations

from contracts.blend import BlendParams
from contracts.crop import CropParams
from contracts.face import FaceParams
from contracts.finish import FinishParams
from contracts.gen import GenParams
from contracts.preenh import PreEnhanceParams
from contracts.res import RestoreParams
from orch.app.src.settings import Settings


def face_params(settings: Settings) -> FaceParams:
    """How faces are looked for and judged."""
    processing = settings.processing
    return FaceParams(
        threshold=processing.threshold,
        max_megapixels=processing.max_megapixels,
        max_file_mb=processing.max_file_mb,
    )


def crop_params(settings: Settings) -> CropParams:
    """How big crops and masks are."""
    processing = settings.processing
    return CropParams(
        crop_output_size=processing.crop_output_size,
        use_larger_eye=processing.use_larger_eye,
        max_megapixels=processing.max_megapixels,
        max_file_mb=processing.max_file_mb,
    )


def gen_params(settings: Settings) -> GenParams:
    """How the networks that paint are run; what is painted is a matter of each face."""
    generation = settings.generation
    return GenParams(
        batch_size=generation.batch_size,
        scheduler=generation.scheduler,
        neutralize=generation.neutralize,
        precision=generation.precision,
        low_memory=generation.low_memory,
        compile=generation.compile,
        quantize=generation.quantize,
    )


def blend_params(settings: Settings) -> BlendParams:
    """How soft the border of what is pasted is."""
    processing = settings.processing
    return BlendParams(
        feather_size=processing.feather_size,
        max_megapixels=processing.max_megapixels,
        max_file_mb=processing.max_file_mb,
    )


def restore_params(settings: Settings, upscale: float) -> RestoreParams:
    """How much is restored. upscale: size of the result over that of the picture."""
    processing = settings.processing
    return RestoreParams(
        fidelity=settings.restoration.fidelity,
        upscale=upscale,
        max_megapixels=processing.max_megapixels,
        max_file_mb=processing.max_file_mb,
    )


def finish_params(settings: Settings) -> FinishParams:
    """The limits for pictures that are shown: what the run refused is not read for its page either."""
    processing = settings.processing
    return FinishParams(max_megapixels=processing.max_megapixels, max_file_mb=processing.max_file_mb)


def pre_enhance_params(settings: Settings) -> PreEnhanceParams:
    """The prompts that are varied."""
    generation = settings.generation
    return PreEnhanceParams(
        prompt=generation.prompt,
        negative_prompt=generation.negative_prompt,
        refiner_prompt=generation.refiner.prompt,
        refiner_negative_prompt=generation.refiner.negative_prompt,
        instruction=settings.pre_enhance_instruction_prompt,
    )
