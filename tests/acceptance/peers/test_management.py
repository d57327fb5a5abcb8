"""Projects, jobs, filters, organizations, accounts and datasets: both SDKs see the same."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance
SCRIPT = Path(__file__).with_name("management.py")


@pytest.fixture(scope="module")
def seen(sides, hub, media, tmp_path_factory):
    """What the script saw with the official SDK, and with ours."""
    # The official client leaves each frame of a job in a temporary file.
    folder = str(tmp_path_factory.mktemp("management"))
    runs = {}
    for name in ("official", "ours"):
        hub.add_user(f"by-{name}")
        runs[name] = sides[name].run(
            *(SCRIPT, hub.url, media, folder, f"by-{name}"), PASS=hub.password, TMPDIR=folder
        )
    assert [done.returncode for done in runs.values()] == [0, 0], [
        done.stderr for done in runs.values()
    ]
    return {name: json.loads(done.stdout) for name, done in runs.items()}


def test_both_sdks_see_the_same(seen):
    assert seen["ours"] == seen["official"]


def test_what_they_see_is_right(seen):
    told = dict(seen["ours"])
    assert told["labels of project"] == told["labels of task"] == ["bus", "car"]
    assert told["label"] == ["van", "#123456", ["bus", "van"]]
    assert told["jobs"] == [[0, 1, "new"], [2, 2, "new"]]
    assert told["job"][:2] == ["completed", "annotation"]
    assert told["list ['filter', 'id__gt', 'name__contains']"] == ["NAME 2"]
    assert told["as JSON"] == ["NAME 2", "NAME other"]
    assert told["dataset, PRELOAD_ALL"] == told["dataset, FETCH_FRAMES_ON_DEMAND"]
    assert told["dataset without requests"] == ["a.png", "cc.png"]
    assert told["members"] == [["admin", "owner"]]
    assert told["strangers"] == told["removed"] == 404
    assert told["invitation"] == ["worker", "NAME", False]
    assert (told["theirs"], told["accepted"]) == ([True], True)
    assert told["worker"] == [[], 403]
    assert told["maintainer"] == ["maintainer", ["NAME shared"]]
    assert told["colleagues"] == ["admin", "NAME"]
    assert (told["shared"], told["private"]) == (["NAME shared"], [])
    assert told["by profile"] == told["by command line"] == "admin"
    assert (told["gone"], told["project gone"], told["organization gone"]) == (404, 404, 404)
    assert told["revoked"] == 401
