"""The page in a real browser, against a real hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cvat_sdk import models
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction

from .conftest import make_task

pytestmark = pytest.mark.acceptance


def shapes_of(task: Any) -> list[Any]:
    """Return what the hub has, in the order of the ids."""
    return sorted(task.get_annotations().shapes, key=lambda shape: shape.id)


def rectangle(task: Any, frame: int, points: list[float], **more: Any) -> None:
    label = task.get_labels()[0].id
    shape = {"type": "rectangle", "frame": frame, "label_id": label, "points": points}
    task.update_annotations(
        models.PatchedLabeledDataRequest(shapes=[models.LabeledShapeRequest(**shape, **more)]),
        action=AnnotationUpdateAction.CREATE,
    )


def test_a_wrong_password_is_told_in_words_and_the_right_one_opens(stranger: Any) -> None:
    stranger.sign_in(password="wrong")
    stranger.sees("Unable to log in with provided credentials.")
    stranger.sign_in()
    stranger.sees("New task")
    stranger.page.click("text=Sign out")
    stranger.page.wait_for_selector("[name=password]")


def test_a_task_is_created_from_files(visitor: Any, photos: list[Path]) -> None:
    page = visitor.page
    page.click("text=New task")
    page.click("text=Create the task")
    visitor.sees("The task needs a name.")
    page.fill("[name=name]", "made in the page")
    page.fill("[aria-label='Name of the label']", "car")
    page.click("text=Attribute")
    page.fill("[aria-label='Name of the attribute']", "colour")
    page.fill("[aria-label=Values]", "red, blue")
    page.set_input_files("[aria-label=Files]", [str(path) for path in photos])
    page.click("text=Create the task")
    visitor.sees_frame(0)
    visitor.sees("of 6")
    visitor.go("tasks")
    page.fill("[type=search]", "made in the")
    visitor.sees("6 images")


@pytest.mark.parametrize(
    ("key", "kind"),
    [("r", "rectangle"), ("e", "ellipse"), ("u", "cuboid"), ("p", "polygon"), ("b", "mask")],
)
def test_what_is_drawn_is_saved_and_undo_takes_it_back(
    visitor: Any, new_task: Callable[..., Any], key: str, kind: str
) -> None:
    task = new_task()
    visitor.open_task(task.id)
    visitor.press(key)
    if kind == "polygon":
        for corner in ((60, 60), (140, 60), (100, 140)):
            visitor.click(*corner)
        visitor.press("Enter")
    else:
        visitor.pull((60, 80), (120, 140))
    if kind == "mask":
        visitor.press("Enter")
    visitor.page.wait_for_selector(f".object:has-text('{kind}')")
    visitor.is_saved()
    assert [shape.type.value for shape in shapes_of(task)] == [kind]
    visitor.press("Control+z")
    visitor.sees("0 objects on this frame")
    visitor.is_saved()
    assert shapes_of(task) == []


def test_a_shape_is_moved_resized_relabelled_copied_and_deleted(
    visitor: Any, new_task: Callable[..., Any]
) -> None:
    task = new_task()
    rectangle(task, 0, [60, 80, 120, 140])
    visitor.open_task(task.id)
    visitor.pull((90, 110), (110, 120))
    visitor.is_saved()
    [moved] = shapes_of(task)
    assert moved.points == pytest.approx([80, 90, 140, 150], abs=1)
    visitor.pull((140, 150), (160, 180))
    visitor.is_saved()
    [resized] = shapes_of(task)
    assert resized.points == pytest.approx([80, 90, 160, 180], abs=1)
    visitor.page.select_option(".inspector [aria-label=Label]", label="other")
    visitor.page.locator(".stage canvas").focus()
    visitor.press("Control+b")
    visitor.sees_frame(1)
    visitor.is_saved()
    assert [shape.frame for shape in shapes_of(task)] == [0, 1]
    assert len({shape.label_id for shape in shapes_of(task)} & {task.get_labels()[1].id}) == 1
    visitor.press("Delete")
    visitor.sees("0 objects on this frame")
    visitor.is_saved()
    assert [shape.frame for shape in shapes_of(task)] == [0]


def test_a_double_click_adds_a_point_to_a_polygon_and_removes_it(
    visitor: Any, new_task: Callable[..., Any]
) -> None:
    task = new_task()
    label = task.get_labels()[0].id
    points = [60, 60, 200, 60, 200, 180]
    polygon = models.LabeledShapeRequest(type="polygon", frame=0, label_id=label, points=points)
    task.set_annotations(models.LabeledDataRequest(shapes=[polygon]))
    visitor.open_task(task.id)
    visitor.click(180, 100)
    visitor.page.mouse.dblclick(*visitor.on_image(130, 60))
    visitor.is_saved()
    [more] = shapes_of(task)
    assert more.points == pytest.approx([60, 60, 130, 60, 200, 60, 200, 180], abs=1)
    visitor.page.mouse.dblclick(*visitor.on_image(130, 60))
    visitor.is_saved()
    assert shapes_of(task)[0].points == points


def test_a_track_is_where_it_was_put_and_in_between(
    visitor: Any, new_task: Callable[..., Any]
) -> None:
    task = new_task()
    rectangle(task, 0, [60, 80, 120, 140])
    visitor.open_task(task.id)
    visitor.click(90, 110)
    visitor.press("Shift+t", "End")
    visitor.sees_frame(5)
    visitor.pull((90, 110), (140, 110))
    visitor.is_saved()
    [track] = task.get_annotations().tracks
    assert [(shape.frame, round(shape.points[0])) for shape in track.shapes] == [(0, 60), (5, 110)]
    visitor.press("ArrowLeft")
    visitor.sees_frame(4)
    # It is 40 pixels along by now, and can be taken there.
    visitor.press("Escape")
    visitor.click(105, 85)
    visitor.page.wait_for_selector(".object.selected:has-text('rectangle track')")


def test_two_people_don_t_overwrite_each_other_unnoticed(
    visitor: Any, new_task: Callable[..., Any]
) -> None:
    task = new_task()
    rectangle(task, 0, [60, 80, 120, 140])
    visitor.open_task(task.id)
    [before] = shapes_of(task)
    theirs = models.LabeledShapeRequest(
        type="rectangle", frame=0, label_id=before.label_id, points=[1, 2, 30, 40], id=before.id
    )
    task.update_annotations(
        models.PatchedLabeledDataRequest(shapes=[theirs]), action=AnnotationUpdateAction.UPDATE
    )
    visitor.pull((90, 110), (110, 120))
    visitor.sees("Somebody else changed 1 object that you changed too.")
    assert shapes_of(task)[0].points == [1, 2, 30, 40]
    visitor.page.click("text=Take theirs")
    visitor.is_saved()
    assert shapes_of(task)[0].points == [1, 2, 30, 40]


def test_what_could_not_be_saved_is_saved_when_the_hub_is_back(
    visit: Callable[[str], Any], start_hub: Any, photos: list[Path], tmp_path: Path
) -> None:
    hub = start_hub(tmp_path / "data")
    with hub.client() as client:
        task_id = make_task(client, photos).id
    someone = visit(hub.url)
    someone.sign_in()
    someone.sees("New task")
    someone.open_task(task_id)
    hub.stop()
    someone.press("r")
    someone.pull((60, 80), (120, 140))
    someone.sees("The hub cannot be reached.")
    port = int(hub.url.rpartition(":")[2])
    again = start_hub(tmp_path / "data", port=port)
    someone.is_saved()
    with again.client() as client:
        assert len(client.tasks.retrieve(task_id).get_annotations().shapes) == 1


def test_who_is_signed_out_meanwhile_loses_nothing(
    visitor: Any, new_task: Callable[..., Any]
) -> None:
    task = new_task()
    visitor.open_task(task.id)
    visitor.page.context.clear_cookies()
    visitor.press("r")
    visitor.pull((60, 80), (120, 140))
    visitor.sees("You were signed out.")
    visitor.page.fill("[name=password]", "correct horse")
    visitor.press("Enter")
    visitor.is_saved()
    assert len(task.get_annotations().shapes) == 1


def test_filters_hide_what_is_not_looked_for(visitor: Any, new_task: Callable[..., Any]) -> None:
    task = new_task()
    rectangle(task, 0, [60, 80, 120, 140], source="auto", score=0.3)
    rectangle(task, 0, [160, 80, 220, 140], source="manual")
    visitor.open_task(task.id)
    visitor.sees("2 objects on this frame")
    visitor.page.click("text=Filter")
    visitor.page.select_option(".filters select", label="by models")
    visitor.sees("1 object on this frame")
    visitor.page.click("text=show all")
    visitor.sees("2 objects on this frame")


def test_review_goes_from_the_most_doubtful_with_one_key_each(
    visitor: Any, new_task: Callable[..., Any]
) -> None:
    task = new_task()
    for frame, score in enumerate((0.9, 0.2, 0.5)):
        rectangle(task, frame, [60, 80, 120, 140], source="auto", score=score)
    visitor.open_task(task.id)
    visitor.press("m")
    visitor.sees_frame(1)
    visitor.press("z")
    visitor.sees_frame(2)
    visitor.press("a")
    visitor.sees_frame(0)
    visitor.is_saved()
    assert [(shape.frame, shape.source) for shape in shapes_of(task)] == [
        (0, "auto"),
        (2, "semi-auto"),
    ]


def test_every_page_is_reached_without_a_mouse(visitor: Any) -> None:
    for name in ("Functions", "Requests", "Access tokens"):
        visitor.page.locator(f"nav >> text={name}").focus()
        visitor.press("Enter")
        visitor.page.wait_for_selector(f"h1:has-text('{name}')")


def test_a_token_is_shown_once_ready_to_paste(visitor: Any) -> None:
    visitor.go("tokens")
    visitor.page.fill("[aria-label='Name of the token']", "agent")
    visitor.press("Enter")
    visitor.sees("export CVAT_ACCESS_TOKEN=")
    visitor.page.reload()
    visitor.page.wait_for_selector("td:has-text('agent')")
    assert "CVAT_ACCESS_TOKEN" not in visitor.page.inner_text("main")


def test_the_keys_are_shown(visitor: Any, new_task: Callable[..., Any]) -> None:
    visitor.open_task(new_task().id)
    visitor.press("?")
    visitor.sees("Detect on this frame")
    visitor.press("Escape")
    visitor.page.wait_for_selector("dialog", state="detached")
