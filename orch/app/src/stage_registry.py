"""The table of stages: which module, which backends, which environments, how much patience.

A test holds it equal to what the stages' own `describe` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contracts.envelope import StageName
from environments.places import CHECKOUT

NO_RESTORER: tuple[StageName, str] = ("res", "none")
"""Stage and backend that only say why nothing is restored; a run, which knows, does not ask them."""
FINISHER: tuple[StageName, str] = ("res", "finish")
"""Stage and backend that make files for people; every run has it, whoever restores."""


@dataclass(frozen=True)
class BackendEntry:
    """One way to do a stage's work.

    Attributes:
        recipe: environment recipe in the stage's folder, None for the standard library alone.
        needs, uses: weights without which it cannot work, and those it can use besides.
        deadline_s: seconds for a request of no items; `deadline_per_item_s` is added for each. Generous:
            they end hangs, and must not take a slow machine for one.
    """

    recipe: str | None = None
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    deadline_s: float = 120.0
    deadline_per_item_s: float = 120.0

    def deadline(self, items: int) -> float:
        """Seconds that a request of so many items may take, the loading of models included."""
        return self.deadline_s + items * self.deadline_per_item_s


@dataclass(frozen=True)
class StageEntry:
    """One stage.

    Attributes:
        module: entry module, started with `python -m`.
        default_backend: the one an ordinary run uses.
        optional_outputs: outputs that a stage may leave out although they were asked for.
    """

    name: StageName
    module: str
    default_backend: str
    backends: Mapping[str, BackendEntry]
    optional_outputs: frozenset[str] = field(default_factory=frozenset)

    @property
    def folder(self) -> Path:
        return CHECKOUT / self.name


STAGES: dict[StageName, StageEntry] = {
    entry.name: entry
    for entry in (
        StageEntry(
            "preenh",
            "preenh.app.src.pre_enhance_prompt",
            "rules",
            {
                "rules": BackendEntry(),
                # The reference's language model is 32 GB, read from a disk; the stage gives it 200 s for an
                # item, then writes by rules.
                "llama": BackendEntry("llama", ("llm",), deadline_s=600.0, deadline_per_item_s=300.0),
                "smollm2": BackendEntry("smollm2", deadline_per_item_s=300.0),
            },
        ),
        StageEntry(
            "face",
            "face.app.src.detect_face_micro",
            "facemesh",
            {
                "facemesh": BackendEntry(
                    "facemesh",
                    needs=(
                        "face_detection_full_range",
                        "face_landmark_with_attention",
                        "open_eye_template",
                        "eye_texture_template",
                    ),
                    deadline_per_item_s=300.0,
                ),
                "insightface": BackendEntry("insightface", needs=("buffalo_l",), deadline_per_item_s=300.0),
                "identity": BackendEntry("identity", deadline_per_item_s=300.0),
                "insightface_identity": BackendEntry(
                    "insightface", needs=("buffalo_l",), deadline_per_item_s=300.0
                ),
            },
            optional_outputs=frozenset({"debug"}),
        ),
        StageEntry("crop", "crop.app.src.crop_eye_region", "opencv", {"opencv": BackendEntry("opencv")}),
        StageEntry(
            "gen",
            "gen.app.src.eyegen_micro",
            "embedded",
            {
                "embedded": BackendEntry("embedded"),
                "sdxl": BackendEntry(
                    "sdxl",
                    ("sdxl_base",),
                    ("sdxl_refiner", "sdxl_vae", "sdxl_lora", "sdxl_lcm_lora"),
                    deadline_s=900.0,  # 14 GB of weights, read from a disk
                    deadline_per_item_s=900.0,  # 30 steps on a processor take minutes
                ),
            },
            optional_outputs=frozenset({"prepared", "base_output", "refined"}),
        ),
        StageEntry("blend", "blend.app.src.blend_eye_patch", "opencv", {"opencv": BackendEntry("opencv")}),
        StageEntry(
            "res",
            "res.app.src.restore_faces",
            "none",
            {
                "none": BackendEntry(),
                "finish": BackendEntry("finish", deadline_per_item_s=300.0),
                # 10 s for a face on an old processor, and a group has many.
                "codeformer": BackendEntry("codeformer", needs=("codeformer",), deadline_per_item_s=600.0),
                "gfpgan": BackendEntry("codeformer", needs=("gfpgan",), deadline_per_item_s=600.0),
            },
            optional_outputs=frozenset({"debug"}),
        ),
    )
}
