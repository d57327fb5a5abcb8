"""Whatever comes in, the hub answers as its description says, and never with a failure of its own.

The examples are made of the description, or are any JSON; the same ones in each run.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from cvat_hub.app import ROUTES

with warnings.catch_warnings():
    # Its own use of its parts is no business of ours.
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

# The pieces of files are any bytes.
schemathesis.openapi.media_type("application/offset+octet-stream", st.binary())
pytestmark = pytest.mark.filterwarnings("default")


def _is_no_failure(context: Any, response: Any, case: Any) -> bool | None:
    """Let pass what is told of a function that no agent serves, or answers for in time."""
    if response.status_code in (503, 504) and case.path in _ANSWERED_BY_AGENTS:
        return None
    return not_a_server_error(context, response, case)


_ANSWERED_BY_AGENTS = {
    "/api/functions/{function_id}/run",
    "/api/lambda/functions/{func_id}",
    "/api/lambda/requests",
}
CHECKS = [
    _is_no_failure,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 8
# Its reply is a stream without end, and has tests of its own.
_ENDLESS = "functions/queues/{queue_id}/watch"
OPERATIONS = [
    (method, path)
    for path, handlers in ROUTES.items()
    for method in handlers
    if path not in ("schema", _ENDLESS)
]
# To make examples of annotations out of their description takes half a minute for each route; they
# are made of any JSON below, and have tables of their own.
_GIVEN = {"tasks/{task_id:id}/annotations": {"shapes": []}}
_GIVEN["jobs/{job_id:id}/annotations"] = _GIVEN["tasks/{task_id:id}/annotations"]
_bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Inhabitants:
    """Somebody with objects, replaced as soon as a request has taken one of them away."""

    def __init__(self, new_world: Callable[..., Any], *, is_admin: bool) -> None:
        self._make = lambda: new_world(is_admin=is_admin)
        self.world = self._make()

    def mend(self, method: str, status: int) -> None:
        """Make new ones after a success that may have ended what the next request needs."""
        if status < 300 and method not in ("GET", "HEAD") and not self._is_whole():
            self.world = self._make()

    def _is_whole(self) -> bool:
        asked = ("users/self", "tasks/{task}", "jobs/{job}", "labels/{label}", "projects/{project}")
        asked += ("memberships/{member}", "invitations/{invitation}", "auth/access_tokens/{token}")
        asked += ("functions/{function}",)
        return all(self.world.send(f"GET {path}").status == 200 for path in asked)

    def own(self, parameters: Any) -> dict[str, Any]:
        """Return the parameters of a path with the ids of objects that are there."""
        names = self.world.names
        owned = {f"{name}_id": value for name, value in names.items()}
        owned |= {"key": names["invitation"], "membership_id": names["member"]}
        owned |= {"func_id": str(names["function"]), "queue_id": f"function:{names['queue']}"}
        owned |= {"request_id": names["request"].replace("%3D", "=").replace("%26", "&")}
        return {name: owned.get(name, value) for name, value in (parameters or {}).items()}


@pytest.fixture(scope="module")
def inhabitants(new_world: Callable[..., Any]) -> list[Inhabitants]:
    """Somebody like everybody, and an admin."""
    return [Inhabitants(new_world, is_admin=is_admin) for is_admin in (False, True)]


@pytest.fixture(scope="module")
def described(hub: Any) -> Any:
    return schemathesis.openapi.from_dict(hub.client()("GET", "schema").json)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_each_reply_is_as_described(
    inhabitants: list[Inhabitants],
    described: Any,
    session: requests.Session,
    method: str,
    path: str,
) -> None:
    operation = described["/api/" + re.sub(":id}", "}", path)][method]
    options = {"body": _GIVEN[path]} if method in ("PUT", "PATCH") and path in _GIVEN else {}
    modes = [GenerationMode.POSITIVE]
    if operation.definition.raw["parameters"] or operation.definition.raw.get("requestBody"):
        # Otherwise there is nothing wrong to say.
        modes.append(GenerationMode.NEGATIVE)

    @seed(1)
    @_bounded
    @given(
        case=st.one_of([operation.as_strategy(generation_mode=mode, **options) for mode in modes]),
        who=st.sampled_from(inhabitants),
        is_own=st.sampled_from([True, True, True, False]),
    )
    def send(case: Any, who: Inhabitants, is_own: bool) -> None:
        world = who.world
        if is_own:
            case.path_parameters = who.own(case.path_parameters)
            for name in ("org", "org_id"):
                (case.query or {}).pop(name, None)
            (case.headers or {}).pop("X-Organization", None)
        reply = case.call_and_validate(
            base_url=world.client.address,
            session=session,
            headers=world.client.headers,
            checks=CHECKS,
            timeout=30,
        )
        who.mend(method, reply.status_code)

    send()


_ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "worker", "2026-01-01", "#ffffff", "a\0b", -1, 0, 2**31, 2**64]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def _fields(kind: Any) -> st.SearchStrategy[Any]:
    """Return objects with the fields of a body, whatever stands in them."""
    return st.dictionaries(st.sampled_from(list(kind.__struct_fields__)), _ANY_JSON)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for method, path in OPERATIONS
        if ROUTES[path][method].takes and not ROUTES[path][method].streams
    ],
)
def test_any_json_is_answered(inhabitants: list[Inhabitants], method: str, path: str) -> None:
    kind = ROUTES[path][method].takes

    @seed(1)
    @settings(_bounded, max_examples=40)
    @given(sent=_fields(kind) | _ANY_JSON, who=st.sampled_from(inhabitants))
    def send(sent: Any, who: Inhabitants) -> None:
        names = who.own(dict.fromkeys(re.findall(r"{(\w+)", path), 0))
        filled = re.sub(r"{(\w+)(:id)?}", lambda found: str(names[found[1]]), path)
        body = json.dumps(sent).encode()
        client = who.world.client
        answer = client(method, f"{filled}?action=create", body=body)
        if f"/api/{path}".replace(":id}", "}") not in _ANSWERED_BY_AGENTS:
            assert answer.status < 500, (body, answer.body)
        assert answer.status != 500, (body, answer.body)
        who.mend(method, answer.status)

    send()
