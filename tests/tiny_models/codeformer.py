"""Face restoration networks with random weights, in the published files' layout.

    python -m tests.tiny_models.codeformer FILE            # CodeFormer, as small as it gets
    python -m tests.tiny_models.codeformer FILE --gfpgan   # GFPGAN 1.4, whose size is fixed

Needs the environment of `res/environments/codeformer.json`. CodeFormer's autoencoder has one size; only
its transformer and codebook shrink: 68 of 94 million parameters remain, and a face takes as long as with
the real weights (10 s on one core).
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from res.app.src import spandrel_models


def codeformer() -> nn.Module:
    """One transformer layer, 32 codes, one connection."""
    network: nn.Module = _architecture("spandrel_extra_arches.architectures.CodeFormer").CodeFormer(
        dim_embd=64, n_head=8, n_layers=1, codebook_size=32, latent_size=256, connect_list=["32"]
    )
    return network


def gfpgan() -> nn.Module:
    """The only size that there is."""
    network: nn.Module = _architecture("spandrel.architectures.GFPGAN").GFPGAN(
        out_size=512,
        channel_multiplier=2,
        fix_decoder=False,
        input_is_latent=True,
        different_w=True,
        sft_half=True,
    )
    return network


def save(network: nn.Module, path: Path) -> None:
    """As the published files: {"params_ema": state}; half precision, for the sake of the disk."""
    torch.save({"params_ema": {k: v.half() for k, v in network.state_dict().items()}}, path)


def _architecture(module: str) -> ModuleType:
    spandrel_models.import_spandrel()
    return importlib.import_module(module)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.tiny_models.codeformer")
    parser.add_argument("file", type=Path)
    parser.add_argument("--gfpgan", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(0)
    save(gfpgan() if options.gfpgan else codeformer(), options.file)


if __name__ == "__main__":
    main()
