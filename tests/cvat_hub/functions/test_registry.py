"""Functions are registered, listed and removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("kind", ["detector", "interactor", "tracker"])
def test_a_function_is_read_as_it_was_registered(user: Any, specs: Any, kind: str) -> None:
    made = user("POST", "functions", specs[kind])
    assert made.status == 201
    read = user("GET", f"functions/{made.json['id']}").json
    assert {name: read[name] for name in made.json} == made.json
    for name in specs[kind].keys() - {"labels_v2"}:
        assert read[name] == specs[kind][name]
    assert read["visibility"] == "private"
    assert read["organization"] is None
    assert read["owner"]["id"] == user.user_id


def test_labels_are_read_with_all_their_fields(user: Any, specs: Any) -> None:
    sent = specs["detector"] | {"labels_v2": [{"name": "x", "attributes": []}]}
    read = user("POST", "functions", sent).json
    assert read["labels_v2"] == [{"name": "x", "type": "any", "attributes": [], "sublabels": []}]


def test_an_interactor_has_all_the_fields_that_agents_compare(user: Any, specs: Any) -> None:
    read = user("POST", "functions", specs["interactor"]).json
    fields = {"min_pos_points": 1, "min_neg_points": -1, "startswith_box": False}
    assert (fields | {"startswith_box_optional": False}).items() <= read.items()
    assert "labels_v2" not in read


@pytest.mark.parametrize(
    ("kind", "changes", "place"),
    [
        ("detector", {"provider": "other"}, "provider"),
        ("detector", {"name": ""}, "name"),
        ("detector", {"name": "x" * 129}, "name"),
        ("detector", {"kind": "reid"}, "kind"),
        ("detector", {"visibility": "some"}, "visibility"),
        ("detector", {"min_pos_points": 1}, "min_pos_points"),
        ("detector", {"labels_v2": None}, "labels_v2"),
        ("detector", {"labels_v2": [{"name": "a"}, {"name": "a"}]}, "labels_v2"),
        ("interactor", {"min_neg_points": -2}, "min_neg_points"),
        ("tracker", {"supported_shape_types": []}, "supported_shape_types"),
        ("tracker", {"supported_shape_types": ["circle"]}, "supported_shape_types"),
    ],
)
def test_a_function_that_makes_no_sense_is_refused(
    user: Any, specs: Any, kind: str, changes: Any, place: str
) -> None:
    sent = {name: value for name, value in (specs[kind] | changes).items() if value is not None}
    answer = user("POST", "functions", sent)
    assert (answer.status, list(answer.json)) == (400, [place])


def test_only_admins_register_for_everybody(hub: Any, user: Any, specs: Any, register: Any) -> None:
    assert user("POST", "functions", specs["detector"] | {"visibility": "public"}).status == 403
    public = register(hub.new_user(is_admin=True), visibility="public")
    assert user("GET", f"functions/{public}").json["visibility"] == "public"
    assert user("DELETE", f"functions/{public}").status == 403


def test_a_list_is_searched_filtered_sorted_and_paged(
    user: Any, register: Callable[..., int]
) -> None:
    first = register(user, "detector", name="cats of the north")
    second = register(user, "tracker", name="dogs of the north")
    mine = f"functions?owner={user('GET', 'users/self').json['username']}"

    def ids(query: str) -> list[int]:
        return [found["id"] for found in user("GET", f"{mine}&{query}").json["results"]]

    assert ids("") == [second, first]
    assert ids("sort=id") == [first, second]
    assert ids("search=cats") == [first]
    assert ids('filter={"==":[{"var":"kind"},"tracker"]}') == [second]
    assert ids("page_size=1&page=2") == [first]


def test_a_function_of_an_organization_is_seen_by_its_members(
    hub: Any, specs: Any, register: Callable[..., int]
) -> None:
    owner, worker, stranger = (hub.new_user() for _ in range(3))
    slug = hub.new_organization(owner, worker=worker)["slug"]
    assert worker("POST", f"functions?org={slug}", specs["detector"]).status == 403
    function = register(owner, query=f"?org={slug}")
    listed = worker("GET", f"functions?org={slug}").json["results"]
    assert [one["id"] for one in listed] == [function]
    assert stranger("GET", f"functions/{function}").status == 404
    assert worker("DELETE", f"functions/{function}").status == 403
    assert owner("DELETE", f"functions/{function}").status == 204
    assert owner("GET", f"functions/{function}").status == 404
