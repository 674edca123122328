"""ggml is built for the processor at hand: what it lacks is switched off, keys tell processors apart."""

from __future__ import annotations

import pytest

from environments import cpu, recipe
from environments.interpreters import current
from environments.key import environment_key
from environments.recipe import parse_recipe
from tests.unit.environments_fakes import DOCUMENT

NEW = frozenset({"sse4_2", "avx", "avx2", "bmi2", "fma", "f16c", "avx512f"})
COMPILED = DOCUMENT | {
    "steps": [
        {
            "requirements": ["big==1"],
            "compiled": True,
            "environment": {"CMAKE_ARGS": "{ggml_cpu} -DX={checkout}/x"},
        }
    ]
}


def test_all_that_the_processor_has_is_used() -> None:
    options = cpu.options_for("x86_64", NEW).split()
    assert options[0] == "-DGGML_NATIVE=OFF"
    assert set(options[1:]) == {f"-DGGML_{o}=ON" for o in ("SSE42", "AVX", "AVX2", "BMI2", "FMA", "F16C")}


@pytest.mark.parametrize("machine", ["x86_64", "amd64"])
def test_what_an_old_processor_lacks_is_switched_off(machine: str) -> None:
    options = cpu.options_for(machine, frozenset({"sse4_2", "avx"})).split()
    assert {"-DGGML_SSE42=ON", "-DGGML_AVX=ON", "-DGGML_AVX2=OFF", "-DGGML_FMA=OFF"} <= set(options)


def test_arm_has_options_of_its_own() -> None:
    assert "dotprod" in cpu.options_for("aarch64", frozenset({"asimddp", "asimdhp", "fp"}))
    assert cpu.options_for("aarch64", frozenset({"fp"})) == "-DGGML_NATIVE=OFF"
    assert cpu.options_for("riscv64", frozenset()) == "-DGGML_NATIVE=OFF"


def test_only_what_every_core_has_counts() -> None:
    text = "processor\t: 0\nflags\t\t: avx avx2 fma\n\nprocessor\t: 1\nflags\t\t: avx fma\n"
    assert cpu.of_cpuinfo(text) == {"avx", "fma"}
    assert cpu.of_cpuinfo("Features\t: fp asimddp\n") == {"fp", "asimddp"}
    assert cpu.of_cpuinfo("nothing of the kind") == frozenset()


def test_a_recipe_gets_the_options_and_another_processor_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys, compiled = set(), set()
    for options in ("-DA=ON", "-DA=OFF"):
        monkeypatch.setattr(recipe, "ggml_options", lambda options=options: options)
        read = parse_recipe("r", COMPILED)
        assert dict(read.steps[0].environment)["CMAKE_ARGS"] == f"{options} -DX={recipe.CHECKOUT}/x"
        keys.add(environment_key(read, current()))
        compiled.add(read.steps[0].compiled)
    assert len(keys) == len(compiled) == 2


def test_clones_share_what_was_compiled() -> None:
    assert str(recipe.CHECKOUT) not in parse_recipe("r", COMPILED).steps[0].compiled


def test_compiled_is_a_truth_value() -> None:
    with pytest.raises(ValueError, match="compiled: expected true or false"):
        parse_recipe("r", DOCUMENT | {"steps": [{"requirements": [], "compiled": "yes"}]})
