"""What a person sees while a training runs: a bar where standard error is a terminal, and lines."""

import sys
from collections.abc import Mapping
from shutil import get_terminal_size
from typing import TextIO


class Bar:
    """A line at the bottom of a terminal that is written again and again; nothing where there is no terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_shown = self._stream.isatty()
        self._is_open = False

    def update(self, title: str, done: int, total: int, text: str) -> None:
        """Shows `title ━━━━━─── 12/20 text`, in the width of the terminal."""
        if not self._is_shown:
            return
        width = get_terminal_size().columns - 1
        count = f"{done}/{total}"
        room = width - len(title) - len(count) - len(text) - 4
        cells = max(0, min(40, room))
        full = cells * done // max(total, 1)
        parts = [title, "━" * full + "─" * (cells - full), count, text]
        self._stream.write(f"\r\x1b[2K{' '.join(part for part in parts if part)[:width]}")
        self._stream.flush()
        self._is_open = True

    def clear(self) -> None:
        """Takes the bar away, so that lines can be written."""
        if self._is_open:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._is_open = False


def scalars_text(scalars: Mapping[str, float], digits: int = 4) -> str:
    """Scalars as a line shows them, `loss=0.3172 accuracy=0.91`; with nine digits a float32 is exact."""
    return " ".join(f"{name}={value:.{digits}g}" for name, value in scalars.items())
