from typing import Any

from sinter_xla.artifact import Dim, load_artifact
from sinter_xla.compile import compiled
from sinter_xla.errors import ArtifactError
from sinter_xla.mesh import placement

from . import linear
from .case import FolderCase


class ArtifactTest(FolderCase):
    def test_a_manifest_is_read_as_data(self) -> None:
        artifact = self.artifact()
        self.assertEqual((artifact.module, artifact.producer), ("linear", "sinter 0.1.0"))
        self.assertEqual(artifact.inputs[0].dims, (Dim(8, "batch"), Dim(4)))
        self.assertEqual(artifact.trainable, {"w"})
        train = artifact.entry("train")
        self.assertEqual(train.updates, ("w", "w.m", "even"))
        self.assertEqual([output.name for output in train.outputs], ["loss", "number"])
        self.assertEqual(train.reads("input"), ("x", "y"))
        self.assertTrue(train.arguments[0].donated)

    def test_a_folder_that_is_no_artifact_is_refused(self) -> None:
        with self.refuses(ArtifactError, "No such file or directory: expected a folder that `sinter export"):
            load_artifact(self.folder)
        (self.folder / "manifest.json").write_text("{", encoding="utf-8")
        with self.refuses(ArtifactError, "not JSON"):
            load_artifact(self.folder)
        (self.folder / "manifest.json").write_bytes(b"\xff")
        with self.refuses(ArtifactError, "not UTF-8"):
            load_artifact(self.folder)

    def test_an_artifact_of_another_version_is_refused(self) -> None:
        with self.refuses(
            ArtifactError, "the artifact is of version 2, and this package reads version 1: export"
        ):
            self.artifact({**linear.manifest(), "version": 2})

    def test_what_a_manifest_cannot_be_is_refused_with_its_place(self) -> None:
        def changed(path: str, value: object) -> dict[str, Any]:
            manifest: Any = linear.manifest()
            at = manifest
            *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
            for key in keys:
                at = at[key]
            at[last] = value
            changed_manifest: dict[str, Any] = manifest
            return changed_manifest

        for path, value, text in [
            ("format", "onnx", "manifest.json.format: expected sinter-stablehlo, found 'onnx'"),
            ("sizes.0.max", 0, "sizes[0].max: expected a whole number from 1 on, found 0"),
            (
                "inputs.0.dtype",
                "f64",
                "inputs[0].dtype: expected one of f32, i32, u32, bool, u8, found 'f64'",
            ),
            (
                "inputs.0.shape.0",
                {"size": "rows"},
                "inputs[0].shape[0].size: expected one of batch, found 'rows'",
            ),
            ("inputs.0.shape.1", -1, "inputs[0].shape[1]: expected an object, found -1"),
            ("inputs.0.sharding", ["data", None], "inputs[0].sharding: expected axes of the mesh, none"),
            ("states", None, "states: expected a list, found nothing"),
            ("states.0.trainable", 1, "states[0].trainable: expected true or false, found 1"),
            ("params.0.initial", "1", "params[0].initial: expected a number, found '1'"),
            ("entries.0.file", "../train.mlir", "entries[0].file: expected the name of a file in the folder"),
            (
                "entries.0.arguments.0.kind",
                "output",
                "arguments[0].kind: expected one of state, input, param, size",
            ),
            ("entries.0.arguments.3.name", "z", "arguments[3].name: expected one of"),
            (
                "entries.0.results.0.name",
                "v",
                "entries[0].results: expected next values of states, and 'v' is none",
            ),
            ("entries.0.results.0.kind", "output", "entries[0].results: expected states first, then outputs"),
        ]:
            with self.subTest(path), self.refuses(ArtifactError, text):
                self.artifact(changed(path, value))

    def test_an_entry_that_there_is_not_is_refused_with_those_that_there_are(self) -> None:
        with self.refuses(ArtifactError, "linear has no entry 'validate'; there are train, predict"):
            self.artifact().entry("validate")

    def test_a_text_that_is_not_that_of_the_manifest_is_refused(self) -> None:
        manifest = linear.manifest()
        manifest["inputs"][0]["shape"][1] = 5
        artifact = self.artifact(manifest)
        with self.refuses(ArtifactError, "train.mlir: @main takes (tensor<4xf32>"):
            compiled(artifact, artifact.entry("train"), placement(artifact), {})
        for text, reason in [
            ("module {", "train.mlir:"),
            ("module {}", "train.mlir: there is no function @main"),
        ]:
            artifact.entry("train").file.write_text(text, encoding="utf-8")
            with self.subTest(text), self.refuses(ArtifactError, reason):
                compiled(artifact, artifact.entry("train"), placement(artifact), {})
        artifact.entry("train").file.unlink()
        with self.refuses(ArtifactError, "the artifact is not whole"):
            compiled(artifact, artifact.entry("train"), placement(artifact), {})
