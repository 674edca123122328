"""EXIF patched in place, XMP edited as text, tone by statistics, affine frames."""

from __future__ import annotations

import contextlib
import struct
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging import affine
from imaging.exif import DamagedExifError, normalised_exif
from imaging.tone import is_greyscale, is_toned, tone_of
from imaging.xmp import with_provenance
from tests.synthetic_faces import as_unit, textured_picture, textured_unit


def exif_block(order: str, orientation: int) -> bytes:
    """One directory with orientation and make, and a maker note's worth of bytes behind it."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack(order + "HHII", 0x927C, 7, 9, 38)
    return head + struct.pack(order + "IH", 8, 2) + entries + bytes(4) + b"makernote"


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_changes_by_the_orientation_only(order: str) -> None:
    assert normalised_exif(exif_block(order, 6), (40, 30)) == exif_block(order, 1)


@given(st.binary(max_size=60), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
@settings(deadline=None)
def test_damaged_exif_is_told_never_crashes(tail: bytes, head: bytes) -> None:
    with contextlib.suppress(DamagedExifError):
        assert len(normalised_exif(head + tail, (40, 30))) <= len(head + tail)


def test_xmp_made_from_nothing_is_xml() -> None:
    packet, kept = with_provenance(None, {"Config": 'a <b> & "c"\0'}, "http://example.org/x")
    assert kept
    body = packet.decode().split("?>", 1)[1].rsplit("<?xpacket", 1)[0]
    root = ElementTree.fromstring(body)
    values = {element.tag.rpartition("}")[2]: element.text for element in root.iter()}
    assert values["Config"] == 'a <b> & "c"'
    assert values["DigitalSourceType"] == "http://example.org/x"


@pytest.mark.parametrize(
    "statement",
    [
        'x:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"',
        "x:DigitalSourceType='old'",
    ],
)
def test_xmp_replaces_what_no_longer_holds(statement: str) -> None:
    thumbnails = "<xmp:Thumbnails><rdf:Alt>/9j/4AAQ</rdf:Alt></xmp:Thumbnails>"
    source = f"<rdf:RDF><rdf:Description {statement} y:Kept='1'>{thumbnails}</rdf:Description></rdf:RDF>"
    text = with_provenance(source.encode(), {}, "new")[0].decode()
    assert "y:Kept='1'" in text
    assert "/9j/" not in text
    assert text.count("DigitalSourceType") == 2
    assert "old" not in text and "digitalCapture" not in text


def test_unreadable_xmp_is_replaced() -> None:
    packet, kept = with_provenance(b"\xff\xfe\0broken", {"Version": "1"}, "")
    assert not kept
    assert b"<OpenTheEyes:Version>1<" in packet


def test_colour_picture_has_colour() -> None:
    picture = textured_unit((128, 128))
    picture[40:80, 40:80] = picture[40:80, 40:80, ::-1]
    tone = tone_of(picture)
    assert not is_greyscale(tone)
    assert not is_toned(tone, tone)


@pytest.mark.parametrize("quality", [40, 90])
def test_grey_survives_jpeg(quality: int) -> None:
    grey = np.repeat(textured_picture((128, 128), 1), 3, axis=2)
    _, encoded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert is_greyscale(tone_of(as_unit(np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB)))))


def test_sepia_is_one_hue() -> None:
    grey = textured_unit((128, 128), 1, noise=0.03) * np.linspace(0.3, 1.2, 128)[None, :, None]
    sepia = np.clip(grey * np.array([1.0, 0.85, 0.6]), 0, 1).astype(np.float32)
    tone = tone_of(sepia)
    assert not is_greyscale(tone)
    assert is_toned(tone, tone)


@given(st.floats(-3, 3), st.floats(0.05, 4), st.floats(-900, 900), st.floats(-900, 900))
@settings(deadline=None)
def test_affine_there_and_back(angle: float, scale: float, x: float, y: float) -> None:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    matrix = [[cos, sin, x], [-sin, cos, y]]
    points = np.array([[0, 0], [100, 3], [-7, 250]])
    assert np.allclose(affine.apply(affine.inverse(matrix), affine.apply(matrix, points)), points, atol=1e-6)
    identity = affine.compose(affine.inverse(matrix), matrix)
    assert np.allclose(identity, [[1, 0, 0], [0, 1, 0]], atol=1e-6)


def test_scaling_keeps_the_picture_s_corner() -> None:
    """The corner of the first pixel lies at -0.5 in every raster."""
    assert np.allclose(affine.apply(affine.scaling(3), [(-0.5, -0.5)]), [(-0.5, -0.5)])
    assert np.allclose(affine.apply(affine.scaling(0.25), [(3.5, 7.5)]), [(0.5, 1.5)])
