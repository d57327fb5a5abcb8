from __future__ import annotations
import dataclasses, time
from typing import Any

def test_no_agent_503(user, task, register):
    f = register(user)
    a = user("POST", f"lambda/functions/{f}", {"task": task["id"], "frame": 0})
    assert (a.status, "No agent" in a.json["detail"]) == (503, True)

def test_frame(user, task, register, agent, at_once):
    f = register(user); w = agent(user, f); w.acquire()
    call = at_once(user, "POST", f"lambda/functions/{f}", {"task": task["id"], "frame": 2})
    got = w.work(lambda p: {"annotations": {"shapes": [{"type": "rectangle", "points": [1,2,3,4], "frame": 2, "label_id": task["labels"]["car"]}]}})
    r = call.result(20)
    assert (r.status, len(r.json["shapes"]), got["type"]) == (200, 1, "annotate_frame")
    assert user("GET", f"tasks/{task['id']}/annotations").json["shapes"] == []
    assert user("GET", f"functions/{f}").json["figures"]["seconds"]

def test_fail(user, task, register, agent, at_once):
    f = register(user); w = agent(user, f); w.acquire()
    call = at_once(user, "POST", f"functions/{f}/run", {"task": task["id"], "frame": 2})
    with w.watch() as s:
        while not (g := w.acquire()): s.event()
    w.tell("fail", g["ar_id"], exc_info="boom")
    r = call.result(20); assert r.status == 500 and "boom" in r.json["detail"]

def test_track_and_rebuild(settings, start, new_task, register, agent, at_once):
    with start(dataclasses.replace(settings, rebuild_seconds=1)) as hub:
        user, other = hub.new_user(), hub.new_user()
        task = new_task(user); f = register(user, "tracker")
        one, two = agent(user, f), agent(user, f); one.acquire()
        ask = lambda who, **m: at_once(who, "POST", f"lambda/functions/{f}", {"task": task["id"]} | m)
        c = ask(user, frame=0, shapes=[{"type": "rectangle", "points": [1,2,3,4]}])
        one.work(lambda p: {"states": ["mine"]})
        [name] = c.result(20).json["states"]; assert name != "mine"
        c = ask(user, frame=1, states=[name])
        p = one.work(lambda p: {"states": p["states"], "shapes": [{"type": "rectangle", "points": [2,2,4,4]}]})
        assert p["states"] == ["mine"] and c.result(20).json["states"] == [name]
        c = ask(user, frame=2, states=[name])
        assert two.acquire() is None or True
        p = two.work(lambda p: {"states": ["again"]})
        assert (p["type"], p["frame"], p["shapes"][0]["points"]) == ("init_tracking", 1, [2,2,4,4]), p
        assert not any(k.startswith("hub_") for k in p)
        p = two.work(lambda p: {"states": p["states"], "shapes": [None]})
        assert p["states"] == ["again"] and c.result(20).json["shapes"] == [None]
        assert ask(user, frame=2, states=["x"]).result(20).status == 404

def test_deadline_and_lease(settings, start, new_task, register, agent, at_once):
    with start(dataclasses.replace(settings, interactive_seconds=1, lease_seconds=1, lease_attempts=2)) as hub:
        user = hub.new_user(); task = new_task(user, labels=[{"name": "car"}]); f = register(user)
        w = agent(user, f); w.acquire()
        assert user("POST", f"functions/{f}/run", {"task": task["id"], "frame": 0}).status == 504
        key = user("POST", "functions/requests", {"function": f, "task": task["id"]}).json["id"]
        for _ in range(2):
            with (w := agent(user, f)).watch() as s:
                while not (g := w.acquire("batch")): s.event()
        while (r := user("GET", f"functions/requests/{key}").json)["status"] == "started": time.sleep(.1)
        assert (r["status"], "silent" in r["exc_info"]) == ("failed", True)
        assert w.tell("complete", key, annotations={"shapes": []}) == 409

def test_stop_with_open_watch_is_quick(settings, start, register, agent):
    with start(settings) as hub:
        user = hub.new_user(); w = agent(user, register(user)); s = w.watch(); s.line(); t = time.monotonic()
    s.__exit__(); assert time.monotonic() - t < 5

def test_across_hubs(settings, start, new_task, register, agent, at_once):
    if not settings.database: return
    with start(settings) as a, start(settings) as b:
        user = a.new_user(); task = new_task(user, labels=[{"name": "car"}]); f = register(user)
        there = b.client(user.headers, user.user_id); w = agent(there, f); w.acquire()
        with w.watch() as s:
            s.line(); c = at_once(user, "POST", f"functions/{f}/run", {"task": task["id"], "frame": 0})
            t = time.monotonic(); s.event(); assert time.monotonic() - t < 2
            g = w.acquire(); w.tell("complete", g["ar_id"], annotations={"shapes": []})
            assert c.result(5).status == 200
