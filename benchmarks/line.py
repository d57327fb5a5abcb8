"""A line to a server that is slow in a known way: `python -m benchmarks.line HOST:PORT`.

It delays each request, and lets so many bytes a second through, of all connections together.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

_PIECE = 1 << 16
_CREDIT_S = 0.1


class Line:
    """Both directions of all connections.

    Args:
        delay_s: how long each request is held up.
        rate: bytes a second from the server, None for as many as it sends.
    """

    def __init__(self, host: str, port: int, delay_s: float, rate: float | None) -> None:
        self._target = (host, port)
        self._delay_s = delay_s
        self._rate = rate
        self._free_at = 0.0

    async def serve(self) -> None:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(*self._target)
        with closing(writer), closing(forth):
            requests = asyncio.create_task(self._pass_late(reader, forth))
            try:
                await self._pass(back, writer)
            except ConnectionError:
                pass
            finally:
                requests.cancel()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(_PIECE):
            await self._let_through(len(data))
            sink.write(data)
            await sink.drain()

    async def _pass_late(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Pass on what comes, each piece as much later as all others."""
        now = asyncio.get_running_loop().time
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(due - now())
                sink.write(data)
                await sink.drain()

        async with asyncio.TaskGroup() as group:
            arriving = group.create_task(arrive())
            while data := await source.read(_PIECE):
                under_way.put_nowait((now() + self._delay_s, data))
            arriving.cancel()
        # The server is to know that nobody is there any more, and to end the other direction.
        sink.close()

    async def _let_through(self, size: int) -> None:
        if self._rate:
            now = asyncio.get_running_loop().time()
            # What a late wake-up lost is made up for, or the line would be slower than its rate.
            self._free_at = max(now - _CREDIT_S, self._free_at) + size / self._rate
            await asyncio.sleep(max(0.0, self._free_at - now))


@contextmanager
def slow_line(address: str, *, delay_ms: float = 0, mb_s: float = 0) -> Iterator[str]:
    """Yield the address of a line to a server, in a process of its own."""
    options = ["--delay-ms", str(delay_ms), "--mb-s", str(mb_s)]
    command = [sys.executable, "-m", "benchmarks.line", urlsplit(address).netloc, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.line", description=__doc__)
    parser.add_argument("target", help="host and port of the server")
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--mb-s", type=float, default=0.0, help="0: as many as come")
    given = parser.parse_args()
    host, _, port = given.target.rpartition(":")
    line = Line(host, int(port), given.delay_ms / 1e3, given.mb_s * 1e6 or None)
    asyncio.run(line.serve())


if __name__ == "__main__":
    main()
