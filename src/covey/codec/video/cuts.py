"""Where a clip begins anew: frames that have little in common with the one before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covey.types import Float32

_SQUARE = 8  # pixels in a row of what is compared
_LEAST = 10.0  # levels
_TIMES = 3.0  # what frames differed by of late
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_MEMORY = 0.8


class CutFinder:
    """Tells of frames, one after another, whether each begins a scene.

    One does where its small picture differs from that of the frame before by more than so many
    levels a place, and by more than three times what frames differed by of late: fast motion goes
    on, a cut does not. Where nothing is known of late, by three times those levels. The first frame
    begins one.
    """

    def __init__(self) -> None:
        self._last: Float32 | None = None
        self._usual: float | None = None

    def forget(self) -> None:
        """Forgets what frames differed by of late, but not the last frame."""
        self._usual = None

    def begins(self, pixels: NDArray[np.uint8]) -> bool:
        """Takes the next frame, (h, w, 3) uint8."""
        small = _small(pixels)
        if self._last is None:
            self._last = small
            return True
        off = float(np.abs(small - self._last).mean())
        self._last = small
        usual = self._usual
        cut = off > _TIMES * (_LEAST if usual is None else max(usual, _LEAST / _TIMES))
        if cut:
            self._usual = None
        else:
            self._usual = off if usual is None else _MEMORY * usual + (1 - _MEMORY) * off
        return cut


def _small(pixels: NDArray[np.uint8]) -> Float32:
    """Luma of squares; rows and columns beyond the last whole one are left out."""
    height, width = pixels.shape[:2]
    if min(height, width) < _SQUARE:
        return (pixels.astype(np.float32) @ _LUMA).mean(keepdims=True)
    h, w = height // _SQUARE, width // _SQUARE
    cut = pixels[: h * _SQUARE, : w * _SQUARE].reshape(h, _SQUARE, w, _SQUARE, 3)
    return cut.mean(axis=(1, 3), dtype=np.float32) @ _LUMA
