"""The walls of the house: who may import whom, and what every stage folder looks like."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from environments.places import CHECKOUT
from environments.setup import recipes_in_tree

STAGES = {
    "preenh": "pre_enhance_prompt",
    "face": "detect_face_micro",
    "crop": "crop_eye_region",
    "gen": "eyegen_micro",
    "blend": "blend_eye_patch",
    "res": "restore_faces",
}
ENTRIES = [*(f"{stage}.app.src.{module}" for stage, module in STAGES.items()), "orch.app.src.open_the_eyes"]
OURS = {*STAGES, "orch", "contracts", "environments", "imaging", "tests", "tools"}
SHARED = {"contracts", "environments", "imaging"}
ALLOWED = {
    "contracts": {"contracts"},
    "environments": {"environments"},
    "imaging": {"imaging", "contracts"},
    "orch": {"orch", *SHARED},
    **{stage: {stage, *SHARED} for stage in STAGES},
}


def _files(package: str) -> list[Path]:
    """Its modules, without the scripts of its developers."""
    files = sorted((CHECKOUT / package).rglob("*.py"))
    return [path for path in files if "tools" not in path.relative_to(CHECKOUT).parts]


def _imported(nodes: Iterator[ast.stmt]) -> Iterator[str]:
    """Dotted names that import statements ask for; of `from a import b` both a and a.b."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(body: list[ast.stmt], deep: bool) -> Iterator[ast.stmt]:
    """Statements of a module that run: all of them, or only those at its import. TYPE_CHECKING does not."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not deep:
            continue
        for _, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else ():
                if isinstance(child, ast.stmt):
                    yield from _statements([child], deep)
                elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                    yield from _statements(child.body, deep)


@cache
def _imports(path: Path, deep: bool = True) -> frozenset[str]:
    """Dotted names that a file imports, anywhere or (not deep) at its own import."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(_imported(_statements(tree.body, deep)))


def _top(name: str) -> str:
    return name.split(".")[0]


def _modules(packages: set[str]) -> dict[str, Path]:
    return {
        ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in packages
        for path in _files(package)
    }


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_no_wall_is_broken(package: str) -> None:
    broken = [
        f"{path.relative_to(CHECKOUT)} imports {name}"
        for path in _files(package)
        for name in sorted(_imports(path))
        if _top(name) in OURS - ALLOWED[package]
    ]
    assert broken == []


@pytest.mark.parametrize("package", ["contracts", "environments"])
def test_the_language_and_the_environments_are_standard_library_only(package: str) -> None:
    foreign = [
        f"{path.relative_to(CHECKOUT)} imports {name}"
        for path in _files(package)
        for name in sorted(_imports(path))
        if _top(name) not in {*sys.stdlib_module_names, package}
    ]
    assert foreign == []


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_module_starts_with_the_standard_library_alone(entry: str) -> None:
    modules = _modules(set(ALLOWED))
    reached = {entry}
    waiting = [entry]
    foreign = []
    while waiting:
        path = modules[waiting.pop()]
        for name in sorted(_imports(path, deep=False)):
            if name in modules and name not in reached:
                reached.add(name)
                waiting.append(name)
            if _top(name) not in {*sys.stdlib_module_names, *OURS}:
                foreign.append(f"{path.relative_to(CHECKOUT)} imports {name}")
    assert foreign == [], f"at the import of {entry}"


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_no_modules_of_a_package_need_each_other_to_be_imported(package: str) -> None:
    modules = _modules({package})
    _no_circle({name: _imports(path, deep=False) & set(modules) - {name} for name, path in modules.items()})


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_no_folders_of_a_package_need_each_other(package: str) -> None:
    """Nor by a detour over other folders, or over files that lie beside them."""
    modules = _modules({package})
    ground = {package, f"{package}.app", f"{package}.app.src"}
    room = {name: name if name.rpartition(".")[0] in ground else name.rpartition(".")[0] for name in modules}
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        others = {room[target] for target in _imports(path) & set(modules)}
        graph.setdefault(room[name], set()).update(others - {room[name]})
    _no_circle(graph)


def _no_circle(graph: Mapping[str, Collection[str]]) -> None:
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"circle: {' -> '.join([*trail, name])}"
        if name not in done:
            for target in graph.get(name, ()):
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_looks_the_same(stage: str) -> None:
    folder = CHECKOUT / stage
    needed = [f"app/src/{STAGES[stage]}.py", "README.md", "models.json", "Dockerfile"]
    assert [name for name in needed if not (folder / name).is_file()] == []
    assert [p.name for p in (folder / "app/src/backends").glob("*.py") if p.name != "__init__.py"]


def test_every_recipe_belongs_to_a_stage_or_the_orchestrator() -> None:
    assert {folder.name for folder, _ in recipes_in_tree()} <= {*STAGES, "orch"}


def test_a_broken_wall_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "import contracts.envelope\n"
        "if TYPE_CHECKING:\n    import numpy\n"
        "try:\n    import cv2\nexcept ImportError:\n    import scipy\n"
        "def work():\n    with open('x'):\n        from face.app.src import tiling\n"
    )
    assert _imports(path, deep=False) == {"contracts.envelope", "cv2", "scipy"}
    assert _imports(path) == {"contracts.envelope", "cv2", "scipy", "face.app.src", "face.app.src.tiling"}
