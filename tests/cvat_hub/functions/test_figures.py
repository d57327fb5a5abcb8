"""What the hub tells of its queue, and of itself to agents."""

from __future__ import annotations

from typing import Any


def figures(hub: Any) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {hub.settings.metrics_token}"}
    text = hub.client()("GET", f"{hub.address}/metrics", headers=headers).body.decode()
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def count(found: dict[str, float], status: str) -> float:
    name = f'cvat_hub_function_requests{{status="{status}",type="annotate_task"}}'
    return found.get(name, 0)


def test_agents_requests_and_their_waits_are_counted(
    hub: Any, user: Any, task: Any, register: Any, agent: Any
) -> None:
    function = register(user)
    first = figures(hub)
    user("POST", "functions/requests", {"function": function, "task": task["id"]})
    second = figures(hub)
    assert count(second, "queued") == count(first, "queued") + 1
    assert second['cvat_hub_function_oldest_seconds{category="batch"}'] >= 0
    worker = agent(user, function)
    key = worker.acquire("batch")["ar_id"]
    worker.acquire("batch")
    third = figures(hub)
    assert count(third, "started") == count(first, "started") + 1
    assert count(third, "queued") == count(first, "queued")
    waited = 'cvat_hub_function_wait_seconds_count{type="annotate_task"}'
    # The second time, the agent had it already.
    assert third[waited] == first.get(waited, 0) + 1
    assert third["cvat_hub_function_agents"] >= 1
    worker.tell("fail", key)
    assert count(figures(hub), "failed") == count(first, "failed") + 1


def test_agents_are_told_that_they_talk_to_a_hub(user: Any) -> None:
    assert user("GET", "server/about").json["hub_version"]
