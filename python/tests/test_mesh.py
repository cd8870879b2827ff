from typing import Any

from sinter_xla.errors import MeshError
from sinter_xla.mesh import placement

from . import linear
from .case import FolderCase


def spread() -> dict[str, Any]:
    """A manifest with a mesh: rows over `data`, weights over `model`."""
    manifest = linear.manifest()
    manifest["mesh"] = {"axes": [{"name": "data", "size": 4}, {"name": "model", "size": 2}]}
    manifest["inputs"][0]["sharding"] = ["data", None]
    manifest["inputs"][1]["sharding"] = ["data"]
    manifest["states"][0]["sharding"] = ["model"]
    manifest["states"][1]["sharding"] = ["model"]
    return manifest


class MeshTest(FolderCase):
    def test_a_module_without_a_mesh_runs_on_one_device(self) -> None:
        self.assertEqual(dict(placement(self.artifact()).mesh.shape), {"data": 1})

    def test_a_module_without_a_mesh_may_be_given_an_axis_for_its_rows(self) -> None:
        place = placement(self.artifact(), {"rows": 8})
        self.assertEqual(dict(place.mesh.shape), {"rows": 8})
        self.assertEqual(dict(place.shardings), {"x": ("rows", None), "y": ("rows",)})

    def test_sizes_take_the_place_of_those_of_the_artifact(self) -> None:
        artifact = self.artifact(spread())
        self.assertEqual(dict(placement(artifact).mesh.shape), {"data": 4, "model": 2})
        self.assertEqual(dict(placement(artifact, {"data": 2}).mesh.shape), {"data": 2, "model": 2})

    def test_what_cannot_be_spread_is_refused(self) -> None:
        plain, meshed = self.artifact(), self.artifact(spread())
        for artifact, sizes, text in [
            (
                plain,
                {"data": 3},
                "the 3 devices of axis 'data' do not divide dimension 0 of input 'x', which is 8",
            ),
            (
                meshed,
                {"model": 3},
                "the 3 devices of axis 'model' do not divide dimension 0 of state 'w', which is 4",
            ),
            (meshed, {"rows": 2}, "linear has no axis 'rows' in its mesh; there are data, model"),
            (plain, {"data": 4, "model": 2}, "linear declares no mesh, so it can be spread over one axis"),
            (meshed, {"data": 8}, "the mesh data=8, model=2 has 16 devices, and there are 8 devices (cpu)"),
        ]:
            with self.subTest(text), self.refuses(MeshError, text):
                placement(artifact, sizes)
