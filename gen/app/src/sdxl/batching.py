"""Work in batches that shrink when memory runs out. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

MEMORY_SHORT = "MEMORY_SHORT"

GIB = 1 << 30
ITEM_BYTES = 3 * GIB
"""A face in work at 1024 px in half precision: both passes of guidance through the UNet, about; an estimate
from the sizes of its feature maps, errors of which the halving mends."""
MOST_AT_ONCE = 16
SPARE = 0.8
"""Share of the free memory that is planned with."""

T = TypeVar("T")
R = TypeVar("R")


def batch_size(free_bytes: int, side: int, bytes_per_value: int) -> int:
    """Items to begin with.

    Args:
        side: px of the square that the model paints.
        bytes_per_value: 2 in half precision, 4 in single.
    """
    each = ITEM_BYTES * (side / 1024) ** 2 * bytes_per_value / 2
    return max(1, min(int(free_bytes * SPARE / each), MOST_AT_ONCE))


@dataclass(frozen=True)
class Relief:
    """A way to need less memory. told: what it is, as a person reads it. apply: from now on."""

    told: str
    apply: Callable[[], None]


@dataclass
class Batches(Generic[T, R]):
    """Cuts items into batches.

    Attributes:
        size: items at once; halved when memory runs out, and stays so.
        work: a batch's items -> their results, in their order.
        ran_out: whether an exception says that memory ran out.
        reliefs: tried one after the other when even one item does not fit.
        notices: what was given up so far.
    """

    size: int
    work: Callable[[Sequence[T]], list[R]]
    ran_out: Callable[[BaseException], bool]
    reliefs: list[Relief]
    notices: list[Notice] = field(default_factory=list)

    def run(self, items: Sequence[T]) -> Iterator[tuple[Sequence[T], list[R]]]:
        """Each batch with its results.

        Raises:
            StageError: OUT_OF_MEMORY where nothing is left to try; what is not yielded is not done.
        """
        done = 0
        while done < len(items):
            batch = items[done : done + self.size]
            results = self._try(batch)
            if results is None:
                continue
            yield batch, results
            done += len(batch)

    def _try(self, batch: Sequence[T]) -> list[R] | None:
        """The results; None where the memory ran out and something was done about it."""
        try:
            return self.work(batch)
        except Exception as error:
            if not self.ran_out(error):
                raise
            told = self._give_way(len(batch))
            if told is None:
                raise StageError(
                    ErrorCode.OUT_OF_MEMORY,
                    "there is too little memory to paint a single face with SDXL",
                    "close other programs that use the memory, or set generation.low_memory",
                    ExitCode.RESOURCE,
                    retryable=True,
                ) from error
        # After the exception is gone, and with it the tensors that its traceback held.
        self.notices.append(Notice(MEMORY_SHORT, f"the memory ran out: {told}"))
        return None

    def _give_way(self, tried: int) -> str | None:
        if tried > 1:
            self.size = tried // 2
            return f"{self.size} at once instead of {tried}"
        if not self.reliefs:
            return None
        relief = self.reliefs.pop(0)
        relief.apply()
        return relief.told
