"""Requests to the stages: the only place where paths and settings become a stage's words.

Request ids are unique within a run: `<stage>-<number>`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from contracts.blend import BlendFace, BlendItemParams, BlendParams
from contracts.codec import to_dict
from contracts.crop import CropItemParams, CropParams
from contracts.envelope import Item, Request, StageName
from contracts.face import FaceItemParams, FaceParams, Side
from contracts.files import WEIGHTS_ROOT, reference
from contracts.gen import GenParams
from contracts.preenh import PreEnhanceItemParams, PreEnhanceParams
from contracts.res import RestoreItemParams, RestoreParams
from orch.app.src.asking.orders import PaintOrder, Pasting, RestoreOrder
from orch.app.src.inputs.darkroom import Darkroom
from orch.app.src.run_ids import variation_id
from orch.app.src.run_paths import Layout, RunPathManager
from orch.app.src.settings import Settings
from orch.app.src.strategies import AUTO

MASKS: dict[str, Side | None] = {"mask": None, "mask_left": "left", "mask_right": "right"}
"""Outputs of crop and inputs of gen -> whose mask."""


@dataclass
class RequestMaker:
    """Builds requests of one run.

    Attributes:
        backends: stage -> backend; of the gen stage each order names its own.
        weights: (stage, backend) -> name of weights -> where they are.
        darkroom: has a picture that stages can read of any photo.
    """

    settings: Settings
    layout: Layout
    batch_id: str
    backends: Mapping[StageName, str]
    weights: Mapping[tuple[StageName, str], Mapping[str, Path]] = field(default_factory=dict)
    darkroom: Darkroom = field(default_factory=Darkroom)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def has(self, stage: StageName, backend: str) -> bool:
        """Whether a backend was chosen for this run."""
        return (stage, backend) in self.weights

    def face(self, photo: Path, paths: RunPathManager, debug: bool) -> Request:
        """Find the faces of a photo."""
        outputs = {"json": self._ref(paths.get_face_json())}
        if debug:
            outputs["debug"] = self._ref(paths.get_face_debug())
        item = Item("photo", photo=_photo(photo), outputs=outputs)
        return self._request("face", [item], self.face_params(), photo)

    def identity(self, photo: Path, paths: RunPathManager, backend: str) -> Request:
        """Identity vectors of the faces of a photo."""
        item = Item(
            "photo",
            photo=_photo(photo),
            inputs={"face_json": self._ref(paths.get_face_json())},
            outputs={"json": self._ref(paths.get_identity_json())},
        )
        return self._request("face", [item], self.face_params(), photo, backend)

    def identity_of_nothing(self, backend: str) -> Request:
        """Load the network that tells people apart, and look at nobody."""
        return self._request("face", [], self.face_params(), backend=backend)

    def look_again(
        self, face_json: Path, blended: Mapping[str, Path], looks: Mapping[str, tuple[Path, Sequence[int]]]
    ) -> Request:
        """Read known faces again on blended pictures.

        Args:
            face_json: document of the original photo.
            blended: variation -> picture.
            looks: variation -> where the document goes, and which faces are to be read.
        """
        items = [
            Item(
                variation,
                photo=self._ref(picture),
                variation_id=variation,
                inputs={"face_json": self._ref(face_json)},
                outputs={"json": self._ref(looks[variation][0])},
                params=to_dict(FaceItemParams(only_faces=tuple(looks[variation][1]))),
            )
            for variation, picture in blended.items()
        ]
        return self._request("face", items, self.face_params())

    def crop(
        self, photo: Path, paths: RunPathManager, faces: Mapping[int, tuple[Side, ...]], face_json: Path
    ) -> Request:
        """Crop faces. faces: face index -> eyes to be opened."""
        processing = self.settings.processing
        items = [
            Item(
                str(index),
                photo=_photo(photo),
                face_index=index,
                inputs={"face_json": self._ref(face_json)},
                outputs={
                    "crop": self._ref(paths.get_face_crop(index)),
                    "crop_json": self._ref(paths.get_crop_json(index)),
                    **{name: self._ref(paths.get_face_mask(index, side)) for name, side in MASKS.items()},
                },
                params=to_dict(CropItemParams(eyes_to_open=eyes)),
            )
            for index, eyes in faces.items()
        ]
        params = CropParams(
            crop_output_size=processing.crop_output_size,
            use_larger_eye=processing.use_larger_eye,
            max_megapixels=processing.max_megapixels,
            max_file_mb=processing.max_file_mb,
        )
        return self._request("crop", items, params, photo)

    def gen(self, shared: RunPathManager, orders: Sequence[PaintOrder]) -> Request:
        """Paint faces, all variations in one batch; the orders are for one backend."""
        items = [
            Item(
                order.item_id,
                face_index=order.face_index,
                variation_id=order.variation_id,
                seed=order.seed,
                strategies=order.strategies,
                inputs=self._gen_inputs(shared, order),
                outputs=self._gen_outputs(order),
                params=to_dict(order.params),
            )
            for order in orders
        ]
        return self._request("gen", items, self._gen_params(), backend=orders[0].backend)

    def gen_nothing(self, backend: str) -> Request:
        """Load a painter's weights and paint nothing."""
        return self._request("gen", [], self._gen_params(), backend=backend)

    def blend(
        self, photo: Path, shared: RunPathManager, pictures: Mapping[Path, Sequence[Pasting]]
    ) -> Request:
        """Paste faces into the photo. pictures: blended picture -> what goes into it."""
        items = []
        for picture, pastings in pictures.items():
            inputs = {}
            for pasting in pastings:
                order = pasting.order
                i = order.face_index
                inputs[f"crop_{i}"] = self._ref(shared.get_face_crop(i))
                inputs[f"crop_json_{i}"] = self._ref(shared.get_crop_json(i))
                inputs[f"painted_{i}"] = self._ref(order.paths.get_generated_eye(i, attempt=order.attempt))
                inputs[f"alpha_{i}"] = self._ref(order.paths.get_alpha(i, order.attempt))
            faces = tuple(BlendFace(p.order.face_index, p.eyes) for p in pastings)
            items.append(
                Item(
                    pastings[0].order.variation_id,
                    photo=_photo(photo),
                    variation_id=pastings[0].order.variation_id,
                    seed=pastings[0].order.seed,
                    inputs=inputs,
                    outputs={"image": self._ref(picture)},
                    params=to_dict(BlendItemParams(faces)),
                )
            )
        processing = self.settings.processing
        params = BlendParams(
            feather_size=processing.feather_size,
            max_megapixels=processing.max_megapixels,
            max_file_mb=processing.max_file_mb,
        )
        return self._request("blend", items, params, photo)

    def restore(self, orders: Mapping[str, RestoreOrder], upscale: float) -> Request:
        """Restore faces. orders: variation -> what to do."""
        items = [
            Item(
                variation,
                photo=self._ref(order.blended),
                variation_id=variation,
                inputs={"face_json": self._ref(order.face_json)},
                outputs={"image": self._ref(order.restored)}
                | ({"debug": self._ref(order.debug)} if order.debug else {}),
                params=to_dict(RestoreItemParams(order.faces)),
            )
            for variation, order in orders.items()
        ]
        processing = self.settings.processing
        params = RestoreParams(
            fidelity=self.settings.restoration.fidelity,
            upscale=upscale,
            max_megapixels=processing.max_megapixels,
            max_file_mb=processing.max_file_mb,
        )
        return self._request("res", items, params)

    def pre_enhance(self, numbers: Sequence[int], backend: str = "") -> Request:
        """Make prompt variations of these numbers, from 1; by the run's backend, or by another."""
        generation = self.settings.generation
        items = [
            Item(
                variation_id(number),
                outputs={"variation": self._ref(self.layout.variation(variation_id(number)))},
                seed=generation.seed,
                params=to_dict(PreEnhanceItemParams(number=number)),
            )
            for number in numbers
        ]
        params = PreEnhanceParams(
            prompt=generation.prompt,
            negative_prompt=generation.negative_prompt,
            refiner_prompt=generation.refiner.prompt,
            refiner_negative_prompt=generation.refiner.negative_prompt,
            instruction=self.settings.pre_enhance_instruction_prompt,
        )
        return self._request("preenh", items, params, backend=backend)

    @property
    def wants_debug(self) -> bool:
        """Whether a person wants to see what was detected."""
        return self.settings.processing.verbose or self.settings.processing.debug

    def face_params(self) -> FaceParams:
        """How faces are looked for and judged."""
        processing = self.settings.processing
        return FaceParams(
            threshold=processing.threshold,
            max_megapixels=processing.max_megapixels,
            max_file_mb=processing.max_file_mb,
        )

    def _device(self, backend: str) -> Literal["auto", "cpu", "cuda"]:
        """SDXL that was chosen for the sake of a GPU must not creep along on the processor."""
        device, model = self.settings.processing.device, self.settings.generation.model
        return "cuda" if backend == "sdxl" and model == AUTO and device == "auto" else device

    def _gen_params(self) -> GenParams:
        generation = self.settings.generation
        return GenParams(
            batch_size=generation.batch_size,
            scheduler=generation.scheduler,
            neutralize=generation.neutralize,
            precision=generation.precision,
            low_memory=generation.low_memory,
            compile=generation.compile,
            quantize=generation.quantize,
        )

    def _gen_inputs(self, shared: RunPathManager, order: PaintOrder) -> dict[str, str]:
        i = order.face_index
        inputs = {
            "crop": self._ref(shared.get_face_crop(i)),
            "crop_json": self._ref(shared.get_crop_json(i)),
            **{name: self._ref(shared.get_face_mask(i, side)) for name, side in MASKS.items()},
        }
        if order.donor:
            inputs["donor_crop"] = self._ref(order.donor.crop)
            inputs["donor_json"] = self._ref(order.donor.crop_json)
        return inputs

    def _gen_outputs(self, order: PaintOrder) -> dict[str, str]:
        i, attempt, paths = order.face_index, order.attempt, order.paths
        outputs = {
            "painted": paths.get_generated_eye(i, attempt=attempt),
            "alpha": paths.get_alpha(i, attempt),
        }
        if self.layout.keeps_intermediates:
            outputs["prepared"] = paths.get_prepared(i, attempt)
            outputs["base_output"] = paths.get_base_output(i, attempt)
            outputs["refined"] = paths.get_refined(i, attempt)
        return {name: self._ref(path) for name, path in outputs.items()}

    def _ref(self, path: Path) -> str:
        return self.layout.reference(path)

    def _request(
        self,
        stage: StageName,
        items: Sequence[Item],
        params: Any,
        photo: Path | None = None,
        backend: str = "",
    ) -> Request:
        backend = backend or self.backends[stage]
        weights = self.weights.get((stage, backend), {})
        roots = self.layout.roots() | {
            _weights_root(name): str(path.parent) for name, path in weights.items()
        }
        if photo:
            roots["in"] = str(photo.parent)
        return Request(
            request_id=f"{stage}-{next(self._numbers)}",
            run_id=self.batch_id,
            stage=stage,
            backend=backend,
            device=self._device(backend),
            items=tuple(items),
            roots=roots,
            debug=self.layout.keeps_intermediates,
            params=to_dict(params) | _weights_param(weights),
        )


def _photo(photo: Path) -> str:
    return reference("in", photo.name)


def _weights_root(name: str) -> str:
    """Each has a root of its own: weights lie wherever the person keeps them."""
    return f"{WEIGHTS_ROOT}{re.sub('[^a-z0-9_]', '_', name.lower())}"


def _weights_param(weights: Mapping[str, Path]) -> dict[str, Any]:
    """The parameter `weights` of the stages that have one; nothing where a backend needs none."""
    references = {name: reference(_weights_root(name), path.name) for name, path in weights.items()}
    return {"weights": references} if references else {}
