"""Grouping identity vectors by person."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orch.app.src.looking.people import distance_to_group, group_by_person

CUT = 0.55


def faces(people: int, photos: int, spread: float, seed: int = 1):
    """Every person once in every photo; same person about `spread` apart, others about 0.85."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(people, 128))
    centres *= 0.6 / np.linalg.norm(centres, axis=1, keepdims=True)
    noise = random.normal(size=(photos, people, 128)) * spread / np.sqrt(2 * 128)
    vectors = (centres + noise).reshape(-1, 128).astype(np.float32)
    return vectors, np.repeat(np.arange(photos), people), np.tile(np.arange(people), photos)


def test_people_are_told_apart_and_found_again():
    vectors, photos, truth = faces(people=7, photos=12, spread=0.4)
    labels = group_by_person(vectors, photos, CUT)
    assert [len(set(labels[truth == person])) for person in range(7)] == [1] * 7
    assert len(set(labels)) == 7


def test_faces_of_one_photo_are_never_one_person():
    vectors = np.zeros((4, 128), np.float32)
    labels = group_by_person(vectors, [0, 0, 0, 1], CUT)
    assert len(set(labels[:3])) == 3
    assert labels[3] in labels[:3]


def test_a_chain_of_likenesses_does_not_join_strangers():
    line = np.zeros((8, 128), np.float32)
    line[:, 0] = np.arange(8) * 0.4
    labels = group_by_person(line, range(8), CUT)
    assert labels[0] != labels[7]


def test_nobody_and_one():
    assert len(group_by_person(np.zeros((0, 128), np.float32), [], CUT)) == 0
    assert list(group_by_person(np.ones((1, 128), np.float32), [3], CUT)) == [0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 2)), min_size=1, max_size=30), st.floats(0.05, 1.0))
def test_labels_name_the_first_member_and_keep_photos_apart(entries, cut):
    photos = [photo for photo, _ in entries]
    vectors = np.array([[value, 0.0] for _, value in entries], np.float32)
    labels = group_by_person(vectors, photos, cut)
    for label in set(labels):
        members = np.flatnonzero(labels == label)
        assert members[0] == label
        assert len({photos[m] for m in members}) == len(members)


def test_the_distance_to_a_group_is_its_root_mean_square():
    members = np.array([[3.0, 0.0], [0.0, 4.0]], np.float32)
    assert distance_to_group(np.zeros(2, np.float32), members) == pytest.approx(np.sqrt(12.5))


def test_thousands_of_faces_need_no_table_of_pairs():
    vectors, photos, truth = faces(people=5, photos=400, spread=0.4)
    started = time.process_time()
    labels = group_by_person(vectors, photos, CUT)
    assert len(set(labels)) == 5, "a person in 400 photos fell apart"
    assert all(len(set(labels[truth == person])) == 1 for person in range(5))
    print(f"2000 faces grouped in {time.process_time() - started:.2f} s")
