"""Requests to the stages: here alone paths become a stage's words; settings do in `stage_params`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from contracts.blend import BlendFace, BlendItemParams
from contracts.codec import to_dict
from contracts.crop import CropItemParams
from contracts.envelope import Item, Request
from contracts.face import FaceItemParams, Side
from contracts.files import reference
from contracts.finish import FinishItemParams, Size, View
from contracts.preenh import PreEnhanceItemParams
from contracts.res import RestoreItemParams
from orch.app.src.asking.envelopes import Envelopes
from orch.app.src.asking.orders import PaintOrder, Pasting, RestoreOrder
from orch.app.src.asking.stage_params import (
    blend_params,
    crop_params,
    face_params,
    finish_params,
    gen_params,
    pre_enhance_params,
    restore_params,
)
from orch.app.src.run_ids import variation_id
from orch.app.src.run_paths import RunPathManager
from orch.app.src.stage_registry import FINISHER

MASKS: dict[str, Side | None] = {"mask": None, "mask_left": "left", "mask_right": "right"}
"""Outputs of crop and inputs of gen -> whose mask."""

Showing = tuple[Path, Sequence[View]]
"""A finished picture, and what of it is shown."""


class RequestMaker(Envelopes):
    """Builds requests of one run."""

    def face(self, photo: Path, paths: RunPathManager, debug: bool) -> Request:
        """Find the faces of a photo."""
        outputs = {"json": self._ref(paths.get_face_json())}
        if debug:
            outputs["debug"] = self._ref(paths.get_face_debug())
        item = Item("photo", photo=_photo(photo), outputs=outputs)
        return self._request("face", [item], face_params(self.settings), photo)

    def identity(self, photo: Path, paths: RunPathManager, backend: str) -> Request:
        """Identity vectors of the faces of a photo."""
        item = Item(
            "photo",
            photo=_photo(photo),
            inputs={"face_json": self._ref(paths.get_face_json())},
            outputs={"json": self._ref(paths.get_identity_json())},
        )
        return self._request("face", [item], face_params(self.settings), photo, backend)

    def identity_of_nothing(self, backend: str) -> Request:
        """Load the network that tells people apart, and look at nobody."""
        return self._request("face", [], face_params(self.settings), backend=backend)

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
        return self._request("face", items, face_params(self.settings))

    def crop(
        self, photo: Path, paths: RunPathManager, faces: Mapping[int, tuple[Side, ...]], face_json: Path
    ) -> Request:
        """Crop faces. faces: face index -> eyes to be opened."""
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
        return self._request("crop", items, crop_params(self.settings), photo)

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
        return self._request("gen", items, gen_params(self.settings), backend=orders[0].backend)

    def gen_nothing(self, backend: str) -> Request:
        """Load a painter's weights and paint nothing."""
        return self._request("gen", [], gen_params(self.settings), backend=backend)

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
        return self._request("blend", items, blend_params(self.settings), photo)

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
        return self._request("res", items, restore_params(self.settings, upscale))

    def finish(self, picture: Path, photo: Path, target: Path, params: FinishItemParams) -> Request:
        """Encode a finished picture. photo: the original. target: where it goes, among the intermediates."""
        item = Item(
            "final",
            photo=self._ref(picture),
            inputs={"original": _photo(photo)},
            outputs={"final": self._ref(target)},
            params=to_dict(params),
        )
        return self._request(FINISHER[0], [item], finish_params(self.settings), photo, FINISHER[1])

    def views(
        self, frame: Size, photo: Path, views: Sequence[View], finished: Mapping[str, Showing]
    ) -> Request:
        """Cut parts out of a photo and of its finished pictures.

        Args:
            frame: size of the photo, in whose px all views are.
            finished: variation -> picture, and its views.
        """
        items = [
            Item(name, photo=picture, params=to_dict(FinishItemParams(frame=frame, views=tuple(wanted))))
            for name, picture, wanted in (
                ("photo", _photo(photo), views),
                *((variation, self._ref(path), wanted) for variation, (path, wanted) in finished.items()),
            )
        ]
        return self._request(FINISHER[0], items, finish_params(self.settings), photo, FINISHER[1])

    def pre_enhance(self, numbers: Sequence[int], backend: str = "") -> Request:
        """Make prompt variations of these numbers, from 1; by the run's backend, or by another."""
        items = [
            Item(
                variation_id(number),
                outputs={"variation": self._ref(self.layout.variation(variation_id(number)))},
                seed=self.settings.generation.seed,
                params=to_dict(PreEnhanceItemParams(number=number)),
            )
            for number in numbers
        ]
        return self._request("preenh", items, pre_enhance_params(self.settings), backend=backend)

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


def _photo(photo: Path) -> str:
    return reference("in", photo.name)
