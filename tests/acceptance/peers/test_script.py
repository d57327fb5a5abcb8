"""The same script, run by both SDKs against our hub, does the same."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def results(sides, hub, media):
    """What the script printed with the official SDK, and with ours."""
    script = Path(__file__).with_name("script.py")
    runs = [
        sides[name].run(script, hub.url, media, PASS=hub.password) for name in ("official", "ours")
    ]
    assert [done.returncode for done in runs] == [0, 0], [done.stderr for done in runs]
    return [json.loads(done.stdout) for done in runs]


def without_ids(value, names):
    """Return annotations with the names of labels and attributes in place of ids."""
    if isinstance(value, list):
        return [without_ids(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    named = {key: names[key][value[key]] for key in ("label_id", "spec_id") if key in value}
    return {key: without_ids(item, names) for key, item in value.items() if key != "id"} | named


def names_of(hub, task_id):
    labels = hub.get(f"/api/labels?task_id={task_id}&page_size=100")["results"]
    labels += [sublabel for label in labels for sublabel in label["sublabels"]]
    return {
        "label_id": {label["id"]: label["name"] for label in labels},
        "spec_id": {a["id"]: a["name"] for label in labels for a in label["attributes"]},
    }


def test_the_hub_holds_identical_annotations(hub, results):
    official, ours = (
        [
            without_ids(hub.get(f"/api/tasks/{task['id']}/annotations"), names_of(hub, task["id"]))
            for task in tasks
        ]
        for tasks in results
    )
    assert ours == official
    photos, again, video = ours
    assert {shape["type"] for shape in photos["shapes"]} == {
        *("rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton")
    }
    assert [len(a[kind]) for a in ours for kind in ("tags", "shapes", "tracks")] == [
        *(4, 18, 0),
        *(1, 3, 0),
        *(0, 0, 2),
    ]
    assert [3, 3, 7, 8] in [shape["points"] for shape in photos["shapes"]]
    assert [shape["score"] for shape in again["shapes"] if "score" in shape] == [0.75]
    assert [len(track["elements"]) for track in video["tracks"]] == [0, 3]


def test_both_sdks_read_back_the_same(hub, results):
    official, ours = (
        [without_ids(task, names_of(hub, task["id"])) for task in tasks] for tasks in results
    )
    assert ours == official


def test_what_is_read_back_is_what_the_hub_holds(hub, results):
    for tasks in results:
        for task in tasks:
            assert task["annotations"] == hub.get(f"/api/tasks/{task['id']}/annotations")
