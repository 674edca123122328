"""Chains of strategies across the gen stage's backends: what is painted next, by whom."""

from __future__ import annotations

from pathlib import Path

from contracts.codec import to_dict
from contracts.envelope import ErrorInfo, ItemResult
from contracts.face import SIDES
from contracts.gen import GenItemData, GenItemParams, PaintedEye
from orch.app.src.asking.orders import PaintOrder
from orch.app.src.opening.face_work import MOST_ATTEMPTS, FaceWork
from orch.app.src.opening.plan import FacePlan
from orch.app.src.report import EyeVerdict
from orch.app.src.run_paths import RunPathManager
from orch.app.src.strategies import choose
from tests.unit.orch_fakes import face

CHAIN = ("donor", "sdxl", "mirror", "lid_lift")


def work(*strategies: str) -> FaceWork:
    paths = RunPathManager("original", Path("/photo.jpg"), False, "run")
    return FaceWork(FacePlan(face(0), SIDES, strategies), "original", paths, 42, GenItemParams())


def order(of: FaceWork) -> PaintOrder:
    made = of.next_order()
    assert made is not None
    return made


def declined(of: FaceWork) -> PaintOrder:
    """The next order, which every strategy of its backend declines."""
    made = order(of)
    of.record(made, ItemResult(made.item_id, "skipped"))
    return made


def not_opened(of: FaceWork) -> PaintOrder:
    """The next order, painted by its first strategy, and the eyes stay closed."""
    made = order(of)
    data = to_dict(GenItemData(tuple(PaintedEye(side, 1.0) for side in SIDES)))
    result = ItemResult(made.item_id, "succeeded", strategy_used=made.strategies[0], data=data)
    of.record(made, result).verdicts = {side: EyeVerdict(side, "not_opened") for side in SIDES}
    return made


def test_neighbours_of_one_backend_are_tried_in_one_request() -> None:
    face_work = work(*CHAIN)
    asked = [declined(face_work), declined(face_work), declined(face_work)]
    assert [(o.backend, o.strategies) for o in asked] == [
        ("embedded", ("donor",)),
        ("sdxl", ("sdxl",)),
        ("embedded", ("mirror", "lid_lift")),
    ]
    assert face_work.next_order() is None


def test_every_strategy_has_its_turn_when_none_opens_the_eyes() -> None:
    face_work = work(*CHAIN)
    asked = [not_opened(face_work) for _ in CHAIN]
    assert [o.strategies[0] for o in asked] == list(CHAIN)
    assert len({o.seed for o in asked}) == len(CHAIN)
    assert face_work.next_order() is None


def test_a_short_chain_is_tried_again_with_another_seed() -> None:
    face_work = work("sdxl")
    asked = [not_opened(face_work) for _ in range(MOST_ATTEMPTS)]
    assert [o.strategies for o in asked] == [("sdxl",)] * MOST_ATTEMPTS
    assert len({o.seed for o in asked}) == MOST_ATTEMPTS
    assert face_work.next_order() is None


def test_declining_counts_for_nothing() -> None:
    face_work = work(*CHAIN)
    declined(face_work)
    asked = [not_opened(face_work) for _ in range(3)]
    assert [o.strategies[0] for o in asked] == ["sdxl", "mirror", "lid_lift"]
    assert not_opened(face_work).strategies == ("lid_lift",)
    assert face_work.next_order() is None


def test_after_an_error_the_next_backend_has_its_turn() -> None:
    face_work = work("sdxl", "mirror", "lid_lift")
    first = order(face_work)
    face_work.record(
        first, ItemResult(first.item_id, "failed", error=ErrorInfo("MEMORY_001", "out of memory"))
    )
    assert order(face_work).strategies == ("mirror", "lid_lift")


def test_auto_puts_sdxl_behind_the_donor_where_it_was_chosen() -> None:
    wink = face(0, "closed", "open")
    assert choose("auto", wink, ("left",), donor="since one was given", sdxl=True).names == CHAIN
    without = choose("auto", wink, ("left",), donor="since one was given", sdxl=False)
    assert without.names == ("donor", "mirror", "lid_lift")
    assert "sdxl" not in without.reason
    assert choose("sdxl-turbo", wink, ("left",), donor="given", sdxl=True).names == ("sdxl-turbo",)
