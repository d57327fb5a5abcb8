"""Agents at work: real processes and sockets, and a server that hands out what a test wants."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from cvat_agent.failures import IncompatibleFunctionError, WorkerStartError
from cvat_agent.machine import Periods
from cvat_agent.running import Service, run_agent
from cvat_agent.states import TrackingStates
from cvat_cli.functions import Source
from cvat_sdk.core.client import Client
from cvat_sdk.exceptions import NotFoundException

MakeSource = Callable[[str], Source]

DETECTOR = """
import os, time
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.DetectionFunctionSpec(labels=[
    cvataa.label_spec("gray", 1, type="rectangle"),
    cvataa.label_spec("other", 2, type="rectangle"),
])

def detect(context, image):
    gray = image.getpixel((0, 0))[0]
    if context.conf_threshold == 0.125:
        os.kill(os.getpid(), 9)
    if context.conf_threshold == 0.25:
        raise RuntimeError("secret at /home/me")
    if context.conf_threshold == 0.5:
        return ["nonsense"]
    if context.conf_threshold == 0.75:
        time.sleep(600)
    return [cvataa.rectangle(1, [0, 0, gray, image.width]), cvataa.rectangle(2, [0, 0, 1, 1])]
"""

INTERACTOR = """
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.InteractionFunctionSpec(min_pos_points=1, min_neg_points=0, min_bounding_boxes=0)
{preprocess}
def detect(context, image, prompts):
    x, y = prompts.pos_points[0]
    size = image if isinstance(image, list) else list(image.size)
    return [cvataa.InteractionResultShape(type="points", points=[x, y, *size])]
"""
PREPROCESS = """
def preprocess_image(context, image):
    return list(image.size)
"""

TRACKER = """
import os
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.TrackingFunctionSpec(supported_shape_types=["rectangle", "points"])

def gray(image):
    return image.getpixel((0, 0))[0] / 20

def init_tracking_state(context, image, shape):
    return {"began": gray(image), "shape": shape, "calls": 0}

def track(context, image, state):
    state["calls"] += 1
    if os.path.exists(__file__ + ".die"):
        os.remove(__file__ + ".die")
        os.kill(os.getpid(), 9)
    here = gray(image)
    if here in (3, 4):
        return None
    if context.original_shape_type == "points":
        return cvataa.TrackableShape(type="rectangle", points=[0, 0, 1, 1])
    points = [state["began"], state["calls"], here, 40]
    return cvataa.TrackableShape(type="rectangle", points=points)
"""

DETECTOR_RECORD = {"kind": "detector", "labels_v2": [{"name": "gray", "type": "rectangle"}]}
INTERACTOR_RECORD = {
    "kind": "interactor",
    "min_pos_points": 1,
    "min_neg_points": 0,
    "startswith_box": False,
    "startswith_box_optional": True,
}
TRACKER_RECORD = {"kind": "tracker", "supported_shape_types": ["rectangle", "points"]}
LABELS = [{"id": 100, "name": "car", "type": "any", "attributes": [], "sublabels": []}]
MAPPING = {"gray": {"name": "car"}}
DETECTION = {"mapping": MAPPING, "threshold": None, "conv_mask_to_poly": False}
QUICK = Periods(poll=600, poll_beside_stream=600, report=0.01, retry=0.01, retry_most=0.01)


def burst(client: Client, load: Any, **options: Any) -> None:
    run_agent(client, 7, load, burst=True, periods=QUICK, **options)


@contextmanager
def serving(client: Client, load: Any, **options: Any) -> Iterator[Service]:
    """Serve in a thread of its own until the end of the block."""
    services: list[Service] = []
    is_there = threading.Event()

    def started(service: Service) -> None:
        services.append(service)
        is_there.set()

    def run() -> None:
        run_agent(client, 7, load, periods=QUICK, started=started, **options)

    thread = threading.Thread(target=run)
    thread.start()
    assert is_there.wait(60)
    try:
        yield services[0]
    finally:
        services[0].stop()
        thread.join()


def as_detector(server: Any) -> None:
    server.function, server.labels = DETECTOR_RECORD, LABELS


def as_tracker(server: Any) -> None:
    server.function, server.labels = TRACKER_RECORD, LABELS


def box(*points: float, frame: int, label_id: int = 100) -> dict[str, Any]:
    return {
        "type": "rectangle",
        "label_id": label_id,
        "frame": frame,
        "points": list(points),
        "source": "auto",
    }


def test_a_burst_answers_all_that_is_there_interactive_requests_first(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    server.post("b-1", "batch", type="annotate_task", **DETECTION)
    server.post("i-1", type="annotate_frame", frame=2, **DETECTION)
    server.post("i-2", type="annotate_frame", frame=3, roi=[0, 0, 32, 24], **DETECTION)
    burst(client, source(DETECTOR))
    assert [outcome.verb for outcome in server.outcomes.values()] == ["complete"] * 3
    first, second = server.outcomes["i-1"].body, server.outcomes["i-2"].body
    assert first["annotations"] == {"tags": [], "shapes": [box(0, 0, 40, 64, frame=2)]}
    assert second["annotations"]["shapes"] == [box(0, 0, 60, 32, frame=3)]
    assert server.outcomes["b-1"].body["annotations"]["shapes"] == [
        box(0, 0, 20 * frame, 64, frame=frame) for frame in range(8)
    ]


def test_an_agent_says_who_it_is_and_what_it_can_do(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    burst(client, source(DETECTOR), workers=2)
    ids = {body["agent_id"] for body in server.acquired}
    assert len(ids) == 2, "each worker has its own requests"
    assert all(body["capabilities"] == ["track_task"] for body in server.acquired)


def test_other_servers_are_told_nothing_that_they_dont_know(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    server.is_hub = False
    burst(client, source(DETECTOR))
    assert all(set(body) == {"agent_id", "request_category"} for body in server.acquired)


def test_a_request_for_a_job_is_about_its_frames(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    server.post("b-1", "batch", type="annotate_task", job=3, **DETECTION)
    burst(client, source(DETECTOR))
    shapes = server.outcomes["b-1"].body["annotations"]["shapes"]
    assert [shape["frame"] for shape in shapes] == [2, 3, 4]


FAILURES: list[tuple[dict[str, Any], str]] = [
    ({"threshold": 0.25}, "The function failed."),
    ({"threshold": 0.5}, "The function returned something that breaks the rules"),
    ({"threshold": 0.125}, "The process that runs the function ended unexpectedly."),
    ({"frame": 99}, "Invalid request: the task has no frame 99"),
    ({"task": 6}, "The server refused what the agent needs (status 404)."),
    ({"task": None}, "Invalid request: the request names no task"),
    ({"roi": [0, 0, 65, 10]}, "Invalid request: roi lies out of an image of 64 x 48 pixels"),
    ({"mapping": {"gray": {"name": "bus"}}}, "Invalid request: label 'gray', mapped to 'bus', is"),
    ({"mapping": {"gray": {}}}, "Invalid request: mapping is not one of names to names"),
    ({"type": "track"}, "Invalid request: this function takes no requests of type 'track'"),
]


def test_users_are_told_the_kind_of_a_failure_and_the_log_has_it_all(
    server: Any, client: Client, source: MakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    as_detector(server)
    caplog.set_level(logging.INFO)
    for number, (params, _) in enumerate(FAILURES):
        server.post(f"i-{number}", **{"type": "annotate_frame", "frame": 1, **DETECTION, **params})
    server.post("i-last", type="annotate_frame", frame=1, **DETECTION)
    burst(client, source(DETECTOR))
    for number, (_, message) in enumerate(FAILURES):
        outcome = server.outcomes[f"i-{number}"]
        assert outcome.verb == "fail"
        assert outcome.body["exc_info"].startswith(message)
        assert "/home/me" not in outcome.body["exc_info"]
    assert server.outcomes["i-last"].verb == "complete", "the agent lives on"
    assert "RuntimeError: secret at /home/me" in caplog.text
    assert "signal 9" in caplog.text


@pytest.mark.parametrize("preprocess", ["", PREPROCESS], ids=["without", "with"])
def test_interaction_needs_no_preprocessing_and_fetches_a_frame_once(
    server: Any, client: Client, source: MakeSource, preprocess: str
) -> None:
    server.function = INTERACTOR_RECORD
    asked = {"type": "interact", "frame": 2, "neg_points": [], "obj_bbox": []}
    server.post("i-1", pos_points=[[3, 4]], **asked)
    server.post("i-2", pos_points=[[5, 6]], **asked)
    server.post("i-3", pos_points=[[5, 6]], roi=[10, 10, 30, 20], **asked)
    server.post("i-4", pos_points=[], **asked)
    server.post("i-5", pos_points=[[1, 1]], **{**asked, "obj_bbox": [[0, 0]]})
    burst(client, source(INTERACTOR.format(preprocess=preprocess)))
    points = [server.outcomes[f"i-{n}"].body["shapes"][0]["points"] for n in (1, 2, 3)]
    assert points == [[3, 4, 64, 48], [5, 6, 64, 48], [5, 6, 20, 10]]
    assert server.outcomes["i-1"].body["shapes"][0]["attributes"] == []
    assert server.outcomes["i-4"].body["exc_info"].endswith("needs 1 positive points or more")
    assert server.outcomes["i-5"].body["exc_info"].endswith("obj_bbox is not two points")
    assert server.asked.count("GET /api/tasks/5/data/") == 1


RECTANGLE = {"type": "rectangle", "points": [1, 2, 3, 4]}


def test_shapes_are_tracked_by_states_that_serve_their_task_only(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_tracker(server)
    with serving(client, source(TRACKER)):
        server.post("i-1", type="init_tracking", frame=0, shapes=[RECTANGLE, RECTANGLE])
        states = server.result("i-1").body["states"]
        assert len(set(states)) == 2
        assert all(len(state) >= 32 for state in states)
        server.post("i-2", type="track", frame=1, states=states)
        result = server.result("i-2").body
        assert result["states"] == states
        assert result["shapes"] == [{"type": "rectangle", "points": [0, 1, 1, 40]}] * 2
        server.post("i-3", type="track", frame=3, states=states[:1])
        assert server.result("i-3").body["shapes"] == [None]
        server.post("i-4", type="track", frame=1, states=["guessed"])
        assert "a tracking state is not known" in server.result("i-4").body["exc_info"]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"type": "mask", "points": []}, "the function cannot follow shapes of type 'mask'"),
        ({"type": "rectangle", "points": [1]}, "a rectangle needs exactly 2 points"),
        ({"type": "rectangle"}, "a shape lacks its type or its points"),
    ],
)
def test_shapes_that_cannot_be_tracked_are_refused(
    server: Any, client: Client, source: MakeSource, shape: dict[str, Any], message: str
) -> None:
    as_tracker(server)
    server.post("i-1", type="init_tracking", frame=0, shapes=[shape])
    burst(client, source(TRACKER))
    assert message in server.outcomes["i-1"].body["exc_info"]


def test_a_shape_of_another_type_is_no_result(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_tracker(server)
    with serving(client, source(TRACKER)):
        server.post(
            "i-1", type="init_tracking", frame=0, shapes=[{"type": "points", "points": [1, 2]}]
        )
        states = server.result("i-1").body["states"]
        server.post("i-2", type="track", frame=1, states=states)
        assert "breaks the rules" in server.result("i-2").body["exc_info"]


def test_states_that_died_with_their_process_are_made_again(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_tracker(server)
    load = source(TRACKER)
    with serving(client, load):
        server.post("i-1", type="init_tracking", frame=0, shapes=[RECTANGLE])
        states = server.result("i-1").body["states"]
        server.post("i-2", type="track", frame=1, states=states)
        server.result("i-2")
        (load.file.parent / "fn.py.die").touch()  # type: ignore[union-attr]
        server.post("i-3", type="track", frame=2, states=states)
        outcome = server.result("i-3")
        assert outcome.verb == "complete"
        # It was made of frame 1, where the shape was seen last, and was asked for the first time.
        assert outcome.body["shapes"] == [{"type": "rectangle", "points": [1, 1, 2, 40]}]


def test_the_next_frame_is_fetched_ahead_while_tracking(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_tracker(server)
    with serving(client, source(TRACKER)):
        server.post("i-1", type="init_tracking", frame=5, shapes=[RECTANGLE])
        states = server.result("i-1").body["states"]
        server.wait(lambda: server.asked.count("GET /api/tasks/5/data/") == 2)
        server.post("i-2", type="track", frame=6, states=states)
        server.result("i-2")
        server.wait(lambda: server.asked.count("GET /api/tasks/5/data/") == 3)


@pytest.mark.parametrize(
    ("stop", "ending"),
    [
        (6, [(6, False, [1, 5, 6, 40]), (7, True, [1, 5, 6, 40])]),
        # On the way to the last frame it moves in a straight line.
        (7, [(7, False, [1, 6, 7, 40])]),
    ],
)
def test_shapes_are_followed_through_a_task_to_tracks(
    server: Any, client: Client, source: MakeSource, stop: int, ending: list[Any]
) -> None:
    as_tracker(server)
    shapes = [{**RECTANGLE, "label_id": 100, "frame": 1}]
    params = {"type": "track_task", "start_frame": 1, "stop_frame": stop, "shapes": shapes}
    server.post("b-1", "batch", **params)
    burst(client, source(TRACKER))
    (track,) = server.outcomes["b-1"].body["tracks"]
    assert {name: track[name] for name in ("label_id", "frame", "source")} == {
        "label_id": 100,
        "frame": 1,
        "source": "auto",
    }
    keys = [(key["frame"], key["outside"], key["points"]) for key in track["shapes"]]
    assert keys == [
        (1, False, [1, 2, 3, 4]),
        (2, False, [1, 1, 2, 40]),
        (3, True, [1, 1, 2, 40]),
        (5, False, [1, 4, 5, 40]),
        *ending,
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stop_frame": 0}, "stop_frame must be a frame from 1 on, got 0"),
        ({"start_frame": 9}, "the task has no frame 9"),
        ({"shapes": [RECTANGLE]}, "a shape has no label"),
        ({"shapes": None}, "there are no shapes"),
    ],
)
def test_batch_tracking_that_makes_no_sense_is_refused(
    server: Any, client: Client, source: MakeSource, change: dict[str, Any], message: str
) -> None:
    as_tracker(server)
    shapes = [{**RECTANGLE, "label_id": 100, "frame": 1}]
    params = {"type": "track_task", "start_frame": 1, "stop_frame": 3, "shapes": shapes}
    server.post("b-1", "batch", **{**params, **change})
    burst(client, source(TRACKER))
    assert message in server.outcomes["b-1"].body["exc_info"]


def test_news_wakes_an_agent_and_a_lost_stream_is_opened_again(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    with serving(client, source(DETECTOR)):
        server.wait(lambda: server.watchers)
        server.post("i-1", type="annotate_frame", frame=1, **DETECTION)
        assert server.result("i-1").verb == "complete"
        before = list(server.watchers)
        server.cut_streams()
        server.wait(lambda: server.watchers and server.watchers != before)
        server.post("i-2", type="annotate_frame", frame=1, **DETECTION)
        assert server.result("i-2").verb == "complete"


def test_an_agent_waits_for_a_server_that_is_down(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    server.down = 2
    server.post("i-1", type="annotate_frame", frame=1, **DETECTION)
    client.api_client.transport.policy = type(client.api_client.transport.policy)(attempts=1)
    burst(client, source(DETECTOR))
    assert server.outcomes["i-1"].verb == "complete"


SLOW = {**DETECTION, "threshold": 0.75}


@pytest.mark.parametrize(("is_hub", "verb"), [(True, "release"), (False, "fail")])
def test_who_is_stopped_hands_back_what_is_unfinished(
    server: Any, client: Client, source: MakeSource, is_hub: bool, verb: str
) -> None:
    as_detector(server)
    server.is_hub = is_hub
    with serving(client, source(DETECTOR)) as service:
        server.post("b-1", "batch", type="annotate_task", **SLOW)
        server.wait(lambda: server.updates["b-1"])
        service.stop()
        assert server.result("b-1").verb == verb


def test_a_call_that_takes_too_long_ends_its_process_not_the_agent(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    server.post("i-1", type="annotate_frame", frame=1, **SLOW)
    server.post("i-2", type="annotate_frame", frame=1, **DETECTION)
    burst(client, source(DETECTOR), call_timeout_s=1.0)
    assert "ended unexpectedly" in server.outcomes["i-1"].body["exc_info"]
    assert server.outcomes["i-2"].verb == "complete"


COUNTING = DETECTOR.replace("gray = image", "time.sleep(0.05); gray = image")


def test_a_canceled_request_is_not_computed_to_its_end(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    server.frames = 400
    with serving(client, source(COUNTING)):
        server.post("b-1", "batch", type="annotate_task", **DETECTION)
        server.wait(lambda: server.updates["b-1"])
        server.refused.add("b-1")
        server.result("b-1")
        server.post("b-2", "batch", type="annotate_task", job=3, **DETECTION)
        assert server.result("b-2").verb == "complete"
    assert server.updates["b-1"][-1] < 1


def test_interactive_requests_are_answered_while_a_task_is_annotated(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    server.frames = 100
    with serving(client, source(COUNTING)):
        server.post("b-1", "batch", type="annotate_task", **DETECTION)
        server.wait(lambda: server.updates["b-1"])
        server.post("i-1", type="annotate_frame", frame=1, **DETECTION)
        assert server.result("i-1").verb == "complete"
        assert "b-1" not in server.outcomes
        server.refused.add("b-1")


def test_the_agent_ends_when_its_function_is_deleted(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    server.function = {**DETECTOR_RECORD, "is_deleted": True}
    with pytest.raises(NotFoundException):
        burst(client, source(DETECTOR))


@pytest.mark.parametrize(
    ("code", "record", "error", "message"),
    [
        ("1 / 0", DETECTOR_RECORD, WorkerStartError, "ZeroDivisionError"),
        ("spec = 5", DETECTOR_RECORD, WorkerStartError, "spec is of type 'int'"),
        (
            DETECTOR.replace("def detect", "def detekt"),
            DETECTOR_RECORD,
            WorkerStartError,
            "no method detect",
        ),
        (DETECTOR, TRACKER_RECORD, IncompatibleFunctionError, "registered as a tracker"),
        (
            DETECTOR,
            {**DETECTOR_RECORD, "labels_v2": [{"name": "cat"}]},
            IncompatibleFunctionError,
            "no label 'cat'",
        ),
        ("import os; os._exit(3)", DETECTOR_RECORD, Exception, "exit code 3"),
    ],
)
def test_a_function_that_cannot_be_served_is_told_at_the_start(
    server: Any,
    client: Client,
    source: MakeSource,
    code: str,
    record: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    server.function = record
    with pytest.raises(error, match=message):
        burst(client, source(code))


def test_workers_are_given_devices_in_turn(server: Any, client: Client, source: MakeSource) -> None:
    as_detector(server)
    code = (
        DETECTOR
        + "\ndef create(device):\n    open(__file__ + '.' + device, 'w').close()\n"
        + "    import types\n    return types.SimpleNamespace(spec=spec, detect=detect)\n"
    )
    load = source(code)
    burst(client, load, workers=2, devices=["cpu", "gpu"])
    assert {name for name in os.listdir(load.file.parent) if name.startswith("fn.py.")} == {  # type: ignore[union-attr]
        "fn.py.cpu",
        "fn.py.gpu",
    }


def test_a_hub_learns_whose_each_stream_is_and_others_dont(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    with serving(client, source(DETECTOR), workers=2):
        server.wait(lambda: len(server.watchers) == 2)
    asked = {body["agent_id"] for body in server.acquired}
    assert {query["agent_id"][0] for query in server.watched} == asked
    server.is_hub = False
    server.watched.clear()
    with serving(client, source(DETECTOR)):
        server.wait(lambda: server.watchers)
    assert server.watched == [{}]


ENDING = DETECTOR.replace(
    "gray = image",
    "ends = os.path.exists(__file__ + '.end') and not os.remove(__file__ + '.end')\n"
    "    ends and os._exit(7)\n    gray = image",
)


@pytest.mark.parametrize(
    ("category", "params"),
    [("interactive", {"type": "annotate_frame", "frame": 1}), ("batch", {"type": "annotate_task"})],
)
def test_a_request_outlives_a_worker_that_ends_in_the_middle_of_it(
    server: Any,
    client: Client,
    source: MakeSource,
    caplog: pytest.LogCaptureFixture,
    category: str,
    params: dict[str, Any],
) -> None:
    as_detector(server)
    load = source(ENDING)
    (load.file.parent / "fn.py.end").touch()  # type: ignore[union-attr]
    server.post("r-1", category, **params, **DETECTION)
    burst(client, load)
    assert server.outcomes["r-1"].verb == "complete"
    frames = [shape["frame"] for shape in server.outcomes["r-1"].body["annotations"]["shapes"]]
    assert frames == ([1] if category == "interactive" else list(range(8)))
    assert "exit code 7" in caplog.text


def test_a_batch_request_fails_whose_worker_always_ends_and_the_agent_lives_on(
    server: Any, client: Client, source: MakeSource
) -> None:
    as_detector(server)
    server.post("b-1", "batch", type="annotate_task", **{**DETECTION, "threshold": 0.125})
    server.post("b-2", "batch", type="annotate_task", **DETECTION)
    burst(client, source(DETECTOR))
    reason = "The process that runs the function ended unexpectedly. The agent's log tells more."
    assert server.outcomes["b-1"].body["exc_info"] == reason
    assert server.outcomes["b-2"].verb == "complete"


@pytest.mark.parametrize("verb", ["release", "fail"])
def test_a_request_is_handed_back_once_if_the_server_is_out_of_reach_meanwhile(
    server: Any, client: Client, source: MakeSource, verb: str
) -> None:
    as_detector(server)
    server.is_hub = verb == "release"
    client.api_client.transport.policy = type(client.api_client.transport.policy)(attempts=1)
    server.cut_off = ["/data/"]
    server.post("i-1", type="annotate_frame", frame=1, **DETECTION)
    with serving(client, source(DETECTOR)):
        assert server.result("i-1").verb == verb
        del server.outcomes["i-1"]
        server.cut_off = ["/data/"]
        server.post("i-1", type="annotate_frame", frame=1, **DETECTION)
        outcome = server.result("i-1")
    assert (outcome.verb, "cannot reach the server" in outcome.body["exc_info"]) == ("fail", True)


TOGETHER = DETECTOR.replace(
    "gray = image",
    "open(f'{__file__}.{os.getpid()}', 'w').close()\n"
    "    until = time.monotonic() + 60\n"
    "    folder, name = os.path.split(__file__)\n"
    "    while len([one for one in os.listdir(folder) if one.startswith(name + '.')]) < 2:\n"
    "        assert time.monotonic() < until\n"
    "    gray = image",
)


def test_several_workers_work_at_the_same_time(
    server: Any, client: Client, source: MakeSource
) -> None:
    """Each of two waits until the other has begun."""
    as_detector(server)
    server.post("b-1", "batch", type="annotate_task", **DETECTION)
    server.post("b-2", "batch", type="annotate_task", **DETECTION)
    burst(client, source(TOGETHER), workers=2)
    assert [outcome.verb for outcome in server.outcomes.values()] == ["complete"] * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": 8}, "a tracking state is not known"),
        ({"frame": 2}, "the image is of another size than the one that was begun with"),
    ],
    ids=["another task", "another size"],
)
def test_a_state_is_of_no_use_elsewhere(
    server: Any, client: Client, source: MakeSource, change: dict[str, Any], message: str
) -> None:
    as_tracker(server)
    server.odd = {2}
    with serving(client, source(TRACKER)):
        server.post("i-1", type="init_tracking", frame=0, shapes=[RECTANGLE])
        states = server.result("i-1").body["states"]
        server.post("i-2", **{"type": "track", "frame": 1, "states": states, **change})
        assert message in server.result("i-2").body["exc_info"]
        server.post("i-3", type="track", frame=1, states=states)
        assert server.result("i-3").verb == "complete"


LETTING_GO = TRACKER.replace(
    "def init_tracking_state(context, image, shape):\n    return {",
    "class State(dict):\n    def __del__(self):\n"
    "        open(f'{__file__}.{self[\"shape\"].points[0]:.0f}', 'w').close()\n\n"
    "def init_tracking_state(context, image, shape):\n    return State({",
).replace('"calls": 0}', '"calls": 0})')


def test_states_that_are_too_many_leave_their_worker(
    server: Any, client: Client, source: MakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_tracker(server)
    monkeypatch.setattr("cvat_agent.running.TrackingStates", partial(TrackingStates, max_bytes=1))
    load = source(LETTING_GO)
    with serving(client, load):
        for number in (1, 2):
            points = [number, 2, 13, 14]
            shapes = [{"type": "rectangle", "points": points}]
            server.post(f"i-{number}", type="init_tracking", frame=0, shapes=shapes)
            assert server.result(f"i-{number}").verb == "complete"
            freed = [path.name for path in load.file.parent.glob("fn.py.*")]  # type: ignore[union-attr]
            assert freed == ["fn.py.1"] * (number - 1)


@pytest.mark.parametrize("losses", [1, 2])
def test_a_result_is_sent_again_as_it_was_if_there_is_no_answer(
    server: Any, client: Client, source: MakeSource, losses: int
) -> None:
    as_detector(server)
    client.api_client.transport.policy = type(client.api_client.transport.policy)(attempts=1)
    server.cut_off = ["/complete"] * losses
    server.post("b-1", "batch", type="annotate_task", **DETECTION)
    burst(client, source(DETECTOR))
    assert server.cut_off == []
    assert server.outcomes["b-1"].verb == "complete"
    shapes = server.outcomes["b-1"].body["annotations"]["shapes"]
    assert [shape["frame"] for shape in shapes] == list(range(8))
    assert len(server.acquired) == 4, "it is not worked on again"
