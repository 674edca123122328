"""The orchestrator on fake stages: whose open eyes are lent to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from environments import EnvironmentBroken
from tests.unit.orch_fakes import World, equipment, face, run
from tests.unit.orch_outcomes import settings


def test_donors_are_tried_best_first_then_the_next(tmp_path: Path) -> None:
    donors = {"donor/1.jpg": (face(0, "open", "open"),), "donor/2.jpg": (face(0, "open", "open"),)}
    world = World({"a.jpg": (face(0),), **donors}, opens=lambda i, s, n: "open" if n == 1 else "closed")
    given = settings(generation__donor=str(tmp_path / "in" / "donor"))
    report = run(world, tmp_path, inputs=("in/a.jpg",), overrides=given)
    orders = world.items("gen")
    assert [item.strategies for item in orders] == [("donor", "lid_lift")] * 2
    assert len({item.inputs["donor_crop"] for item in orders}) == 2
    edit = report.photos[0].variations[0].faces[0]
    assert (edit.strategy_used, edit.donor, edit.same_person) == ("donor", "2.jpg", "not_checked")


def test_a_donor_that_shows_no_open_eyes_is_told_and_the_chain_goes_on(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),), "d.jpg": (face(0),)}, declines={"donor": "there is no donor"})
    given = settings(generation__donor=str(tmp_path / "in" / "d.jpg"))
    report = run(world, tmp_path, inputs=("in/a.jpg",), overrides=given)
    assert [n.message for n in report.notices] == ["donor d.jpg shows no face with both eyes open"]
    assert report.photos[0].variations[0].faces[0].strategy_used == "lid_lift"


ANNA, BERTA = (0.0, 0.0), (1.0, 0.0)


def test_a_folder_lends_eyes_to_the_same_person_and_to_no_stranger(tmp_path: Path) -> None:
    world = World(
        {
            "anna.jpg": (face(0),),
            "both.jpg": (face(0, "open", "open"), face(1, "open", "open")),
            "carla.jpg": (face(0),),
        },
        people={"anna.jpg": (ANNA,), "both.jpg": (BERTA, (0.1, 0.1)), "carla.jpg": ((5.0, 5.0),)},
    )
    report = run(world, tmp_path)
    edits = {photo.photo: photo.variations[0].faces[0] for photo in report.photos if photo.variations}
    anna = edits["anna.jpg"]
    assert (anna.strategy_used, anna.donor, anna.same_person) == ("donor", "both.jpg", "confirmed")
    assert (
        report.photos[0].faces[0].choice.startswith("auto: donor first, since both.jpg shows the same person")
    )
    assert (edits["carla.jpg"].strategy_used, edits["carla.jpg"].donor) == ("lid_lift", None)
    lent = next(item for item in world.items("gen") if "donor_crop" in item.inputs)
    assert lent.params["donor_same_person"] is True
    assert [item.face_index for item in world.items("crop") if item.photo == "in:both.jpg"] == [1]


def test_nobody_is_looked_up_where_nobody_could_lend(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),), "b.jpg": (face(0),)})
    run(world, tmp_path)
    assert {request.backend for request in world.of("face")} == {"facemesh"}


@pytest.mark.parametrize("switch", [{"generation__find_donors": False}, {"generation__model": "lid_lift"}])
def test_donors_are_not_looked_for_where_that_is_switched_off(tmp_path: Path, switch: dict[str, Any]) -> None:
    world = World(
        {"a.jpg": (face(0),), "b.jpg": (face(0, "open", "open"),)},
        people={"a.jpg": (ANNA,), "b.jpg": (ANNA,)},
    )
    report = run(world, tmp_path, overrides=settings(**switch))
    assert report.photos[0].variations[0].faces[0].strategy_used == "lid_lift"
    assert {request.backend for request in world.of("face")} == {"facemesh"}


def test_a_donor_folder_lends_to_the_same_person_only(tmp_path: Path) -> None:
    opened = (face(0, "open", "open"),)
    world = World(
        {"a.jpg": (face(0),), "more/1.jpg": opened, "more/2.jpg": opened},
        people={"a.jpg": (ANNA,), "1.jpg": (BERTA,), "2.jpg": (ANNA,)},
    )
    given = settings(generation__donor_folder=[str(tmp_path / "in" / "more")])
    report = run(world, tmp_path, inputs=("in/a.jpg",), overrides=given)
    assert report.photos[0].variations[0].faces[0].donor == "2.jpg"


def test_a_named_donor_who_is_somebody_else_is_told_and_not_used(tmp_path: Path) -> None:
    world = World(
        {"a.jpg": (face(0),), "d.jpg": (face(0, "open", "open"),)},
        people={"a.jpg": (ANNA,), "d.jpg": (BERTA,)},
    )
    given = settings(generation__donor=str(tmp_path / "in" / "d.jpg"))
    report = run(world, tmp_path, inputs=("in/a.jpg",), overrides=given)
    assert report.photos[0].variations[0].faces[0].strategy_used == "lid_lift"
    assert [n.code for n in report.notices] == ["DONOR_STRANGER"]
    exactly = settings(generation__donor=str(tmp_path / "in" / "d.jpg"), generation__model="donor")
    edit = run(world, tmp_path, inputs=("in/a.jpg",), overrides=exactly).photos[0].variations[0].faces[0]
    assert (edit.strategy_used, edit.same_person) == ("donor", "differs")


def test_without_the_identity_environment_only_named_donors_lend(tmp_path: Path) -> None:
    def no_network(folder: Path, recipe: str) -> None:
        if recipe == "identity":
            raise EnvironmentBroken("no network", "")

    world = World(
        {"a.jpg": (face(0),), "b.jpg": (face(0, "open", "open"),)},
        people={"a.jpg": (ANNA,), "b.jpg": (ANNA,)},
    )
    changed = {"equipment": equipment(tmp_path, make=no_network)}
    report = run(world, tmp_path, surroundings=changed)
    assert report.photos[0].variations[0].faces[0].strategy_used == "lid_lift"
    assert [n.code for n in report.notices] == ["IDENTITY_MISSING"]
