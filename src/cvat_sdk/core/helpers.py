"""The small tools that scripts import by this name: reporters, and calls of endpoints."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from cvat_sdk.api_client.api_client import ApiClient
from cvat_sdk.core.progress import BaseProgressReporter, ProgressReporter
from cvat_sdk.exceptions import ApiException

if TYPE_CHECKING:
    import tqdm

    from cvat_sdk.api_client.operations import Operation
    from cvat_sdk.core.transport import Response

_PAGE_SIZE = 100


def get_paginated_collection(
    endpoint: Operation,
    *,
    return_json: bool = False,
    org_id: int | UnsetType | None = UNSET,
    **kwargs: Any,
) -> list[Any]:
    """Return the items of all pages of a list.

    Args:
        endpoint: such as `client.api_client.tasks_api.list_endpoint`.
        return_json: return dicts instead of records.
        org_id: the organization to look in; None for the personal space, unset for the one that the
            client is in.
        kwargs: what the endpoint takes: `task_id=5`, `sort="-id"`, `page_size=500`, ...

    Raises:
        ApiException: the server answered with an error.
    """
    if org_id is not UNSET:
        # A request names one organization: not the client's beside this one.
        kwargs["x_organization"] = None
        kwargs["org" if org_id is None else "org_id"] = "" if org_id is None else org_id
    kwargs.setdefault("page_size", _PAGE_SIZE)
    items: list[Any] = []
    page = 1
    while True:
        reply, response = endpoint(**kwargs, page=page)
        items += json.loads(response.data)["results"] if return_json else reply.results
        if not reply.get("next"):
            return items
        page += 1


def make_request_headers(api_client: ApiClient, **kwargs: str) -> dict[str, str]:
    """Return the headers for a request of one's own, with `kwargs` as further ones.

    The common headers tell who asks: don't log them.
    """
    return {**api_client.get_common_headers(), **kwargs}


def expect_status(codes: int | Iterable[int], response: Response) -> None:
    """Check the status of an answer.

    Raises:
        ApiException: it is none of `codes`.
    """
    expected = {codes} if isinstance(codes, int) else set(codes)
    if response.status not in expected:
        wanted = " or ".join(map(str, sorted(expected)))
        raise ApiException(
            status=response.status,
            reason=f"{response.reason} (expected {wanted})",
            body=(response.data or b"").decode(errors="replace"),
            headers=response.headers,
        )


class TqdmProgressReporter(BaseProgressReporter):
    """Shows progress on a bar that the caller made, and leaves it open."""

    def __init__(self, instance: tqdm.tqdm[Any]) -> None:
        super().__init__()
        self.tqdm: tqdm.tqdm[Any] | None = instance

    def start2(self, total: int, *, desc: str | None = None, **kwargs: Any) -> None:
        super().start2(total, desc=desc, **kwargs)
        assert self.tqdm is not None
        self.tqdm.reset(total)
        self.tqdm.set_description_str(desc)
        for name in ("unit", "unit_scale", "unit_divisor"):
            if name in kwargs:
                setattr(self.tqdm, name, kwargs[name])

    def report_status(self, progress: int) -> None:
        if self.tqdm is not None:
            self.tqdm.update(progress - self.tqdm.n)

    def advance(self, delta: int) -> None:
        if self.tqdm is not None:
            self.tqdm.update(delta)

    def finish(self) -> None:
        if self.tqdm is not None:
            self.tqdm.refresh()
        super().finish()


class DeferredTqdmProgressReporter(TqdmProgressReporter):
    """Shows progress on bars that it makes when a task begins and closes when it ends."""

    def __init__(self, tqdm_args: dict[str, Any] | None = None) -> None:
        BaseProgressReporter.__init__(self)
        self.tqdm = None
        self.tqdm_args = tqdm_args or {}

    def start2(
        self,
        total: int,
        *,
        desc: str | None = None,
        unit: str = "it",
        unit_scale: bool = False,
        unit_divisor: int = 1000,
        **kwargs: Any,
    ) -> None:
        import tqdm

        BaseProgressReporter.start2(self, total)
        shown = {"unit": unit, "unit_scale": unit_scale, "unit_divisor": unit_divisor}
        self.tqdm = tqdm.tqdm(**{"total": total, "desc": desc, **shown, **self.tqdm_args})

    def finish(self) -> None:
        if self.tqdm is not None:
            self.tqdm.close()
            self.tqdm = None
        BaseProgressReporter.finish(self)


class StreamWithProgress:
    """A stream that reports how far it was read."""

    def __init__(self, stream: io.RawIOBase, pbar: ProgressReporter) -> None:
        self.stream = stream
        self.pbar = pbar

    def read(self, size: int = -1) -> bytes:
        chunk = self.stream.read(size) or b""
        self.pbar.advance(len(chunk))
        return chunk

    def __len__(self) -> int:
        here = self.stream.tell()
        end = self.stream.seek(0, io.SEEK_END)
        self.stream.seek(here)
        return end

    def seek(self, pos: int, whence: int = io.SEEK_SET) -> None:
        self.stream.seek(pos, whence)
        self.pbar.report_status(self.stream.tell())

    def tell(self) -> int:
        return self.stream.tell()
