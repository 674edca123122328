"""What the restore stage's backend `finish` is asked and answers: files for people, which no stage reads.

Inputs of an item: the edited picture as `photo`, upright; `original`, the photo it came from, where the
output `final` is wanted. Output `final`: the edited picture in the format asked for, with what the original
carried. Besides, or instead, parts of `photo` can be had to be looked at: `views`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

OutputFormat = Literal["same", "png", "jpeg", "webp", "tiff"]
Box = tuple[int, int, int, int]
"""x1, y1, x2, y2, exclusive end."""
Size = tuple[int, int]
"""Width, height."""


@dataclass(frozen=True)
class FinishParams:
    """Request parameters: the limits for pictures that are looked at."""

    max_megapixels: float = 250.0
    max_file_mb: float = 2000.0


@dataclass(frozen=True)
class View:
    """A part of the picture. box: px of `frame`. size: px that it gets."""

    box: Box
    size: Size


@dataclass(frozen=True)
class OutputOptions:
    """How a finished picture is written.

    Attributes:
        output_format: "same" keeps the original's; BMP, GIF, HEIC and camera raw become PNG.
        strip_metadata: write nothing but pixels and the colour profile, on which their colours depend.
        provenance: what made the picture; names of letters and digits (Version, Config, Seed, ...).
        source_type: URI of the IPTC Digital Source Type, "" for none.
        edited_regions: re-encoding is measured outside of them.
    """

    output_format: OutputFormat = "same"
    strip_metadata: bool = False
    provenance: Mapping[str, str] = field(default_factory=dict)
    source_type: str = ""
    edited_regions: tuple[Box, ...] = ()


@dataclass(frozen=True)
class FinishItemParams(OutputOptions):
    """What is wanted of one picture; how `final` is written, and what is shown.

    Attributes:
        frame: size of the picture that the views mean; another size is scaled to. None: there are no views.
    """

    frame: Size | None = None
    views: tuple[View, ...] = ()


@dataclass(frozen=True)
class Recompression:
    """Differences of the decoded file from the edited picture, outside of the edited regions.

    max_levels: largest, of 255. mean_levels: over all samples. share_changed: of all samples.
    """

    max_levels: int
    mean_levels: float
    share_changed: float


@dataclass(frozen=True)
class Written:
    """The output `final`.

    Attributes:
        recompression: what lossy re-encoding changed outside of the edited regions; None where lossless.
    """

    file_format: str
    bit_depth: int
    recompression: Recompression | None = None


@dataclass(frozen=True)
class Shown:
    """A view, encoded. data: base64 of the file. mime: image/jpeg or image/webp."""

    data: str
    mime: str
    width: int
    height: int


@dataclass(frozen=True)
class FinishItemData:
    """`data` of the item's result. size: of the picture, None where no views were asked for."""

    written: Written | None = None
    size: Size | None = None
    views: tuple[Shown, ...] = ()
