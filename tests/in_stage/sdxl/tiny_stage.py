"""The SDXL stage on a drawn face, with pipelines of random weights."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from contracts.codec import to_dict
from contracts.envelope import Item, ItemResult, Request, Result
from contracts.execution import execute
from contracts.gen import GenItemParams, RefinerParams
from contracts.stage import Session
from gen.app.src.eyegen_micro import STAGE
from imaging.crop_files import write_mask, write_picture
from tests.tiny_models import sdxl as tiny
from tests.unit.synthetic_face import face_picture, face_scene
from tests.unit.synthetic_open_face import closed_mesh

OUTPUTS = ("painted", "alpha", "prepared", "base_output", "refined")
PROMPTS = ("brown eyes", "blue eyes, wide open", "", "green")


@cache
def tiny_weights() -> Path:
    """Folder of the pipelines; made once, removed with the machine's temporary files."""
    return tiny.make(Path(mkdtemp(prefix="tiny-sdxl-")))


def write_face(folder: Path) -> None:
    """Crop, document and mask as the crop stage writes them."""
    mesh = closed_mesh()
    face = face_scene(face_picture(mesh), mesh).face
    write_picture(folder / "crop.png", face.crop)
    (folder / "crop.json").write_text(json.dumps(to_dict(face.document) | {"mesh": face.mesh.tolist()}))
    mask = np.zeros(face.crop.shape[:2], np.uint8)
    height, width = mask.shape
    mask[int(height * 0.42) : int(height * 0.58), int(width * 0.2) : int(width * 0.8)] = 255
    write_mask(folder / "mask.png", mask)


def item(number: int, strategy: str = "sdxl", **params: Any) -> Item:
    """One variation, in few steps."""
    refiner = RefinerParams(num_inference_steps=2, **params.pop("refiner", {}))
    given: dict[str, Any] = {
        "prompt": PROMPTS[number % 4],
        "negative_prompt": "closed",
        "guidance_scale": 4.0,
    }
    given |= {"num_inference_steps": 3, "refiner": refiner} | params
    return Item(
        f"v{number}",
        seed=number,
        strategies=(strategy,),
        inputs={"crop": "work:crop.png", "crop_json": "work:crop.json", "mask": "work:mask.png"},
        outputs={name: f"work:{name}_{number}.png" for name in OUTPUTS},
        params=to_dict(GenItemParams(**given)),
    )


def ask(
    folder: Path, items: list[Item], sessions: dict[str, Session] | None = None, root: Path | None = None,
    weights: dict[str, str] | None = None, **params: Any,
) -> Result:  # fmt: skip
    """Run a request. root: where weights are; weights: name -> path in it."""
    weights = weights or {"sdxl_base": "inpainting", "sdxl_refiner": "refiner"}
    params["weights"] = {name: f"weights:{path}" for name, path in weights.items()}
    roots = {"work": str(folder), "weights": str(root or tiny_weights())}
    request = Request("1", "run", "gen", "sdxl", tuple(items), roots, device="cpu", debug=True, params=params)
    return execute(STAGE, request, {} if sessions is None else sessions)


def only(result: Result) -> ItemResult:
    assert len(result.items) == 1, result.error
    (one,) = result.items
    return one
