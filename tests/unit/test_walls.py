"""The walls of the house: who may import whom, and what every stage folder looks like."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments.places import CHECKOUT

STAGES = {
    "preenh": "pre_enhance_prompt",
    "face": "detect_face_micro",
    "crop": "crop_eye_region",
    "gen": "eyegen_micro",
    "blend": "blend_eye_patch",
    "res": "restore_faces",
}
OURS = {*STAGES, "orch", "contracts", "environments", "imaging", "tests", "tools"}
SHARED = {"contracts", "environments", "imaging"}
ALLOWED = {
    "contracts": {"contracts"},
    "environments": {"environments"},
    "imaging": {"imaging", "contracts"},
    "orch": {"orch", *SHARED},
    **{stage: {stage, *SHARED} for stage in STAGES},
}


def _imports(path: Path) -> Iterator[str]:
    """Top names of the modules that a file imports; those under TYPE_CHECKING do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_no_wall_is_broken(package: str) -> None:
    broken = [
        f"{path.relative_to(CHECKOUT)} imports {name}"
        for path in sorted((CHECKOUT / package).rglob("*.py"))
        if "tools" not in path.relative_to(CHECKOUT).parts
        for name in _imports(path)
        if name in OURS and name not in ALLOWED[package]
    ]
    assert broken == []


@pytest.mark.parametrize("package", ["contracts", "environments"])
def test_the_language_and_the_environments_are_standard_library_only(package: str) -> None:
    standard = set(sys.stdlib_module_names) | {package, "__future__"}
    foreign = [
        f"{path.name} imports {name}"
        for path in sorted((CHECKOUT / package).rglob("*.py"))
        for name in _imports(path)
        if name not in standard
    ]
    assert foreign == []


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_looks_the_same(stage: str) -> None:
    folder = CHECKOUT / stage
    assert (folder / "app" / "src" / f"{STAGES[stage]}.py").is_file()
    assert (folder / "app" / "src" / "backends").is_dir()
    for name in ("README.md", "models.json", "Dockerfile"):
        assert (folder / name).is_file(), f"{stage}/{name} is missing"


def test_there_is_no_circle_among_the_files_of_a_package() -> None:
    for package in sorted(ALLOWED):
        _assert_no_circle(package)


def _assert_no_circle(package: str) -> None:
    modules = {
        ".".join(path.relative_to(CHECKOUT).with_suffix("").parts): path
        for path in (CHECKOUT / package).rglob("*.py")
    }
    graph = {name: _module_imports(path, modules) for name, path in modules.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"circle: {' -> '.join([*trail, name])}"
        if name in done:
            return
        for target in graph[name]:
            visit(target, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def _module_imports(path: Path, modules: dict[str, Path]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{a.name}" for a in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(modules)
