"""The painted eyes of the samples look as they did when somebody last looked at them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.golden.pictures import GOLDENS, TOLERANCE, Golden, difference_picture, painted, read, write


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.name)
def test_painted_as_last_looked_at(golden: Golden, tmp_path: Path) -> None:
    expected, now = read(golden.path), painted(golden, tmp_path)
    assert expected.shape == now.shape
    apart = np.abs(expected.astype(int) - now)
    differing = (apart > TOLERANCE).any(axis=2).sum()
    if apart.max() <= TOLERANCE:
        return
    seen = tmp_path / f"{golden.name}_difference.png"
    write(seen, difference_picture(expected, now))
    pytest.fail(
        f"{golden.name}: {differing} pixels differ, "
        f"by up to {apart.max()} levels; "
        f"golden, now and difference: {seen}. If the change is wanted: python3 -m tests.golden.renew"
    )
