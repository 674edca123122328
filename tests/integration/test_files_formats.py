"""Crop, a painting, blend and the final file for every kind of photo: outside of the eyes nothing changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from blend.app.src.blend_eye_patch import STAGE as BLEND
from contracts.blend import BlendFace, BlendItemData, BlendItemParams
from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, Request
from contracts.execution import execute
from contracts.face import SIDES
from contracts.finish import OutputOptions
from contracts.stage import Stage
from contracts.stage_main import stage_main
from crop.app.src.crop_eye_region import STAGE as CROP
from imaging.crop_files import read_picture, write_picture
from imaging.output_formats import output_suffix
from imaging.photo import Photo, read_photo
from imaging.photo_output import OutputReport, write_final
from tests.photos import PHOTOS, needs_photos
from tests.synthetic_faces import face_document, face_of, synthetic_mesh, textured_picture

SIZE = (300, 240)


@dataclass(frozen=True)
class Edited:
    """A photo that went through crop, paint, blend and output."""

    before: Photo
    blended: Photo
    final: Photo
    report: OutputReport
    data: BlendItemData

    @property
    def regions(self) -> tuple[tuple[int, int, int, int], ...]:
        return tuple(paste.region for paste in self.data.pastes)

    def outside(self) -> NDArray[np.bool_]:
        mask = np.ones(self.before.pixels.shape[:2], bool)
        for x1, y1, x2, y2 in self.regions:
            mask[y1:y2, x1:x2] = False
        return mask


def edit(
    folder: Path, photo: Path, mesh: NDArray[np.float64], options: OutputOptions | None = None
) -> Edited:
    """Paint a dark disc onto each eye of one face."""
    upright = read_photo(photo)
    (folder / "face.json").write_text(json.dumps(to_dict(face_document(upright.size, face_of(mesh)))))
    roots = {"in": str(photo.parent), "w": str(folder)}
    names = ("crop", "crop_json", "mask")
    item = Item(
        "0",
        photo=f"in:{photo.name}",
        face_index=0,
        inputs={"face_json": "w:face.json"},
        outputs={name: f"w:{name}.{'json' if 'json' in name else 'png'}" for name in names},
    )
    _succeed(CROP, Request("c", "run", "crop", "opencv", (item,), roots))
    crop, mask = read_picture(folder / "crop.png"), read_picture(folder / "mask.png")
    painted = crop.copy()
    painted[mask > 0] = 0.25
    write_picture(folder / "painted.png", painted)
    write_picture(folder / "alpha.png", mask)
    item = Item(
        "0",
        photo=f"in:{photo.name}",
        seed=1,
        inputs={
            "crop_json_0": "w:crop_json.json",
            "crop_0": "w:crop.png",
            "painted_0": "w:painted.png",
            "alpha_0": "w:alpha.png",
        },
        outputs={"image": "w:blended.png"},
        params=to_dict(BlendItemParams((BlendFace(0, SIDES),))),
    )
    data = from_dict(BlendItemData, _succeed(BLEND, Request("b", "run", "blend", "opencv", (item,), roots)))
    options = options or OutputOptions(provenance={"Version": "1"})
    final = folder / f"final{output_suffix(photo, options.output_format)}"
    report = write_final(final, folder / "blended.png", photo, options)
    return Edited(upright, read_photo(folder / "blended.png"), read_photo(final), report, data)


def _succeed(stage: Stage, request: Request) -> Any:
    result = execute(stage, request, {})
    assert result.status == "succeeded", result.error
    return result.items[0].data


def make(path: Path, channels: int = 3, depth: int = 8, icc: bytes | None = None, **options: Any) -> Path:
    samples = textured_picture(SIZE, 1 if channels < 3 else 3, depth)
    if channels in (2, 4):
        ramp = np.linspace(0, 2**depth - 1, SIZE[0])[None, :, None].repeat(SIZE[1], axis=0)
        samples = np.dstack([samples, ramp.astype(samples.dtype)])
    kind = ("grey16" if depth == 16 else "b-w") if channels < 3 else ("rgb16" if depth == 16 else "srgb")
    image = pyvips.Image.new_from_array(samples).copy(interpretation=kind)
    if icc:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    image.write_to_file(str(path), **options)
    return path


def display_p3() -> bytes:
    return bytes(pyvips.Operation.call("profile_load", "p3"))


def assert_kept(edited: Edited, lossless: bool) -> None:
    outside = edited.outside()
    assert all(paste.changed_px > 100 for paste in edited.data.pastes)
    assert edited.blended.pixels.dtype == edited.before.pixels.dtype
    assert edited.blended.pixels.shape == edited.before.pixels.shape
    assert np.array_equal(edited.blended.pixels[outside], edited.before.pixels[outside])
    assert (edited.blended.pixels[~outside] != edited.before.pixels[~outside]).any()
    if edited.before.alpha is not None:
        assert edited.blended.alpha is not None
        assert np.array_equal(edited.blended.alpha, edited.before.alpha)
    if lossless:
        assert edited.report.recompression is None
        assert edited.final.pixels.dtype == edited.before.pixels.dtype
        assert np.array_equal(edited.final.pixels, edited.blended.pixels)
        assert edited.final.icc == edited.before.icc


FORMATS: list[tuple[str, dict[str, Any]]] = [
    (f"photo{suffix}", {"channels": channels, "depth": depth})
    for suffix in (".png", ".tif")
    for depth in (8, 16)
    for channels in (1, 2, 3, 4)
]
FORMATS += [("photo.tif", {"depth": 16, "compression": "lzw"}), ("photo.webp", {"lossless": True})]


@pytest.mark.parametrize(("name", "options"), FORMATS)
def test_lossless_photos(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    edited = edit(tmp_path, make(tmp_path / name, **options), synthetic_mesh((151.3, 118.6), 70, 0.2))
    assert_kept(edited, lossless=True)
    assert edited.final.file_format == edited.before.file_format


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_jpegs(tmp_path: Path, subsampling: str, mode: str) -> None:
    path = tmp_path / "photo.jpeg"
    Image.fromarray(textured_picture(SIZE)).convert(mode).save(path, quality=88, subsampling=subsampling)
    edited = edit(tmp_path, path, synthetic_mesh((151.3, 118.6), 70, 0.2))
    assert_kept(edited, lossless=False)
    assert edited.report.path.suffix == ".jpeg"
    assert edited.final.metadata.jpeg == edited.before.metadata.jpeg
    assert edited.final.is_grey == (mode == "L")
    assert edited.report.recompression is not None
    outside = edited.outside()
    difference = np.abs(edited.final.pixels.astype(int) - edited.before.pixels)[outside]
    assert difference.mean() < 1
    assert np.median(difference) <= 1


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_wide_gamut_profile(tmp_path: Path, depth: int, suffix: str) -> None:
    path = make(tmp_path / f"photo{suffix}", 3, depth, display_p3())
    edited = edit(tmp_path, path, synthetic_mesh((151.3, 118.6), 70))
    assert edited.before.icc == display_p3()
    assert_kept(edited, lossless=True)


def test_grey_jpeg_with_an_rgb_profile_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(textured_picture(SIZE)).convert("L").save(path, icc_profile=display_p3())
    edited = edit(tmp_path, path, synthetic_mesh((151.3, 118.6), 70))
    assert_kept(edited, lossless=False)
    assert edited.final.is_grey
    assert edited.final.icc == display_p3()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "photo.png"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(textured_picture(SIZE)).save(path, exif=exif)
    upright = read_photo(path)
    middle = (upright.size[0] / 2, upright.size[1] / 2)
    edited = edit(tmp_path, path, synthetic_mesh(middle, 70))
    assert_kept(edited, lossless=True)
    assert edited.final.header.orientation == 1
    assert edited.final.size == upright.size


@pytest.mark.parametrize(("mode", "suffix"), [("P", ".png"), ("CMYK", ".tif"), ("RGB", ".bmp")])
def test_photos_that_are_converted_say_so(tmp_path: Path, mode: str, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(textured_picture(SIZE)).convert(mode).save(path)
    edited = edit(tmp_path, path, synthetic_mesh((151.3, 118.6), 70))
    assert_kept(edited, lossless=True)
    assert edited.report.warnings


@pytest.mark.parametrize("middle", [(8.0, 10.0), (295.0, 120.0), (150.0, 236.0), (-30.0, 120.0)])
def test_faces_at_the_border(tmp_path: Path, middle: tuple[float, float]) -> None:
    path = make(tmp_path / "photo.png", depth=16)
    edited = edit(tmp_path, path, synthetic_mesh(middle, 80, 0.1))
    outside = edited.outside()
    assert np.array_equal(edited.final.pixels[outside], edited.before.pixels[outside])
    for x1, y1, x2, y2 in edited.regions:
        assert x1 <= x2 and y1 <= y2
    assert any(paste.changed_px for paste in edited.data.pastes)


def test_inputs_are_not_touched(tmp_path: Path) -> None:
    path = make(tmp_path / "photo.tif", depth=16)
    before = path.read_bytes(), path.stat().st_mtime_ns
    edit(tmp_path, path, synthetic_mesh((150, 120), 70))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_blend_s_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path / "photo.png")
    edit(tmp_path, path, synthetic_mesh((150, 120), 70))
    options = ["--crop-json", "crop_json.json", "--painted", "painted.png", "--alpha", "alpha.png"]
    options = [str(tmp_path / o) if not o.startswith("--") else o for o in options]
    out = tmp_path / "person.png"
    assert stage_main(BLEND, [str(path), *options, "--out-image", str(out), "--seed", "1", "--debug"]) == 0
    assert "face 0, left eye" in capsys.readouterr().out
    assert np.array_equal(read_photo(out).pixels, read_photo(tmp_path / "blended.png").pixels)
    assert (tmp_path / "person_debug.png").exists()


def test_blend_refuses_another_photo_s_crop(tmp_path: Path) -> None:
    edit(tmp_path, make(tmp_path / "photo.png"), synthetic_mesh((150, 120), 70))
    Image.fromarray(textured_picture((100, 80))).save(tmp_path / "other.png")
    item = Item(
        "0",
        photo="w:other.png",
        inputs={"crop_json_0": "w:crop_json.json", "painted_0": "w:painted.png", "alpha_0": "w:alpha.png"},
        outputs={"image": "w:x.png"},
        params=to_dict(BlendItemParams((BlendFace(0),))),
    )
    result = execute(BLEND, Request("b", "run", "blend", "opencv", (item,), {"w": str(tmp_path)}), {})
    assert result.error is not None
    assert "300 x 240" in result.error.message
    assert not (tmp_path / "x.png").exists()


@needs_photos
@pytest.mark.parametrize(
    "name", ["group/stairs_open.jpg", "closed/newborn_sleeping.jpg", "open/painting_monalisa.jpg"]
)
@pytest.mark.parametrize("depth", [8, 16])
def test_real_photos_outside_of_the_eyes(tmp_path: Path, name: str, depth: int) -> None:
    """Several profiles and sizes; the mesh need not lie on a face for this."""
    path = PHOTOS / name
    if depth == 16:
        image = pyvips.Image.new_from_file(str(path))
        deep = (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
        path = tmp_path / "deep.png"
        deep.write_to_file(str(path))
    width, height = read_photo(path).size
    mesh = synthetic_mesh((width / 2, height / 3), min(width, height) / 6, 0.1)
    options = OutputOptions("png")
    edited = edit(tmp_path, path, mesh, options)
    assert_kept(edited, lossless=True)
