"""Prompts as SDXL reads them: encoded once, and what it does not read is said. Needs torch, diffusers."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from diffusers import StableDiffusionXLInpaintPipeline
from torch import Tensor

from contracts.envelope import Notice

PROMPT_CUT = "PROMPT_CUT"
REMEMBERED = 256
"""Pairs of prompts (0.3 MB each in half precision)."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """A prompt and a negative prompt, batch of one each, on the CPU."""

    prompt: Tensor
    negative: Tensor
    pooled: Tensor
    negative_pooled: Tensor


class PromptEncoder:
    """Encodes pairs of prompts with a pipeline's text encoders; each pair once and by itself, so that its
    numbers are the same whatever the batch."""

    def __init__(self, pipeline: StableDiffusionXLInpaintPipeline) -> None:
        self._pipeline = pipeline
        self._remembered: OrderedDict[tuple[str, str, tuple[str, ...]], Encoded] = OrderedDict()

    def encode(self, prompt: str, negative: str, adapters: tuple[str, ...] = ()) -> Encoded:
        """Args: adapters: those in force; they may change the text encoders."""
        key = (prompt, negative, adapters)
        if key not in self._remembered:
            with torch.no_grad():
                tensors = self._pipeline.encode_prompt(
                    prompt=prompt,
                    negative_prompt=negative or None,  # None is what an empty one was in training
                    device=self._pipeline._execution_device,
                    num_images_per_prompt=1,
                    do_classifier_free_guidance=True,
                )
            positive, negatives, pooled, negative_pooled = (tensor.cpu() for tensor in tensors)
            self._remembered[key] = Encoded(positive, negatives, pooled, negative_pooled)
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(key)
        return self._remembered[key]

    def told(self, text: str, what: str) -> tuple[Notice, ...]:
        """A notice where a text is longer than the encoders read. what: name of the text."""
        cut = self.cut_off(text)
        if not cut:
            return ()
        longest = self._tokenizer.model_max_length
        message = f"SDXL reads {longest} tokens of a {what}; the end of it does not count: {cut!r}"
        return (Notice(PROMPT_CUT, message),)

    def cut_off(self, text: str) -> str:
        """The end of a text that the encoders never see; "" where they see all."""
        tokens = self._tokenizer(text, truncation=False).input_ids
        unread = tokens[self._tokenizer.model_max_length - 1 : -1]  # both ends have a token of their own
        return str(self._tokenizer.decode(unread, skip_special_tokens=True)).strip() if unread else ""

    @property
    def _tokenizer(self):  # type: ignore[no-untyped-def]  # transformers builds its class at run time
        return self._pipeline.tokenizer_2
