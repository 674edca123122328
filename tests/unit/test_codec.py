"""The strict codec: what goes out comes back, and what does not fit is refused with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import ContractError, from_dict, to_dict
from contracts.envelope import ErrorInfo, Item, ItemResult, Refusal, Request


@dataclass(frozen=True)
class Inner:
    x: float
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Outer:
    pair: tuple[int, int]
    inner: Inner
    many: tuple[Inner, ...] = ()
    maybe: int | None = None
    table: dict[str, float] = field(default_factory=dict)
    anything: Any = None


inners = st.builds(
    Inner, x=st.floats(allow_nan=False, allow_infinity=False), kind=st.sampled_from(["a", "b"])
)
outers = st.builds(
    Outer,
    pair=st.tuples(st.integers(), st.integers()),
    inner=inners,
    many=st.lists(inners, max_size=3).map(tuple),
    maybe=st.none() | st.integers(),
    table=st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False), max_size=3),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(outers)
def test_what_is_written_is_read_back(value: Outer) -> None:
    assert from_dict(Outer, to_dict(value)) == value


@given(json_values)
def test_wild_documents_are_refused_with_one_line_never_a_crash(document: Any) -> None:
    try:
        from_dict(Request, document, "request")
    except ContractError as error:
        assert str(error).startswith("request")
        assert "\n" not in str(error) or "\n" in repr(document)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"pear": 1}, "unknown key 'pear'; did you mean 'pair'?"),
        ({"pair": [1, 2, 3]}, "Outer.pair: expected 2 values, got 3"),
        ({"inner": {"x": "1"}}, "Outer.inner.x: expected float, got str"),
        ({"inner": {"x": 1.0, "kind": "c"}}, "Outer.inner.kind: 'c' is none of 'a', 'b'"),
        ({"many": [{"x": 1}, {}]}, "Outer.many[1]: missing key 'x'"),
        ({"maybe": True}, "Outer.maybe: expected int, got bool"),
        ({"inner": {"x": float("nan")}}, "Outer.inner.x: expected a finite number"),
    ],
)
def test_refusals_name_the_place(change: dict[str, Any], place: str) -> None:
    document = {"pair": [1, 2], "inner": {"x": 0.5}} | change
    with pytest.raises(ContractError) as caught:
        from_dict(Outer, document)
    assert place in str(caught.value)


def test_a_failed_item_carries_an_error_and_only_that() -> None:
    with pytest.raises(ValueError, match="failed item"):
        ItemResult("a", "failed")
    with pytest.raises(ValueError, match="failed item"):
        ItemResult("a", "succeeded", error=ErrorInfo("GEN_001", "no"))
    result = ItemResult("a", "skipped", refused=(Refusal("mirror", "both eyes are closed"),))
    assert from_dict(ItemResult, to_dict(result)) == result


def test_nan_is_never_written() -> None:
    with pytest.raises(ContractError):
        to_dict(Inner(float("nan")))


def test_defaults_fill_what_is_left_out() -> None:
    assert from_dict(Item, {"item_id": "1"}) == Item("1")
