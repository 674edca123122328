"""Which backend tells people apart, and for how long it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import ErrorInfo, Request, Result
from environments import EnvironmentBroken
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.looking.identification import IdentityBackends
from orch.app.src.run_paths import layout_for
from orch.app.src.settings import Settings
from tests.unit.orch_fakes import equipment

PACK = ("face", "insightface_identity")
DLIB = ("face", "identity")


class Pool:
    """Notes what runs; a pack that has no model for recognition says so."""

    def __init__(self, recognises: bool = True) -> None:
        self.up: list[tuple[str, str]] = []
        self.recognises = recognises

    def start(self, keys: list[tuple[str, str]]) -> None:
        self.up += keys

    def end(self, key: tuple[str, str]) -> None:
        self.up.remove(key)

    def run(self, request: Request) -> Result:
        assert (request.stage, request.backend) in self.up
        error = None if self.recognises else ErrorInfo("MODEL_003", "it has no model for recognition")
        return Result(request.request_id, "face", request.backend, "succeeded", 0, (), error=error)


def backends(folder: Path, pool: Any, pack: bool, **changes: Any) -> IdentityBackends:
    weights: Any = {PACK: {"buffalo_l": folder}} if pack else {}
    layout = layout_for(folder, "r", verbose=False)
    requests = RequestMaker(Settings(), layout, "r", {"face": "facemesh"}, weights)
    return IdentityBackends(pool, requests, equipment(folder, **changes), builds=True)


def test_the_pack_that_finds_faces_also_tells_them_apart(tmp_path: Path) -> None:
    pool = Pool()
    with backends(tmp_path, pool, pack=True).running() as (backend, notices):
        assert (backend, notices, pool.up) == ("insightface_identity", (), [PACK])
    assert pool.up == []


def test_a_pack_without_recognition_leaves_it_to_dlib_and_that_is_told(tmp_path: Path) -> None:
    pool = Pool(recognises=False)
    with backends(tmp_path, pool, pack=True).running() as (backend, notices):
        assert (backend, pool.up) == ("identity", [DLIB])
        assert [notice.code for notice in notices] == ["BACKEND_FALLBACK"]
        assert "no model for recognition" in notices[0].message
    assert pool.up == []


def test_without_a_pack_it_is_dlib_whose_environment_is_made(tmp_path: Path) -> None:
    made: list[str] = []
    pool = Pool()
    found = backends(tmp_path, pool, pack=False, make=lambda folder, recipe: made.append(recipe))
    with found.running() as (backend, notices):
        assert (backend, notices, pool.up, made) == ("identity", (), [DLIB], ["identity"])


def test_an_environment_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    def no_network(folder: Path, recipe: str) -> None:
        raise EnvironmentBroken("no network", "")

    pool = Pool()
    with pytest.raises(EnvironmentBroken), backends(tmp_path, pool, pack=False, make=no_network).running():
        pass
    assert pool.up == []
