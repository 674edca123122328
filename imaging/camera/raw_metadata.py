"""What a camera raw file says about the photo, without what it says about its own storage.

Most raw files are TIFFs by structure; of others the preview's EXIF data are taken, or at least the time and
the exposure that LibRaw tells. Maker notes stay behind: they hold offsets into the raw file.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import rawpy
from PIL import Image

from contracts.envelope import Notice
from imaging.photo_metadata import EXIF_IFD_TAG, GPS_IFD_TAG, IPTC_TAG, XMP_TAG, PhotoMetadata
from imaging.photo_output import METADATA_LEFT_OUT
from imaging.pillow_reader import DECODER_ERRORS

TIFF_STARTS = {
    b"II*\0": b"II*\0",
    b"MM\0*": b"MM\0*",
    b"IIU\0": b"II*\0",
    b"IIRO": b"II*\0",
    b"IIRS": b"II*\0",
}
"""First bytes of raw files that are TIFFs by structure (the last three are Panasonic's and Olympus's) -> the
TIFF signature."""
# ImageDescription, Make, Model, XResolution, YResolution, ResolutionUnit, Software, DateTime, Artist, Rating,
# RatingPercent, Copyright (Exif 2.32, table 4).
DESCRIPTIVE = (270, 271, 272, 282, 283, 296, 305, 306, 315, 18246, 18249, 33432)
MAKER_NOTE, INTEROPERABILITY = 37500, 40965
DATE_TIME, TAKEN, EXPOSURE_TIME, F_NUMBER, ISO, FOCAL_LENGTH = 306, 36867, 33434, 33437, 34855, 37386
DEVELOP_SETTINGS = b"http://ns.adobe.com/camera-raw-settings/"
"""A packet that holds these would have other software develop the picture once more."""


def raw_metadata(path: Path, raw: rawpy.RawPy) -> tuple[PhotoMetadata, tuple[Notice, ...]]:
    """EXIF, XMP and IPTC of an opened raw file, and what could not be kept."""
    try:
        stored = _stored(path, raw)
        xmp, iptc = stored.get(XMP_TAG), stored.get(IPTC_TAG)
        exif = _descriptive(stored).tobytes().removeprefix(b"Exif\0\0")
    except DECODER_ERRORS:
        exif, xmp, iptc = _told(raw).tobytes().removeprefix(b"Exif\0\0"), None, None
    notices = []
    if isinstance(xmp, bytes) and DEVELOP_SETTINGS in xmp:
        xmp = None
        message = (
            f"{path.name} holds settings of a raw developer, which were not applied; its XMP was left out"
        )
        notices.append(Notice(METADATA_LEFT_OUT, message))
    metadata = PhotoMetadata(
        exif=exif,
        xmp=xmp if isinstance(xmp, bytes) else None,
        iptc=iptc if isinstance(iptc, bytes) else None,
    )
    return metadata, tuple(notices)


def _stored(path: Path, raw: rawpy.RawPy) -> Image.Exif:
    """The tags as they are in the file, or in its preview, or as LibRaw tells them."""
    data = path.read_bytes()
    exif = Image.Exif()
    if start := TIFF_STARTS.get(data[:4]):
        exif.load(start + data[4:])
        return exif
    try:
        thumbnail = raw.extract_thumb()
    except rawpy.LibRawError:
        return _told(raw)
    if thumbnail.format == rawpy.ThumbFormat.JPEG:
        with Image.open(io.BytesIO(thumbnail.data)) as preview:
            exif = preview.getexif()
    return exif if len(exif) else _told(raw)


def _descriptive(stored: Image.Exif) -> Image.Exif:
    kept = Image.Exif()
    for tag in DESCRIPTIVE:
        if tag in stored:
            kept[tag] = stored[tag]
    for directory in (EXIF_IFD_TAG, GPS_IFD_TAG):
        if tags := stored.get_ifd(directory):
            kept.get_ifd(directory).update(
                {tag: value for tag, value in tags.items() if tag not in (MAKER_NOTE, INTEROPERABILITY)}
            )
    return kept


def _told(raw: rawpy.RawPy) -> Image.Exif:
    """When and how the photo was taken, as LibRaw tells."""
    exif = Image.Exif()
    other: Any = raw.other
    details = exif.get_ifd(EXIF_IFD_TAG)
    if other.timestamp:
        exif[DATE_TIME] = details[TAKEN] = other.timestamp.strftime("%Y:%m:%d %H:%M:%S")
    exposure = (
        (EXPOSURE_TIME, other.shutter_speed),
        (F_NUMBER, other.aperture),
        (FOCAL_LENGTH, other.focal_length),
    )
    details.update({tag: value for tag, value in exposure if value})
    if other.iso_speed:
        details[ISO] = round(other.iso_speed)
    return exif
