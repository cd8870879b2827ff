"""What test cases have in common: a folder of their own, and errors that are held to their texts."""

import tempfile
import unittest
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sinter_xla.artifact import Artifact, load_artifact
from sinter_xla.checkpoint import Place, read_checkpoint
from sinter_xla.mesh import placement
from sinter_xla.program import Program

from . import linear


class FolderCase(unittest.TestCase):
    """A test case with an empty folder."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="sinter-xla-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def artifact(self, changed: dict[str, Any] | None = None) -> Artifact:
        """The linear model, with a changed manifest where one is given."""
        return load_artifact(linear.write(self.folder / "linear", changed))

    def program(
        self, artifact: Artifact, mesh: Mapping[str, int] | None = None, file: Path | None = None
    ) -> tuple[Program, Place]:
        """A program on devices, and where it stands."""
        states, place = read_checkpoint(artifact, file or artifact.weights)
        return Program(artifact, placement(artifact, mesh), states), place

    @contextmanager
    def refuses(self, error: type[Exception], text: str) -> Iterator[None]:
        """Expects an error whose message has a text."""
        with self.assertRaises(error) as caught:
            yield
        self.assertIn(text, str(caught.exception))
