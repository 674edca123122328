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


@dataclass
class Relief:
    """A way to need less memory.

    Attributes:
        told: what it is, as a person reads it. apply: from now on.
        in_force: whether it was applied; it stays so, and may change pixels a little.
    """

    told: str
    apply: Callable[[], None]
    in_force: bool = False


@dataclass
class Batches(Generic[T, R]):
    """Cuts items into batches.

    Attributes:
        size: items at once; halved when memory runs out, and stays so.
        work: a batch's items -> their results, in their order.
        ran_out: whether an exception says that memory ran out.
        release: gives back what it took.
        reliefs: tried one after the other when even one item does not fit.
        notices: what was given up so far, reliefs of earlier batches included.
    """

    size: int
    work: Callable[[Sequence[T]], list[R]]
    ran_out: Callable[[BaseException], bool]
    release: Callable[[], None]
    reliefs: Sequence[Relief]
    notices: list[Notice] = field(init=False)

    def __post_init__(self) -> None:
        self.notices = [_notice(relief.told) for relief in self.reliefs if relief.in_force]

    def run(self, items: Sequence[T]) -> Iterator[tuple[Sequence[T], list[R] | Exception]]:
        """Each batch with its results, or a single item with what failed in it.

        Where a batch fails, its items are worked on one by one: a fault takes none of the others along.

        Raises:
            StageError: OUT_OF_MEMORY where nothing is left to try; what is not yielded is not done.
        """
        done = one_by_one_until = 0
        while done < len(items):
            batch = items[done : done + (1 if done < one_by_one_until else self.size)]
            results = self._try(batch)
            if isinstance(results, Exception) and len(batch) > 1:
                one_by_one_until = done + len(batch)
            elif results is not None:
                yield batch, results
                done += len(batch)
            del results  # and with a failure's traceback the tensors that it holds

    def _try(self, batch: Sequence[T]) -> list[R] | Exception | None:
        """The results, or what failed; None where the memory ran out and something was done about it."""
        try:
            return self.work(batch)
        except Exception as error:  # noqa: BLE001 - told with the item
            if not self.ran_out(error):
                return error
        # After the exception is gone, and with it the tensors that its traceback held.
        self.release()
        told = self._give_way(len(batch))
        if told is None:
            raise StageError(
                ErrorCode.OUT_OF_MEMORY,
                "there is too little memory to paint a single face with SDXL",
                "close other programs that use the memory, or set generation.low_memory",
                ExitCode.RESOURCE,
                retryable=True,
            )
        self.notices.append(_notice(told))
        return None

    def _give_way(self, tried: int) -> str | None:
        if tried > 1:
            self.size = tried // 2
            return f"{self.size} at once instead of {tried}"
        for relief in self.reliefs:
            if not relief.in_force:
                relief.apply()
                relief.in_force = True
                return relief.told
        return None


def _notice(told: str) -> Notice:
    return Notice(MEMORY_SHORT, f"the memory ran out: {told}")
