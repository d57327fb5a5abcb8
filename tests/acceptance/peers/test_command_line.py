"""The official command line, unmodified, works with our hub, and ours does the same."""

import json
from pathlib import Path

import PIL.Image
import pytest

pytestmark = pytest.mark.acceptance

LABELS = json.dumps([{"name": "thing", "type": "rectangle"}])
FUNCTION = Path(__file__).with_name("boxes.py")


@pytest.fixture(params=["official", "ours"])
def cli(request, sides, hub):
    """Run `cvat-cli task` (or another noun), and return what it wrote to stdout."""
    host, _, port = hub.url.rpartition(":")

    def run(*arguments, code=0, noun="task"):
        done = sides[request.param].run(
            *("-m", "cvat_cli", "--auth", "admin", "--server-host", host, "--server-port", port),
            *(noun, *arguments),
            PASS=hub.password,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    return run


def create(cli, *files):
    polling = ("--completion_verification_period", "0.1")
    return int(cli("create", "holiday", "--labels", LABELS, *polling, "local", *files))


def test_a_task_lives_and_dies_by_commands(cli, hub, media, tmp_path):
    task_id = create(cli, media / "a.png", media / "cc.png")
    assert str(task_id) in cli("ls").splitlines()
    (listed,) = [task for task in json.loads(cli("ls", "--json")) if task["id"] == task_id]
    assert (listed["name"], listed["size"], listed["mode"]) == ("holiday", 2, "annotation")

    cli("frames", "--outdir", tmp_path, "--quality", "original", task_id, 0, 1)
    for path, source in zip(sorted(tmp_path.iterdir()), ("a.png", "cc.png"), strict=True):
        with PIL.Image.open(path) as frame, PIL.Image.open(media / source) as original:
            assert frame.tobytes() == original.tobytes()

    annotate = ("auto-annotate", "--function-file", FUNCTION, "--conf-threshold", "0.5")
    cli(*annotate, task_id)
    cli(*annotate, "-p", "margin=int:3", task_id)
    assert boxes(hub, task_id) == [
        *([0, [1, 1, 59, 39]], [0, [3, 3, 57, 37]]),
        *([1, [1, 1, 63, 63]], [1, [3, 3, 61, 61]]),
    ]
    cli(*annotate, "--clear-existing", task_id)
    assert boxes(hub, task_id) == [[0, [1, 1, 59, 39]], [1, [1, 1, 63, 63]]]

    cli("delete", task_id)
    assert str(task_id) not in cli("ls").splitlines()
    cli(*annotate, task_id, code=1)


def test_a_task_is_made_of_a_video(cli, hub, media, tmp_path):
    task_id = create(cli, media / "clip.mp4")
    (listed,) = [task for task in json.loads(cli("ls", "--json")) if task["id"] == task_id]
    assert (listed["size"], listed["mode"]) == (12, "interpolation")
    cli("frames", "--outdir", tmp_path, task_id, 11)
    (path,) = tmp_path.iterdir()
    with PIL.Image.open(path) as frame:
        assert frame.size == (64, 48)
        assert frame.convert("L").getpixel((32, 24)) == pytest.approx(220, abs=6)
    cli("delete", task_id)


def boxes(hub, task_id):
    """Return frame and points of the shapes of a task, and check the rest of them."""
    shapes = hub.get(f"/api/tasks/{task_id}/annotations")["shapes"]
    assert {(s["type"], s["source"], s["score"]) for s in shapes} == {("rectangle", "auto", 0.5)}
    return [[shape["frame"], shape["points"]] for shape in shapes]


def test_a_project_lives_and_dies_by_commands(cli, media):
    labels = ("--labels", LABELS, "--bug_tracker", "https://bugs.test")
    project_id = int(cli("create", "trips", *labels, noun="project"))
    polling = ("--completion_verification_period", "0.1")
    task_id = int(
        cli("create", "trip", "--project_id", project_id, *polling, "local", media / "a.png")
    )
    assert str(project_id) in cli("ls", noun="project").splitlines()
    listed = json.loads(cli("ls", "--json", noun="project"))
    (project,) = [one for one in listed if one["id"] == project_id]
    assert (project["name"], project["bug_tracker"]) == ("trips", "https://bugs.test")
    assert (project["tasks"]["count"], project["labels"]["url"] != "") == (1, True)
    cli("delete", project_id, 999999, noun="project")
    assert str(project_id) not in cli("ls", noun="project").splitlines()
    assert str(task_id) not in cli("ls").splitlines()
