"""The picture of the layers: drawn from import-linter's contract, a row a layer, and readable on a telephone."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from deploy.docs import layers

SVG = "{http://www.w3.org/2000/svg}"
CONTRACTS = """
[tool.importlinter]
[[tool.importlinter.contracts]]
type = "layers"
layers = ["functions.top", "functions.a | functions.b", "functions.f.x : functions.f.y", "functions.p : functions.q.r"]
[[tool.importlinter.contracts]]
type = "forbidden"
"""


def boxes(svg: str) -> list[tuple[float, str]]:
    """Height of its baseline and name of each box of a picture."""
    return [(float(text.get("y", "")), str(text.text)) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_layers_are_those_of_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text(CONTRACTS)
    monkeypatch.setattr(layers, "ROOT", tmp_path)
    rows = layers.layers()
    assert rows == [["top"], ["a", "b"], ["f: x, y"], ["p, q.r"]]
    drawn = boxes(layers.picture(rows))
    assert [name for _, name in drawn] == ["top", "a", "b", "f: x, y", "p, q.r"]
    heights = {name: height for height, name in drawn}
    assert heights["top"] < heights["a"] == heights["b"] < heights["f: x, y"] < heights["p, q.r"]


def test_a_name_fits_its_box() -> None:
    for names in layers.layers():
        room = (layers.WIDTH - 2 * layers.MARGIN) / len(names)
        assert all(len(name) * 8 < room for name in names), f"{names} do not fit: widen the picture or shorten"


def test_the_documentation_has_the_present_layers() -> None:
    for path, text in layers.documents().items():
        assert path.read_text() == text, f"{path} is out of date: run python -m deploy.docs.layers"
