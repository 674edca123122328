"""Does a patch have the shape of an open eye? Oriented gradients against a learned template.

The lid line of a closed eye runs once, horizontally, through the patch; an open eye has two lids, and
between them the steep sides of an iris. Histograms of oriented gradients (Dalal and Triggs 2005) hold
exactly that and ignore colour and brightness; a linear template over them is all that is learned
(`face/tools/train_open_eye.py`, logistic regression; the file says on what and how well).

A second template over the same histograms tells eyes from patterns: the first one, which knows closed eyes
and smears only, takes four of ten checkerboards and noises for an open eye.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from face.app.src.picture_pyramid import Grey, Rgb8

_MODELS = Path(__file__).resolve().parent.parent / "models"
TEMPLATE_FILE = _MODELS / "open_eye_template.json"
TEXTURE_TEMPLATE_FILE = _MODELS / "eye_texture_template.json"

ROWS, COLUMNS = slice(12, 52), slice(8, 56)
"""The part of the 64 x 64 patch that is described: 1.5 x 1.25 eye widths."""
CELL = 4
"""px; 1/8 of the eye width."""
ORIENTATIONS = 8
NOISE_BLUR = 1.0
"""Standard deviation in px, against grain and JPEG blocks."""
POOLING_BLUR = 0.4 * CELL
"""Neighbouring cells share gradients, so that landmarks off by a pixel change little."""
FLAT = 8.0
"""Gradients are measured against their own total plus this many times the brightness: a featureless smear
is not blown up to full contrast."""

Features = NDArray[np.float64]


def shape_features(patch: Rgb8) -> Features:
    """Square roots of pooled gradient energies, shape (rows, columns, orientations) = (10, 12, 8)."""
    grey: Grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), NOISE_BLUR)
    dx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=1) / 2
    dy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=1) / 2
    strength = np.hypot(dx, dy)
    direction = np.arctan2(dy, dx) % (2 * np.pi) / (2 * np.pi) * ORIENTATIONS
    turns = np.abs((direction[..., None] - np.arange(ORIENTATIONS) + ORIENTATIONS / 2) % ORIENTATIONS)
    share = np.clip(1 - np.abs(turns - ORIENTATIONS / 2), 0, 1)  # between the two nearest directions
    energy = cv2.GaussianBlur(share * strength[..., None], (0, 0), POOLING_BLUR)[ROWS, COLUMNS]
    height, width = energy.shape[:2]
    cells = energy.reshape(height // CELL, CELL, width // CELL, CELL, ORIENTATIONS).sum((1, 3))
    total = np.sqrt((cells**2).sum()) + FLAT * float(grey[ROWS, COLUMNS].mean())
    return np.asarray(np.sqrt(cells / max(total, 1e-6)), float)


@cache
def _template(file: Path) -> tuple[Features, float]:
    document = json.loads(file.read_text(encoding="utf-8"))
    cells = [[float(weight) for weight in line.split()] for line in document["weights"]]
    return np.reshape(cells, document["shape"]), float(document["bias"])


def open_eye_likeness(patch: Rgb8) -> float:
    """0 (closed lids, skin, a smear) .. 1 (an open eye); the cut is 0.5."""
    return _likeness(shape_features(patch), TEMPLATE_FILE)


def eye_texture_likeness(patch: Rgb8) -> float:
    """0 (noise, a pattern, one flat colour) .. 1 (an eye)."""
    return _likeness(shape_features(patch), TEXTURE_TEMPLATE_FILE)


def _likeness(features: Features, template: Path) -> float:
    weights, bias = _template(template)
    evidence = float((features * weights).sum()) + bias
    return float(1 / (1 + np.exp(-evidence)))
