"""What all requests of a run have in common: their ids, roots, weights and device."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from contracts.codec import to_dict
from contracts.envelope import Item, Request, StageName
from contracts.files import WEIGHTS_ROOT, reference
from orch.app.src.inputs.darkroom import Darkroom
from orch.app.src.run_paths import Layout
from orch.app.src.settings import Settings
from orch.app.src.strategies import AUTO


@dataclass
class Envelopes:
    """Puts the items of one run into requests.

    Request ids are unique within a run: `<stage>-<number>`.

    Attributes:
        backends: stage -> backend; of the gen stage each order names its own.
        weights: (stage, backend) -> name of weights -> where they are.
        darkroom: has a picture that stages can read of any photo.
    """

    settings: Settings
    layout: Layout
    batch_id: str
    backends: Mapping[StageName, str]
    weights: Mapping[tuple[StageName, str], Mapping[str, Path]] = field(default_factory=dict)
    darkroom: Darkroom = field(default_factory=Darkroom)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def has(self, stage: StageName, backend: str) -> bool:
        """Whether a backend was chosen for this run."""
        return (stage, backend) in self.weights

    @property
    def wants_debug(self) -> bool:
        """Whether a person wants to see what was detected."""
        return self.settings.processing.verbose or self.settings.processing.debug

    def _ref(self, path: Path) -> str:
        return self.layout.reference(path)

    def _request(
        self,
        stage: StageName,
        items: Sequence[Item],
        params: Any,
        photo: Path | None = None,
        backend: str = "",
    ) -> Request:
        backend = backend or self.backends[stage]
        weights = self.weights.get((stage, backend), {})
        roots = self.layout.roots() | {
            _weights_root(name): str(path.parent) for name, path in weights.items()
        }
        if photo:
            roots["in"] = str(photo.parent)
        return Request(
            request_id=f"{stage}-{next(self._numbers)}",
            run_id=self.batch_id,
            stage=stage,
            backend=backend,
            device=self._device(backend),
            items=tuple(items),
            roots=roots,
            debug=self.layout.keeps_intermediates,
            params=to_dict(params) | _weights_param(weights),
        )

    def _device(self, backend: str) -> Literal["auto", "cpu", "cuda"]:
        """SDXL that was chosen for the sake of a GPU must not creep along on the processor."""
        device, model = self.settings.processing.device, self.settings.generation.model
        return "cuda" if backend == "sdxl" and model == AUTO and device == "auto" else device


def _weights_root(name: str) -> str:
    """Each has a root of its own: weights lie wherever the person keeps them."""
    return f"{WEIGHTS_ROOT}{re.sub('[^a-z0-9_]', '_', name.lower())}"


def _weights_param(weights: Mapping[str, Path]) -> dict[str, Any]:
    """The parameter `weights` of the stages that have one; nothing where a backend needs none."""
    references = {name: reference(_weights_root(name), path.name) for name, path in weights.items()}
    return {"weights": references} if references else {}
