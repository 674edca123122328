"""Final files: format, depth, profile and metadata are kept; provenance is added; re-encoding is measured."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms, PngImagePlugin

from contracts.error_codes import ErrorCode, StageError
from contracts.finish import OutputOptions
from imaging import png_reader, png_writer
from imaging.digital_source_type import CAPTURED_PARTS, GENERATIVE_EDIT, MIXED_PARTS, digital_source_type
from imaging.output_formats import output_suffix
from imaging.photo import Photo, read_photo
from imaging.photo_output import (
    ALPHA_FLATTENED,
    DEPTH_REDUCED,
    FORMAT_CHANGED,
    METADATA_LEFT_OUT,
    write_final,
)
from tests.synthetic_faces import textured_picture
from tests.unit.test_photo_reading import samples, save

PROVENANCE = {"Version": "0.1.0", "Config": '{"seed": 42, "name": "Zoë <&>"}', "GeneratedAt": "2026-01-01"}
OPTIONS = OutputOptions(provenance=PROVENANCE, source_type=MIXED_PARTS)
IPTC = b"\x1c\x02\x00\x00\x02\x00\x02\x1c\x02\x50\x00\x0bPhotographe"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" dc:format="image/jpeg"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


@cache
def srgb_profile() -> bytes:
    """One profile for all tests: each one that is made carries the second of its making."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif_with_thumbnail(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera maker"
    exif[0x8769] = {0xA002: 40, 0xA003: 30, 0x9286: b"ASCII\0\0\0comment", 0x829A: 0.005}
    thumbnail = io.BytesIO()
    Image.new("RGB", (16, 12), "red").save(thumbnail, "JPEG")
    block = bytearray(exif.tobytes().removeprefix(b"Exif\0\0"))
    order = ">" if block[:2] == b"MM" else "<"
    # Pillow writes no second directory; cameras do, with the thumbnail.
    pointer = 8 + 2 + 12 * struct.unpack_from(order + "H", block, 8)[0]
    second = len(block)
    struct.pack_into(order + "I", block, pointer, second)
    jpeg = thumbnail.getvalue()
    entries = [(0x0201, second + 2 + 2 * 12 + 4), (0x0202, len(jpeg))]
    block += struct.pack(order + "H", len(entries))
    for tag, value in entries:
        block += struct.pack(order + "HHII", tag, 4, 1, value)
    return b"Exif\0\0" + bytes(block) + bytes(4) + jpeg


@pytest.fixture
def rich_jpeg(tmp_path: Path) -> Path:
    """A JPEG with everything: EXIF on its side with a thumbnail, XMP, IPTC, ICC, DPI, comment."""
    path = tmp_path / "rich.JPG"
    resource = b"8BIM\x04\x04\0\0" + len(IPTC).to_bytes(4, "big") + IPTC + bytes(len(IPTC) % 2)
    app13 = b"Photoshop 3.0\0" + resource
    Image.fromarray(samples(3, 8)).save(
        path,
        quality=80,
        subsampling="4:2:0",
        exif=exif_with_thumbnail(6),
        xmp=XMP,
        icc_profile=srgb_profile(),
        dpi=(300, 300),
        comment=b"a comment",
        extra=b"\xff\xed" + (len(app13) + 2).to_bytes(2, "big") + app13,
    )
    return path


def edited(photo: Photo) -> Photo:
    """A patch in the middle made darker."""
    pixels = photo.pixels.copy()
    pixels[10:20, 10:20] //= 2
    return replace(photo, pixels=pixels)


@pytest.mark.parametrize("output_format", ["same", "png", "tiff", "webp"])
def test_metadata_survives_every_format(rich_jpeg: Path, tmp_path: Path, output_format: Any) -> None:
    photo = read_photo(rich_jpeg)
    assert photo.size == (30, 40)
    path = tmp_path / f"out{output_suffix(rich_jpeg, output_format)}"
    report = write_final(path, edited(photo), rich_jpeg, replace(OPTIONS, output_format=output_format))
    result = read_photo(path)
    assert result.size == (30, 40)
    assert result.header.orientation == 1
    assert result.icc == photo.icc == srgb_profile()
    with Image.open(path) as image:
        exif = image.getexif()
        assert exif[0x010F] == "Camera maker"
        details = exif.get_ifd(0x8769)
        assert (details[0xA002], details[0xA003]) == (30, 40)
        assert details[0x9286] == b"ASCII\0\0\0comment"
        assert not exif.get_ifd(1), "the thumbnail would show the eyes as they were"
    assert Image.new("RGB", (16, 12), "red").tobytes() not in path.read_bytes()
    xmp = (result.metadata.xmp or b"").decode()
    assert 'dc:format="image/jpeg"' in xmp
    assert 'tiff:Orientation="1"' in xmp
    assert f"<Iptc4xmpExt:DigitalSourceType>{MIXED_PARTS}</" in xmp
    assert "Zoë &lt;&amp;&gt;" in xmp
    if output_format == "webp":
        assert [warning.code for warning in report.warnings] == [METADATA_LEFT_OUT]
    else:
        assert result.metadata.iptc == IPTC
        assert result.metadata.dpi == pytest.approx((300, 300), abs=0.01)
        assert not report.warnings


def test_thumbnail_bytes_are_gone(rich_jpeg: Path, tmp_path: Path) -> None:
    before = rich_jpeg.read_bytes()
    assert before.count(b"\xff\xd8\xff") == 2
    write_final(tmp_path / "out.jpg", rich_jpeg, rich_jpeg, OPTIONS)
    assert (tmp_path / "out.jpg").read_bytes().count(b"\xff\xd8\xff") == 1


def test_png_text_of_the_reference(rich_jpeg: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    write_final(path, rich_jpeg, rich_jpeg, replace(OPTIONS, output_format="png"))
    with Image.open(path) as image:
        assert isinstance(image, PngImagePlugin.PngImageFile)
        assert image.text["OpenTheEyes_Version"] == "0.1.0"
        assert image.text["OpenTheEyes_Config"] == PROVENANCE["Config"]
        assert image.text["OpenTheEyes_GeneratedAt"] == "2026-01-01"


@pytest.mark.parametrize("output_format", ["same", "png", "tiff", "webp"])
def test_strip_metadata_leaves_the_profile_only(rich_jpeg: Path, tmp_path: Path, output_format: Any) -> None:
    path = tmp_path / f"out{output_suffix(rich_jpeg, output_format)}"
    options = replace(OPTIONS, output_format=output_format, strip_metadata=True)
    write_final(path, rich_jpeg, rich_jpeg, options)
    data = path.read_bytes()
    assert b"OpenTheEyes" not in data
    assert b"Camera maker" not in data
    assert b"Photographe" not in data
    metadata = read_photo(path).metadata
    assert (metadata.xmp, metadata.iptc, metadata.comment, metadata.text) == (None, None, None, ())
    assert metadata.icc == srgb_profile()


def test_jpeg_keeps_tables_and_subsampling(tmp_path: Path) -> None:
    source = tmp_path / "photo.jpg"
    Image.fromarray(textured_picture((320, 240))).save(source, quality=71, subsampling="4:2:0")
    photo = read_photo(source)
    path = tmp_path / "out.jpg"
    report = write_final(path, edited(photo), photo, replace(OPTIONS, edited_regions=((10, 10, 20, 20),)))
    result = read_photo(path).metadata.jpeg
    assert result == photo.metadata.jpeg
    assert report.recompression is not None
    assert report.recompression.max_levels <= 40
    assert report.recompression.mean_levels < 0.5
    untouched = write_final(path, photo, photo, OPTIONS)
    assert untouched.recompression is not None
    assert untouched.recompression.mean_levels < 0.3


def test_turned_jpeg_turns_its_tables(rich_jpeg: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.jpg"
    write_final(path, rich_jpeg, rich_jpeg, OPTIONS)
    before, after = read_photo(rich_jpeg).metadata.jpeg, read_photo(path).metadata.jpeg
    assert before is not None
    assert after is not None
    assert [np.reshape(t, (8, 8)).T.ravel().tolist() for t in before.tables] == [
        list(t) for t in after.tables
    ]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("output_format", ["same", "png", "tiff"])
def test_lossless_formats_keep_every_sample(
    tmp_path: Path, suffix: str, depth: int, channels: int, output_format: Any
) -> None:
    source = save(tmp_path / f"photo{suffix}", samples(channels, depth))
    photo = read_photo(source)
    path = tmp_path / f"out{output_suffix(source, output_format)}"
    report = write_final(path, photo, source, replace(OPTIONS, output_format=output_format))
    result = read_photo(path)
    assert report.recompression is None
    assert report.bit_depth == result.bit_depth == depth
    assert np.array_equal(result.pixels, photo.pixels)
    assert (result.alpha is None) == (photo.alpha is None)
    if photo.alpha is not None and result.alpha is not None:
        assert np.array_equal(result.alpha, photo.alpha)
    # Another library agrees on what was written.
    assert np.array_equal(
        pyvips.Image.new_from_file(str(path)).numpy().reshape(30, 40, -1)[:, :, 0], photo.pixels[:, :, 0]
    )


def test_uncompressed_tiff_stays_so(tmp_path: Path) -> None:
    source = save(tmp_path / "photo.tif", samples(3, 16))
    path = tmp_path / "out.tif"
    write_final(path, source, source, OPTIONS)
    assert read_photo(path).metadata.uncompressed_tiff
    compressed = save(tmp_path / "small.tif", samples(3, 16), compression="lzw")
    write_final(path, compressed, compressed, OPTIONS)
    assert not read_photo(path).metadata.uncompressed_tiff


@pytest.mark.parametrize("output_format", ["jpeg", "webp"])
def test_what_a_format_cannot_hold_is_said(tmp_path: Path, output_format: Any) -> None:
    source = save(tmp_path / "photo.png", samples(4, 16))
    report = write_final(tmp_path / "out", source, source, replace(OPTIONS, output_format=output_format))
    codes = {warning.code for warning in report.warnings}
    assert DEPTH_REDUCED in codes
    assert (ALPHA_FLATTENED in codes) == (output_format == "jpeg")
    assert report.bit_depth == 8


def test_opaque_pixels_survive_flattening(tmp_path: Path) -> None:
    pixels = samples(3, 8)
    opaque = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    source = save(tmp_path / "photo.png", opaque)
    path = tmp_path / "out.jpg"
    write_final(path, source, source, replace(OPTIONS, output_format="jpeg"))
    assert np.abs(read_photo(path).pixels.astype(int) - pixels).mean() < 3


@pytest.mark.parametrize(
    ("mode", "suffix"), [("P", ".png"), ("CMYK", ".jpg"), ("P", ".gif"), ("RGB", ".bmp")]
)
def test_colour_models_that_are_not_written_back(tmp_path: Path, mode: str, suffix: str) -> None:
    source = tmp_path / f"photo{suffix}"
    Image.fromarray(samples(3, 8)).convert(mode).save(source)
    name = output_suffix(source, "same")
    assert name == (suffix if suffix in (".png", ".jpg") else ".png")
    report = write_final(tmp_path / f"out{name}", source, source, OPTIONS)
    assert FORMAT_CHANGED in {warning.code for warning in report.warnings}
    assert read_photo(report.path).pixels.shape == (30, 40, 3)


def test_suffix_tells_the_format_whatever_the_original_is_called(tmp_path: Path) -> None:
    misnamed = save(tmp_path / "photo.png", samples(3, 8)).rename(tmp_path / "photo.jpg")
    assert output_suffix(misnamed, "same") == ".png"
    assert output_suffix(misnamed, "jpeg") == ".jpg"
    upper = save(tmp_path / "photo.tif", samples(3, 8)).rename(tmp_path / "photo.TIFF")
    assert output_suffix(upper, "same") == output_suffix(upper, "tiff") == ".TIFF"
    assert output_suffix(upper, "webp") == ".webp"


def test_colour_chunks_of_a_png_stay(tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", (50000).to_bytes(4, "big"))
    info.add_text("Title", "An island")
    Image.fromarray(samples(3, 8)).save(source, pnginfo=info)
    path = tmp_path / "out.png"
    write_final(path, source, source, OPTIONS)
    with Image.open(path) as image:
        assert image.info["gamma"] == 0.5
        assert image.info["Title"] == "An island"


def test_damaged_metadata_cost_a_warning_only(tmp_path: Path) -> None:
    source = tmp_path / "photo.jpg"
    Image.fromarray(samples(3, 8)).save(source, exif=b"Exif\0\0not a structure", xmp=b"\xff\xfe no packet")
    report = write_final(tmp_path / "out.jpg", source, source, OPTIONS)
    assert [warning.code for warning in report.warnings] == [METADATA_LEFT_OUT] * 2
    assert MIXED_PARTS.encode() in report.path.read_bytes()


def test_metadata_too_long_for_a_jpeg(tmp_path: Path) -> None:
    source = save(tmp_path / "photo.png", samples(3, 8))
    options = OutputOptions("jpeg", provenance={"Config": "x" * 70000})
    report = write_final(tmp_path / "out.jpg", source, source, options)
    assert METADATA_LEFT_OUT in {warning.code for warning in report.warnings}


def test_a_second_run_replaces_what_the_first_said(rich_jpeg: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jpg", tmp_path / "second.jpg"
    write_final(first, rich_jpeg, rich_jpeg, OPTIONS)
    again = OutputOptions(provenance={"Version": "9.9"}, source_type=GENERATIVE_EDIT)
    write_final(second, first, first, again)
    xmp = (read_photo(second).metadata.xmp or b"").decode()
    assert xmp.count("DigitalSourceType>") == 2  # opened and closed once
    assert "0.1.0" not in xmp
    assert "9.9" in xmp


def test_webp_has_a_largest_side(tmp_path: Path) -> None:
    wide = np.zeros((2, 16400, 3), np.uint8)
    source = save(tmp_path / "photo.png", wide)
    with pytest.raises(StageError) as caught:
        write_final(tmp_path / "out.webp", source, source, replace(OPTIONS, output_format="webp"))
    assert caught.value.code == ErrorCode.INPUT_UNSUPPORTED
    assert not (tmp_path / "out.webp").exists()


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    source = save(tmp_path / "photo.png", samples(3, 8))
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(StageError) as caught:
        write_final(blocked / "out.png", source, source, OPTIONS)
    assert caught.value.code == ErrorCode.OUTPUT_NOT_WRITABLE
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "photo.png"]


@pytest.mark.parametrize(
    ("strategies", "term"),
    [
        ([], ""),
        (["donor", "mirror"], CAPTURED_PARTS),
        (["donor", "lid_lift"], MIXED_PARTS),
        (["lid_lift", "sdxl"], GENERATIVE_EDIT),
    ],
)
def test_source_type_follows_from_the_strategies(strategies: list[str], term: str) -> None:
    assert digital_source_type(strategies) == term


@pytest.mark.parametrize(("mode", "depth"), [("L", 8), ("RGB", 8), ("RGBA", 8), ("RGB", 16), ("L", 16)])
def test_a_png_between_the_stages_is_not_encoded_again_and_means_the_same(
    tmp_path: Path, mode: str, depth: int
) -> None:
    levels = np.random.default_rng(3).integers(0, 2**depth, (40, 60, len(mode)))
    samples = levels.astype(np.uint16 if depth == 16 else np.uint8)
    pixels, alpha = (samples[:, :, :3], samples[:, :, 3]) if mode == "RGBA" else (samples, None)
    edited, original = tmp_path / "edited.png", tmp_path / "original.png"
    png_writer.write_png(edited, pixels, alpha, [png_writer.text("Secret", "between the stages")])
    png_writer.write_png(original, pixels, alpha, [png_writer.resolution((300.0, 300.0))])
    options = OutputOptions(output_format="png", provenance={"Seed": "42"})
    repacked = write_final(tmp_path / "a.png", edited, original, options)
    encoded = write_final(tmp_path / "b.png", read_photo(edited), original, options)
    assert (repacked.bit_depth, repacked.warnings) == (encoded.bit_depth, encoded.warnings)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert b"Secret" not in (tmp_path / "a.png").read_bytes()


@pytest.mark.parametrize("how", ["palette", "interlaced", "turned", "see-through colour", "no png"])
def test_what_means_something_else_in_another_png_is_decoded(tmp_path: Path, how: str) -> None:
    path = tmp_path / "edited.png"
    picture = Image.new("RGB", (20, 10), (200, 10, 10))
    if how == "palette":
        picture.convert("P").save(path)
    elif how == "turned":
        exif = Image.Exif()
        exif[274] = 6
        picture.save(path, exif=exif)
    elif how == "see-through colour":
        picture.save(path, transparency=(200, 10, 10))
    elif how == "interlaced":
        encoded = pyvips.Image.new_from_array(np.asarray(picture)).pngsave_buffer(interlace=True)
        path.write_bytes(encoded)
    else:
        picture.save(path, format="JPEG")
    assert not png_reader.has_plain_pixels(path)
