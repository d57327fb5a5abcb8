"""News finds those who wait for it, from any thread, and nobody else."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cvat_hub.functions.bells import GONE, LOOK, STOP, Bells, Mailbox, of_queue, of_request


def taken(box: Mailbox) -> list[str]:
    """Return what a mailbox holds, waiting for it if need be."""
    return asyncio.run(asyncio.wait_for(box.take(), 30))


@pytest.mark.parametrize(
    ("topics", "news", "heard"),
    [
        (["f:7"], [of_queue(7, "batch")], ["f:7:batch"]),
        (["f:7"], [of_queue(7, GONE), of_queue(8, "batch")], ["f:7:gone"]),
        (["f:7"], [of_queue(77, "batch"), of_queue(7, "batch")], ["f:7:batch"]),
        (["r:a"], [of_request("b"), of_request("a")], ["r:a"]),
        (["r:a", "f:1"], [of_request("a"), of_queue(1, "batch")], ["r:a", "f:1:batch"]),
        (["f:7"], [of_queue(7, "batch")] * 3, ["f:7:batch"]),
    ],
)
def test_a_mailbox_gets_the_news_of_its_topics_once(
    topics: list[str], news: list[str], heard: list[str]
) -> None:
    bells = Bells()
    box = bells.mailbox(*topics)
    bells.ring(news)
    assert taken(box) == heard


def test_a_mailbox_can_be_given_more_topics() -> None:
    bells = Bells()
    box = bells.mailbox()
    bells.ring([of_request("a")])
    bells.add(box, of_request("a"))
    bells.ring([of_request("a")])
    assert taken(box) == ["r:a"]


def test_who_waits_is_woken_from_another_thread() -> None:
    bells = Bells()
    box = bells.mailbox("f:1")

    async def wait() -> list[str]:
        waiting = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        ringer = threading.Thread(target=bells.ring, args=([of_queue(1, "batch")],))
        ringer.start()
        found = await asyncio.wait_for(waiting, 30)
        ringer.join()
        return found

    assert asyncio.run(wait()) == ["f:1:batch"]


def test_news_for_a_loop_that_is_closed_does_no_harm() -> None:
    bells = Bells()
    box, other = bells.mailbox("f:1"), bells.mailbox("f:1")
    loop = asyncio.new_event_loop()
    loop.run_until_complete(_begin_to_wait(box))
    loop.close()
    bells.ring([of_queue(1, "batch")])
    assert taken(other) == ["f:1:batch"]


async def _begin_to_wait(box: Mailbox) -> None:
    # By hand, as a task would be canceled, and say that it waits no longer.
    box._waiting = asyncio.get_running_loop(), asyncio.Event()


def test_everybody_is_sent_home_those_who_come_later_too() -> None:
    bells = Bells()
    before = bells.mailbox("f:1")
    bells.ring_all()
    assert taken(before) == [LOOK]
    bells.stop()
    assert taken(before) == [STOP]
    assert taken(bells.mailbox()) == [STOP]


def test_topics_that_nobody_waits_for_are_forgotten() -> None:
    bells = Bells()
    kept = bells.mailbox("f:1")
    for number in range(5000):
        bells.add(bells.mailbox(), of_request(str(number)))
    assert len(bells) < 1000
    bells.ring([of_queue(1, "batch")])
    assert taken(kept) == ["f:1:batch"]
