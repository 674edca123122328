"""The final file: an edited picture in the format asked for, with what the original carried.

Needs NumPy, Pillow and pyvips. Written atomically; the original is only read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.finish import OutputOptions, Recompression
from imaging import png_reader, png_writer
from imaging.exif import DamagedExifError, normalised_exif
from imaging.lossy_writer import recompression, write_jpeg, write_webp
from imaging.output_formats import NO_LIMITS, SUFFIXES, target_format
from imaging.photo import Photo, read_photo
from imaging.photo_header import PhotoHeader, read_header
from imaging.photo_metadata import PhotoMetadata, read_metadata
from imaging.png_reader import Chunk
from imaging.tiff_writer import write_tiff
from imaging.xmp import with_provenance

DEEP_FORMATS = frozenset(("PNG", "TIFF"))
LOSSY_FORMATS = frozenset(("JPEG", "WEBP"))

FORMAT_CHANGED = "OUTPUT_FORMAT"
DEPTH_REDUCED = "OUTPUT_8_BIT"
ALPHA_FLATTENED = "OUTPUT_FLATTENED"
METADATA_LEFT_OUT = "OUTPUT_METADATA"


@dataclass(frozen=True)
class OutputReport:
    """What was written.

    Attributes:
        recompression: what lossy re-encoding changed outside of the edited regions; None for lossless files.
        warnings: what the output could not keep.
    """

    path: Path
    file_format: str
    bit_depth: int
    recompression: Recompression | None = None
    warnings: tuple[Notice, ...] = ()


def write_final(
    path: Path, edited: Path | Photo, original: Path | Photo, options: OutputOptions
) -> OutputReport:
    """Encode the edited picture.

    Args:
        path: where to; an existing file is replaced whole.
        edited: the upright edited picture, as blend writes it.
        original: the photo it came from; only its header and metadata are used.

    Raises:
        StageError: OUTPUT_NOT_WRITABLE or DISK_FULL; INPUT_* where a picture cannot be read;
            INPUT_UNSUPPORTED where the format cannot hold the picture.
    """
    header, metadata = _source(original)
    target = target_format(header.file_format, options.output_format)
    if target == "PNG" and isinstance(edited, Path) and png_reader.has_plain_pixels(edited):
        return _repacked(path, edited, header, metadata, options)
    picture = edited if isinstance(edited, Photo) else read_photo(edited, NO_LIMITS)
    warnings = [*_changes(header, target), *_losses(picture, target)]
    # A grey PNG between the stages cannot carry the RGB profile that a grey JPEG may have.
    icc = picture.icc or (None if header.colour == "cmyk" else metadata.icc)
    kept, notices = _kept_metadata(replace(metadata, icc=icc), picture.size, options)
    warnings += notices
    pixels, alpha = picture.pixels, picture.alpha
    if target not in DEEP_FORMATS:
        pixels, alpha = _to_8_bit(pixels), None if alpha is None else _to_8_bit(alpha)
    if target == "PNG":
        png_writer.write_png(path, pixels, alpha, _png_chunks(kept, options, pixels.shape[2]))
    elif target == "TIFF":
        write_tiff(path, pixels, alpha, kept)
    elif target == "JPEG":
        pixels, alpha = _flattened(pixels, alpha), None
        warnings += write_jpeg(path, pixels, kept, turned=header.orientation >= 5)
    else:
        _check_webp_size(path, pixels)
        warnings += write_webp(path, pixels, alpha, kept)
    lossless = target in DEEP_FORMATS or (target == "WEBP" and kept.lossless_webp)
    changed = None if lossless else recompression(path, pixels, options.edited_regions)
    return OutputReport(path, target, pixels.dtype.itemsize * 8, changed, tuple(warnings))


def _repacked(
    path: Path, edited: Path, header: PhotoHeader, metadata: PhotoMetadata, options: OutputOptions
) -> OutputReport:
    """The finished PNG from the one that a stage wrote: other metadata, the same pixels, not decoded."""
    own = read_header(edited, NO_LIMITS)
    icc = read_metadata(edited, own).icc or (None if header.colour == "cmyk" else metadata.icc)
    kept, notices = _kept_metadata(replace(metadata, icc=icc), own.upright_size, options)
    chunks = _png_chunks(kept, options, channels=1 if own.colour == "grey" else 3)
    png_writer.repack_png(path, edited, chunks)
    return OutputReport(path, "PNG", own.bit_depth, None, (*_changes(header, "PNG"), *notices))


def _source(original: Path | Photo) -> tuple[PhotoHeader, PhotoMetadata]:
    if isinstance(original, Photo):
        return original.header, original.metadata
    header = read_header(original, NO_LIMITS)
    return header, read_metadata(original, header)


def _changes(header: PhotoHeader, target: str) -> list[Notice]:
    """What is another than in the original."""
    notices = []
    if header.file_format not in SUFFIXES and target == "PNG":
        notices.append(Notice(FORMAT_CHANGED, f"{header.file_format} is not written; saved as PNG"))
    if header.colour == "cmyk":
        notices.append(Notice(FORMAT_CHANGED, "the original is CMYK; saved as sRGB"))
    if header.colour == "palette":
        notices.append(Notice(FORMAT_CHANGED, "the original has a palette; saved in full colour"))
    return notices


def _losses(picture: Photo, target: str) -> list[Notice]:
    """What the target format cannot hold of the edited picture."""
    notices = []
    if picture.bit_depth > 8 and target not in DEEP_FORMATS:
        notices.append(Notice(DEPTH_REDUCED, f"{target} holds 8 bits per channel; the photo has 16"))
    if picture.alpha is not None and target == "JPEG":
        notices.append(Notice(ALPHA_FLATTENED, "JPEG holds no transparency; laid on white"))
    return notices


def _kept_metadata(
    metadata: PhotoMetadata, size: tuple[int, int], options: OutputOptions
) -> tuple[PhotoMetadata, list[Notice]]:
    """The original's metadata brought in line with the edited picture, with our provenance."""
    coding = PhotoMetadata(
        icc=metadata.icc,
        jpeg=metadata.jpeg,
        lossless_webp=metadata.lossless_webp,
        uncompressed_tiff=metadata.uncompressed_tiff,
    )
    if options.strip_metadata:
        return coding, []
    notices = []
    exif = metadata.exif
    if exif:
        try:
            exif = normalised_exif(exif, size)
        except DamagedExifError:
            exif = None
            notices.append(Notice(METADATA_LEFT_OUT, "the EXIF data are damaged and were left out"))
    xmp, kept = with_provenance(metadata.xmp, options.provenance, options.source_type)
    if not kept:
        notices.append(Notice(METADATA_LEFT_OUT, "the XMP packet is damaged and was replaced"))
    return replace(metadata, exif=exif, xmp=xmp), notices


def _png_chunks(metadata: PhotoMetadata, options: OutputOptions, channels: int) -> list[Chunk]:
    provenance = {} if options.strip_metadata else options.provenance
    chunks = [*metadata.png_colour, *png_writer.colour_profile(metadata.icc, channels)]
    if metadata.dpi:
        chunks.append(png_writer.resolution(metadata.dpi))
    if metadata.exif:
        chunks.append(png_writer.exif(metadata.exif))
    if metadata.xmp:
        chunks.append(png_writer.xmp(metadata.xmp))
    if metadata.iptc:
        chunks.append(png_writer.iptc(metadata.iptc))
    chunks += [png_writer.text(key, value) for key, value in metadata.text]
    return chunks + [png_writer.text(f"OpenTheEyes_{key}", value) for key, value in provenance.items()]


def _to_8_bit(samples: NDArray[Any]) -> NDArray[np.uint8]:
    if samples.dtype == np.uint8:
        return samples
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _flattened(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Laid on white; opaque pixels stay exactly as they are."""
    if alpha is None:
        return pixels
    weight = alpha[:, :, None].astype(np.uint16)
    laid = (pixels * weight + 255 * (255 - weight) + 127) // 255
    return laid.astype(np.uint8)


def _check_webp_size(path: Path, pixels: NDArray[np.uint8]) -> None:
    most = 16383
    if max(pixels.shape[:2]) > most:
        raise StageError(
            ErrorCode.INPUT_UNSUPPORTED,
            f"{path.name}: WebP holds at most {most} pixels a side, this picture has {max(pixels.shape[:2])}",
            "use --output-format png or jpeg",
            ExitCode.UNREADABLE_INPUT,
        )
