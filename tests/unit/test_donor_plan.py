"""Which open eyes may go into which closed ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import from_dict, to_dict
from contracts.face import FaceDocument, Pose
from orch.app.src.donors.plan import MOST_DONORS, DonorPlan, cost, plan_donors
from orch.app.src.looking.known_faces import KnownFace, known_faces
from orch.app.src.looking.people import Cuts
from tests.unit import orch_fakes

CUTS = Cuts(anywhere=0.42, burst=0.6)
ANNA = np.eye(16)[0] * 0.6
BERTA = np.eye(16)[1] * 0.6


def face(photo: int, who=None, *, is_open: bool = True, index: int = 0, **changes) -> KnownFace:
    vector = None if who is None else tuple(map(float, who + 0.01 * photo * np.eye(16)[5]))
    known = KnownFace(
        photo,
        index,
        1,
        () if is_open else ("left", "right"),
        is_open,
        yaw=0.0,
        pitch=0.0,
        inter_ocular_distance=100.0,
        aside=0.02,
        openness=0.2 if is_open else 0.03,
        vector=vector,
    )
    return replace(known, **changes)


def no_mesh(known):
    raise AssertionError("shapes are for faces without identity")


def donors_of(plan: DonorPlan, photo: int, index: int = 0) -> list[int]:
    return [donor.photo for donor in plan.of_photo(photo).get(index, ())]


def test_a_person_gets_her_own_eyes_and_no_strangers():
    faces = [face(0, ANNA, is_open=False), face(1, BERTA), face(2, ANNA), face(3, BERTA)]
    plan = plan_donors(faces, frozenset(), CUTS, no_mesh)
    assert donors_of(plan, 0) == [2]
    donor = plan.of_photo(0)[0][0]
    assert donor.same_person == "confirmed" and donor.distance < CUTS.anywhere


def test_a_person_who_is_open_nowhere_gets_nobody():
    faces = [face(0, ANNA, is_open=False), face(1, BERTA), face(2, ANNA, is_open=False)]
    assert plan_donors(faces, frozenset({1}), CUTS, no_mesh).faces == ()


def test_half_open_donors_are_no_donors():
    half = face(1, ANNA, is_open=False, closed=("left",))
    assert donors_of(plan_donors([face(0, ANNA, is_open=False), half], frozenset(), CUTS, no_mesh), 0) == []


def test_a_named_photo_of_a_stranger_is_no_donor_where_identity_was_looked_at():
    faces = [face(0, ANNA, is_open=False), face(1, BERTA)]
    assert plan_donors(faces, frozenset({1}), CUTS, no_mesh).faces == ()


def test_a_group_that_hangs_together_by_others_must_fit_the_target_itself():
    chain = [face(n, (0.9 + 0.3 * n) * ANNA, vector=(0.3 * n,)) for n in range(5)]
    target = face(9, ANNA, is_open=False, vector=(-0.5,))
    plan = plan_donors([*chain, target], frozenset(), CUTS, no_mesh)
    assert donors_of(plan, 9) == []


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"yaw": 25.0}, {"yaw": 3.0}),
        ({"aside": 0.3}, {"aside": 0.02}),
        ({"openness": 0.31}, {"openness": 0.24}),
        ({"openness": 0.31}, {"openness": 0.20}),
        ({"openness": 0.12}, {"openness": 0.20}),
        ({"inter_ocular_distance": 20.0}, {"inter_ocular_distance": 90.0}),
        ({"taken": 90_000.0}, {"taken": 2.0}),
    ],
)
def test_the_better_fit_comes_first(worse, better):
    faces = [face(0, ANNA, is_open=False, taken=0.0), face(1, ANNA, **worse), face(2, ANNA, **better)]
    assert donors_of(plan_donors(faces, frozenset(), CUTS, no_mesh), 0) == [2, 1]


def test_wide_eyes_are_no_stare_in_a_person_who_mostly_has_them():
    faces = [face(0, ANNA, is_open=False), *(face(n, ANNA, openness=0.3) for n in (1, 2, 3))]
    faces.append(face(4, ANNA, openness=0.2))
    assert donors_of(plan_donors(faces, frozenset(), CUTS, no_mesh), 0) == [1, 2, 3, 4]


def test_the_burst_beats_another_day_at_equal_pose_and_not_a_turned_head():
    target = face(0, ANNA, is_open=False, taken=100.0)
    burst, later = face(1, ANNA, taken=101.0), face(2, ANNA, taken=900_000.0)
    assert cost(target, burst) < cost(target, later)
    assert cost(target, replace(burst, yaw=40.0)) > cost(target, later)


def test_only_the_best_donors_are_kept():
    faces = [face(0, ANNA, is_open=False), *(face(n, ANNA, yaw=float(n)) for n in range(1, 20))]
    assert donors_of(plan_donors(faces, frozenset(), CUTS, no_mesh), 0) == list(range(1, MOST_DONORS + 1))


def test_without_identity_only_named_photos_count_by_order_in_equal_company():
    random = np.random.default_rng(3)
    meshes = {(photo, index): random.normal(size=(478, 3)) for photo in range(3) for index in range(2)}
    faces = [
        face(photo, is_open=photo > 0, index=index, company=2) for photo in range(3) for index in range(2)
    ]
    plan = plan_donors(faces, frozenset({1}), CUTS, lambda f: meshes[f.photo, f.face_index])
    for index in range(2):
        assert [(d.photo, d.face_index, d.same_person) for d in plan.of_photo(0)[index]] == [
            (1, index, "not_checked")
        ]


def test_without_identity_the_like_shape_comes_first_among_strangers_to_order():
    random = np.random.default_rng(4)
    anna, berta = random.normal(size=(2, 478, 3))
    shapes = {(0, 0): anna, (1, 0): berta, (1, 1): anna * 1.7 + 5}
    faces = [face(0, is_open=False), face(1, index=0, company=2), face(1, index=1, company=2)]
    plan = plan_donors(faces, frozenset({1}), CUTS, lambda f: shapes[f.photo, f.face_index])
    assert [donor.face_index for donor in plan.of_photo(0)[0]] == [1, 0]


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 3)), max_size=14))
def test_a_donor_is_always_open_of_another_photo_and_the_plan_is_json(entries):
    people = np.eye(16)[:4] * 0.6
    faces = [face(photo, people[who], is_open=o, index=n) for n, (photo, o, who) in enumerate(entries)]
    by_key = {(f.photo, f.face_index): f for f in faces}
    plan = plan_donors(faces, frozenset(), CUTS, no_mesh)
    for entry in plan.faces:
        for donor in entry.donors:
            lender, taker = by_key[donor.photo, donor.face_index], by_key[entry.photo, entry.face_index]
            assert lender.both_open and lender.photo != taker.photo
            assert np.argmax(lender.vector) == np.argmax(taker.vector)
    assert from_dict(DonorPlan, to_dict(plan), "plan") == plan


def test_in_a_burst_a_person_is_known_by_being_the_nearest() -> None:
    grimace = tuple(ANNA + 0.5 * np.eye(16)[9])
    burst = {"taken": 7.0, "size": (400, 300)}
    faces = [
        face(0, is_open=False, vector=grimace, **burst),
        face(1, ANNA, **burst),
        face(1, BERTA, index=1, **burst),
    ]
    plan = plan_donors(faces, frozenset(), CUTS, no_mesh)
    assert [(d.photo, d.face_index) for d in plan.of_photo(0)[0]] == [(1, 0)]
    elsewhere = [faces[0], *(replace(f, taken=999.0) for f in faces[1:])]
    assert plan_donors(elsewhere, frozenset(), CUTS, no_mesh).faces == ()


def test_who_left_a_burst_is_not_taken_for_who_stayed() -> None:
    burst = {"taken": 7.0, "size": (400, 300)}
    like_berta = tuple(BERTA + 0.5 * np.eye(16)[9])
    faces = [
        face(0, is_open=False, vector=like_berta, **burst),
        face(0, BERTA, index=1, **burst),
        face(1, BERTA, **burst),
    ]
    assert plan_donors(faces, frozenset(), CUTS, no_mesh).faces == ()


def test_a_named_stranger_is_taken_only_where_exactly_that_is_asked_for() -> None:
    faces = [face(0, ANNA, is_open=False), face(1, BERTA)]
    mesh = np.random.default_rng(0).normal(size=(478, 3))
    plan = plan_donors(faces, frozenset({1}), CUTS, lambda f: mesh, trust=True)
    assert [(d.photo, d.same_person) for d in plan.of_photo(0)[0]] == [(1, "differs")]


def test_an_iris_that_looks_into_the_camera_is_not_aside_whatever_the_head_does():
    def aside(yaw: float, moved: float) -> float:
        seen = orch_fakes.face(0, "open", "open", pose=Pose(yaw, 0.0, 0.0))
        mesh = np.array(seen.mesh)
        mesh[[468, 473], 0] += moved * 40
        seen = replace(seen, mesh=tuple(map(tuple, mesh.tolist())))
        document = FaceDocument("", "", (300, 300), "fake", 260.0, (seen,))
        return known_faces(0, document, None)[0].aside

    assert aside(0.0, 0.0) < 0.01
    assert aside(20.0, -0.07) < 0.01
    assert aside(20.0, 0.0) > 0.05
