"""Large files in pieces that can be taken up again where they were cut (TUS 1.0.0, tus.io)."""

from __future__ import annotations

import base64
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from cvat_sdk.api_client.api_client import ApiClient
from cvat_sdk.api_client.rest import raise_for_status
from cvat_sdk.core.retries import Failure
from cvat_sdk.core.transport import NoAnswerError
from cvat_sdk.exceptions import ApiException

if TYPE_CHECKING:
    from cvat_sdk.core.progress import ProgressReporter

PIECE_SIZE = 10 << 20
_HEADERS = {"Tus-Resumable": "1.0.0"}
_OFFSET_TYPE = "application/offset+octet-stream"


class TusUpload:
    """Sends files to one endpoint.

    Args:
        path: of the endpoint, such as `/api/tasks/5/data/`.
        piece_size: bytes sent in one request; proxies limit them.
    """

    def __init__(self, api_client: ApiClient, path: str, *, piece_size: int = PIECE_SIZE) -> None:
        self._api_client = api_client
        self._path = path
        self._piece_size = piece_size

    def send(self, file: Path, pbar: ProgressReporter) -> None:
        """Send one file.

        Raises:
            ApiException: the server refuses.
            TransportError: the server is gone, and did not come back soon.
        """
        length = file.stat().st_size
        url = self._announce(file.name, length)
        offset = failures = 0
        with file.open("rb") as stream:
            while offset < length:
                try:
                    arrived = self._send_piece(url, stream, offset)
                except (NoAnswerError, ApiException) as error:
                    failures += 1
                    self._wait_or_give_up(error, failures)
                    arrived = self._offset(url)
                if arrived > offset:
                    failures = 0
                pbar.advance(arrived - offset)
                offset = arrived

    def _announce(self, name: str, length: int) -> str:
        encoded = base64.b64encode(name.encode()).decode()
        headers = {"Upload-Length": str(length), "Upload-Metadata": f"filename {encoded}"}
        response = self._api_client.send(
            "POST",
            self._api_client.make_url(self._path),
            headers={**_HEADERS, **headers},
        )
        raise_for_status(response)
        if response.status != HTTPStatus.CREATED or "Location" not in response.headers:
            raise ApiException(response.status, "the server does not say where the file goes")
        # Of the answer's address only the path is taken: behind a proxy, the server may not know by
        # which name it is reached, and the credentials are for the server that was asked.
        origin = self._api_client.build_origin_header()
        return origin + urlsplit(response.headers["Location"]).path

    def _send_piece(self, url: str, stream: BinaryIO, offset: int) -> int:
        stream.seek(offset)
        piece = stream.read(self._piece_size)
        if not piece:
            raise ApiException(reason=f"{stream.name} has become shorter while it was sent")
        headers = {**_HEADERS, "Upload-Offset": str(offset), "Content-Type": _OFFSET_TYPE}
        response = self._api_client.send("PATCH", url, headers=headers, body=piece)
        raise_for_status(response)
        return int(response.headers.get("Upload-Offset", offset + len(piece)))

    def _offset(self, url: str) -> int:
        response = self._api_client.send("HEAD", url, headers=_HEADERS)
        raise_for_status(response)
        return int(response.headers["Upload-Offset"])

    def _wait_or_give_up(self, error: NoAnswerError | ApiException, failures: int) -> None:
        transport = self._api_client.transport
        status = error.status if isinstance(error, ApiException) else None
        # The offset says what arrived, so that a piece may go again, unlike other PATCH requests.
        # 409 is the answer to an offset that does not fit, as after a lost answer.
        repeatable = "GET" if status != HTTPStatus.CONFLICT else "HEAD"
        failure = Failure(repeatable, None if status == HTTPStatus.CONFLICT else status)
        delay = transport.policy.delay_s(failure, failures, chance=transport.chance)
        if delay is None:
            raise error
        transport.sleep(delay)
