"""The flavors that are shipped, and their view."""

import pytest

from functions.base.errors import NotFound
from functions.entrypoint import models
from functions.entrypoint.views.flavors import flavor_view
from functions.topology import flavors
from functions.topology.flavors import Flavor


def test_shipped_flavors() -> None:
    assert [flavor.id for flavor in flavors.flavors()] == ["1", "2", "3", "4"]
    assert flavors.get("1").ram == 512


@pytest.mark.parametrize("unknown", ["db.tiny", "99", "", "1/"])
def test_names_are_not_ids(unknown: str) -> None:
    with pytest.raises(NotFound):
        flavors.get(unknown)


@pytest.mark.parametrize(("flavor_id", "number"), [("1", 1), ("a1", None), ("²", None)])
def test_view_has_a_number_only_for_plain_integers(flavor_id: str, number: int | None) -> None:
    view = flavor_view(Flavor(id=flavor_id, name="n", ram=1, vcpus=1), "http://h/v1.0/p")
    shown = models.FlavorItem.model_validate(view)
    assert (shown.id, shown.str_id) == (number, flavor_id)
    assert [link.href for link in shown.links] == [
        f"http://h/v1.0/p/flavors/{flavor_id}",
        f"http://h/flavors/{flavor_id}",
    ]
