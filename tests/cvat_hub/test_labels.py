"""Changes of labels, and what becomes of the annotations."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cvat_hub.routes import annotations

SELECT = {"name": "kind", "mutable": False, "input_type": "select", "values": ["a", "b"]}
SPEED = {"name": "speed", "mutable": True, "input_type": "number", "values": ["0", "9", "1"]}
SEEN = {"name": "seen", "mutable": True, "input_type": "checkbox", "values": ["false"]}
LABELS = [
    {"name": "car", "attributes": [SELECT, SPEED]},
    {"name": "plain"},
    {
        "name": "person",
        "type": "skeleton",
        "svg": '<circle data-label-name="head"/><circle data-label-name="hand"/>',
        "sublabels": [{"name": "head", "attributes": [SEEN]}, {"name": "hand"}],
    },
]


@dataclass
class Painted:
    """A home of labels, and two tasks with annotations of all of them."""

    client: Any
    home: str
    tasks: list[int]
    query: str

    @property
    def labels(self) -> dict[str, Any]:
        listed = self.client("GET", f"labels?{self.query}").json["results"]
        return {label["name"]: label for label in listed}

    @property
    def annotations(self) -> list[dict[str, Any]]:
        return [self.client("GET", f"tasks/{number}/annotations").json for number in self.tasks]

    @property
    def state(self) -> tuple[Any, Any]:
        return self.labels, self.annotations

    def patch(self, *labels: dict[str, Any]) -> Any:
        return self.client("PATCH", self.home, {"labels": list(labels)})

    def paint(self) -> None:
        labels = self.labels
        car, plain, person = (labels[name]["id"] for name in ("car", "plain", "person"))
        kind, speed = (spec["id"] for spec in labels["car"]["attributes"])
        head, hand = labels["person"]["sublabels"]
        box = {"type": "rectangle", "points": [0, 0, 1, 1], "frame": 0}
        point = {"type": "points", "points": [1, 1], "frame": 0}
        seen = {"spec_id": head["attributes"][0]["id"], "value": "true"}
        values = [{"spec_id": kind, "value": "b"}, {"spec_id": speed, "value": "3"}]
        elements = [point | {"label_id": hand["id"]}]
        elements.append(point | {"label_id": head["id"], "attributes": [seen]})
        key_frames = [box | {"frame": number, "attributes": values[1:]} for number in (0, 2)]
        element_track = {"label_id": head["id"], "frame": 0}
        element_track["shapes"] = [point | {"attributes": [seen]}]
        skeleton = {"type": "skeleton", "points": [], "frame": 0}
        sent = {
            "tags": [{"label_id": plain, "frame": 0}, {"label_id": car, "frame": 1}],
            "shapes": [
                box | {"label_id": car, "attributes": values},
                box | {"label_id": plain},
                skeleton | {"label_id": person, "elements": elements},
            ],
            "tracks": [
                {"label_id": car, "frame": 0, "attributes": values[:1], "shapes": key_frames},
                {
                    "label_id": person,
                    "frame": 0,
                    "shapes": [skeleton],
                    "elements": [element_track],
                },
            ],
        }
        for number in self.tasks:
            answer = self.client("PUT", f"tasks/{number}/annotations", sent)
            assert answer.status == 200, answer.body


HOMES = ["of a task", "of a project"]


def _painted(home: str, user: Any, new_task: Callable[..., Any]) -> Painted:
    if home == "of a task":
        task = new_task(user, labels=LABELS)["id"]
        made = Painted(user, f"tasks/{task}", [task], f"task_id={task}")
    else:
        project = user("POST", "projects", {"name": "p", "labels": LABELS}).json["id"]
        tasks = [new_task(user, labels=[], project_id=project)["id"] for _ in range(2)]
        made = Painted(user, f"projects/{project}", tasks, f"project_id={project}")
    made.paint()
    return made


@pytest.fixture(params=HOMES)
def painted(request: Any, user: Any, new_task: Callable[..., Any]) -> Painted:
    return _painted(request.param, user, new_task)


@pytest.fixture(scope="module", params=HOMES)
def untouched(request: Any, hub: Any, new_task: Callable[..., Any]) -> Painted:
    """One for all tests of what is refused."""
    return _painted(request.param, hub.new_user(), new_task)


def test_a_new_name_and_colour_leave_annotations_alone(painted: Painted) -> None:
    labels, before = painted.state
    car = {"id": labels["car"]["id"], "name": "lorry", "color": "#010203"}
    assert painted.patch(car).status == 200
    assert painted.labels["lorry"] == labels["car"] | car
    assert painted.annotations == before


def test_names_may_be_exchanged(painted: Painted) -> None:
    labels = painted.labels
    ids = [labels[name]["id"] for name in ("car", "plain")]
    names = zip(ids, ("plain", "car"), strict=True)
    assert painted.patch(*({"id": number, "name": name} for number, name in names)).status == 200
    assert [painted.labels[name]["id"] for name in ("plain", "car")] == ids


def test_a_label_that_is_removed_takes_its_annotations_along(painted: Painted) -> None:
    gone = painted.labels["car"]["id"]
    assert painted.patch({"id": gone, "deleted": True}).status == 200
    assert "car" not in painted.labels
    for found in painted.annotations:
        assert [len(found[kind]) for kind in ("tags", "shapes", "tracks")] == [1, 2, 1]
        assert gone not in {item["label_id"] for kind in found.values() if kind for item in kind}
    painted.patch({"name": "car"})
    assert painted.labels["car"]["id"] != gone


@pytest.mark.parametrize("name", ["plain", "person"])
def test_a_label_can_be_deleted_by_its_number(painted: Painted, name: str) -> None:
    label = painted.labels[name]
    assert painted.client("DELETE", f"labels/{label['id']}").status == 204
    assert painted.client("GET", f"labels/{label['id']}").status == 404
    for part in label["sublabels"]:
        assert painted.client("GET", f"labels/{part['id']}").status == 404
    for found in painted.annotations:
        assert len(found["shapes"]) == 2
        assert label["id"] not in {shape["label_id"] for shape in found["shapes"]}


def test_an_attribute_that_is_removed_takes_its_values_along(painted: Painted) -> None:
    """Those of shapes, tracks, their key frames and tags; nothing else changes."""
    labels, expected = painted.state
    car = labels["car"]
    kind, speed = car["attributes"]
    answer = painted.patch({"id": car["id"], "attributes": [speed | {"deleted": True}]})
    assert answer.status == 200
    assert painted.labels["car"] == car | {"attributes": [kind]}
    _forget(expected, speed["id"])
    assert painted.annotations == expected


def test_an_attribute_of_a_point_is_removed(painted: Painted) -> None:
    """Inside skeletons, and in the tracks of their points."""
    labels, expected = painted.state
    head, hand = labels["person"]["sublabels"]
    [seen] = head["attributes"]
    assert f'"spec_id": {seen["id"]}' in str(expected).replace("'", '"')
    sub = head | {"attributes": [seen | {"deleted": True}]}
    assert painted.patch({"id": labels["person"]["id"], "sublabels": [sub]}).status == 200
    assert painted.labels["person"]["sublabels"] == [head | {"attributes": []}, hand]
    _forget(expected, seen["id"])
    assert painted.annotations == expected


def _forget(annotations: list[dict[str, Any]], spec_id: int) -> None:
    """Remove the values of an attribute wherever they are; what had one is another revision."""
    for kind in ("tags", "shapes", "tracks"):
        for item in (item for of_task in annotations for item in of_task[kind]):
            before = copy.deepcopy(item)
            _strip(item, spec_id)
            item["revision"] += item != before


def _strip(part: Any, spec_id: int) -> None:
    if isinstance(part, dict):
        if "attributes" in part:
            kept = [value for value in part["attributes"] if value["spec_id"] != spec_id]
            part["attributes"] = kept
        part = list(part.values())
    for item in part if isinstance(part, list) else ():
        _strip(item, spec_id)


def test_attributes_are_added_and_changed(painted: Painted) -> None:
    labels, before = painted.state
    car = labels["car"]
    kind, speed = car["attributes"]
    more = kind | {"name": "sort", "values": ["a", "b", "c"], "default_value": "c"}
    assert painted.patch({"id": car["id"], "attributes": [more, SEEN]}).status == 200
    changed, same, added = painted.labels["car"]["attributes"]
    assert (changed, same, added["name"]) == (more, speed, "seen")
    assert painted.annotations == before
    kept = {key: value for key, value in more.items() if key != "default_value"}
    painted.patch({"id": car["id"], "attributes": [kept]})
    assert painted.labels["car"]["attributes"][0]["default_value"] == "c"


@pytest.mark.parametrize(
    ("label", "kind", "status"),
    [
        ("car", "rectangle", 400),
        ("car", "any", 200),
        ("car", "skeleton", 400),
        ("person", "any", 400),
        ("person", "skeleton", 200),
        ("unused", "polygon", 200),
        ("unused", "tag", 200),
    ],
)
def test_a_label_gets_another_type_while_nothing_depends_on_it(
    painted: Painted, label: str, kind: str, status: int
) -> None:
    painted.patch({"name": "unused"})
    before = painted.state
    answer = painted.patch({"id": painted.labels[label]["id"], "type": kind})
    assert answer.status == status
    if status == 200:
        assert painted.labels[label]["type"] == kind
    else:
        assert painted.state == before


def test_points_are_renamed_and_the_drawing_keeps_them(painted: Painted) -> None:
    person = painted.labels["person"]
    head, _ = person["sublabels"]
    drawing = person["svg"]
    assert f'data-label-id="{head["id"]}"' in drawing
    sent = {"id": head["id"], "name": "nose", "color": "#000001"}
    assert painted.patch({"id": person["id"], "sublabels": [sent]}).status == 200
    changed = painted.labels["person"]
    assert [part["name"] for part in changed["sublabels"]] == ["nose", "hand"]
    assert changed["svg"] == drawing


@pytest.mark.parametrize("name", ["head", 'a "b" & <c>'])
def test_a_drawing_comes_with_names_or_ids(painted: Painted, name: str) -> None:
    person = painted.labels["person"]
    head, hand = person["sublabels"]
    painted.patch({"id": person["id"], "sublabels": [head | {"name": name}]})
    escaped = {"head": "head"}.get(name, "a &quot;b&quot; &amp; &lt;c&gt;")
    drawing = f'<g><circle data-label-name="{escaped}"/><circle data-label-id="{hand["id"]}"/></g>'
    assert painted.patch({"id": person["id"], "svg": drawing}).status == 200
    expected = drawing.replace(f'name="{escaped}"', f'id="{head["id"]}"')
    assert painted.labels["person"]["svg"] == expected


def test_a_label_is_changed_by_its_number(painted: Painted) -> None:
    car, head = painted.labels["car"], painted.labels["person"]["sublabels"][0]
    url = f"labels/{car['id']}"
    changed = painted.client("PATCH", url, {"name": "van", "attributes": [SEEN]})
    assert (changed.status, changed.json["name"]) == (200, "van")
    assert changed.json == painted.client("GET", url).json == painted.labels["van"]
    assert [spec["name"] for spec in changed.json["attributes"]] == ["kind", "speed", "seen"]
    point = painted.client("PATCH", f"labels/{head['id']}", {"color": "#00ff00"})
    assert point.status == 200
    assert (point.json["name"], point.json["color"]) == ("head", "#00ff00")
    assert point.json["parent_id"] == painted.labels["person"]["id"]


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("car", {"id": 1}),
        ("car", {"deleted": True}),
        ("car", {"name": "plain"}),
        ("car", {"name": ""}),
        ("car", {"color": "green"}),
        ("car", {"sublabels": [{"name": "x"}]}),
        ("head", {"name": "hand"}),
        ("head", {"type": "rectangle"}),
        ("head", {"svg": ""}),
        ("head", {"sublabels": []}),
    ],
)
def test_a_wrong_change_of_one_label_is_refused(
    untouched: Painted, target: str, sent: dict[str, Any]
) -> None:
    before = untouched.state
    known = untouched.labels
    known |= {part["name"]: part for part in known["person"]["sublabels"]}
    answer = untouched.client("PATCH", f"labels/{known[target]['id']}", sent)
    assert answer.status == 400, answer.body
    assert untouched.state == before


def test_a_point_is_not_deleted_alone(untouched: Painted) -> None:
    before = untouched.state
    head = untouched.labels["person"]["sublabels"][0]
    assert untouched.client("DELETE", f"labels/{head['id']}").status == 400
    assert untouched.state == before


# What is wrong, after a label was renamed, one was removed, and one was added in the same request.
BAD: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a name twice": lambda labels: {"name": "person"},
    "no name": lambda labels: {"color": "#000000"},
    "an unknown label": lambda labels: {"id": 10**8, "name": "x"},
    "a label twice": lambda labels: {"id": labels["car"]["id"], "color": "#000000"},
    "a removal of nothing": lambda labels: {"name": "x", "deleted": True},
    "an unknown type": lambda labels: {"name": "x", "type": "blob"},
    "a type that annotations forbid": lambda labels: _of_person(labels, type="points"),
    "an unknown point": lambda labels: _of_person(labels, sublabels=[{"id": 1, "name": "x"}]),
    "a new point": lambda labels: _of_person(labels, sublabels=[{"name": "x"}]),
    "an unknown attribute": lambda labels: _of_person(labels, attributes=[SEEN | {"id": 10**8}]),
    "an attribute twice": lambda labels: _of_person(labels, attributes=[SEEN, SEEN]),
    "an attribute removed before it is there": lambda labels: _of_person(
        labels, attributes=[SEEN | {"deleted": True}]
    ),
    "an attribute of another kind": lambda labels: _of_head(labels, input_type="text"),
    "an attribute that moves": lambda labels: _of_head(labels, mutable=False),
    "an attribute removed twice": lambda labels: _of_head(labels, deleted=True, twice=True),
    "an attribute without values": lambda labels: {
        "name": "x",
        "attributes": [SELECT | {"values": []}],
    },
    "no object": lambda labels: 1,
}


def _of_person(labels: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"id": labels["person"]["id"]} | changes


def _of_head(labels: dict[str, Any], *, twice: bool = False, **changes: Any) -> dict[str, Any]:
    head = copy.deepcopy(labels["person"]["sublabels"][0])
    head["attributes"] = [head["attributes"][0] | changes] * (2 if twice else 1)
    return _of_person(labels, sublabels=[head])


@pytest.mark.parametrize("case", BAD)
def test_labels_change_all_together_or_not_at_all(untouched: Painted, case: str) -> None:
    before = untouched.state
    labels = before[0]
    answer = untouched.patch(
        {"id": labels["car"]["id"], "name": "van", "attributes": [SEEN]},
        {"id": labels["plain"]["id"], "deleted": True},
        {"name": "new"},
        BAD[case](labels),
    )
    assert answer.status == 400, answer.body
    assert untouched.state == before


def test_changes_move_the_dates(painted: Painted) -> None:
    paths = {painted.home, *(f"tasks/{number}" for number in painted.tasks)}

    def dates() -> list[str]:
        return [painted.client("GET", path).json["updated_date"] for path in sorted(paths)]

    before = dates()
    label = painted.labels["plain"]
    for change in (
        lambda: painted.patch({"name": "new"}),
        lambda: painted.client("PATCH", f"labels/{label['id']}", {"color": "#000000"}),
        lambda: painted.client("DELETE", f"labels/{label['id']}"),
    ):
        assert change().status in (200, 204)
        after = dates()
        assert all(now > then for then, now in zip(before, after, strict=True))
        before = after


@pytest.mark.parametrize(
    ("method", "action", "parse"),
    [
        ("PUT", "", "parse_new"),
        ("PATCH", "?action=create", "parse_new"),
        ("PATCH", "?action=update", "parse_changes"),
    ],
)
def test_nothing_is_annotated_with_a_label_that_goes_meanwhile(
    painted: Painted, monkeypatch: pytest.MonkeyPatch, method: str, action: str, parse: str
) -> None:
    """It goes between the moment when annotations are checked and the one when they are written."""
    url, plain = f"tasks/{painted.tasks[0]}/annotations", painted.labels["plain"]["id"]
    sent = {"shapes": [s for s in painted.annotations[0]["shapes"] if s["label_id"] == plain]}
    original = getattr(annotations, parse)

    def parsed(*arguments: Any) -> Any:
        assert painted.client("DELETE", f"labels/{plain}").status == 204
        return original(*arguments)

    monkeypatch.setattr(annotations, parse, parsed)
    answer = painted.client(method, url + action, sent)
    assert answer.status == 409, answer.body
    assert [len(painted.annotations[0][kind]) for kind in ("tags", "shapes")] == [1, 2]


@pytest.mark.parametrize(
    "query", ["task_id=x", "task_id=-1", "task_id=%D9%A4", "task_id=1&project_id=1", "job_id="]
)
def test_labels_of_nonsense_are_refused(user: Any, query: str) -> None:
    assert user("GET", f"labels?{query}").status == 400
