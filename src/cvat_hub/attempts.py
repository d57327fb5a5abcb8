"""How often a password may be tried: the first few times at once, then ever more slowly.

Failures are counted for each name at each address, so that whoever guesses at a user doesn't keep
that user out elsewhere; for each address, so that trying many names is slow as well; and for each
name, against guesses from many addresses. The last doesn't concern addresses at which the user
signed in before. All is kept in memory, by each hub process for itself, and bounded.
"""

from __future__ import annotations

import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

_MOST = 20_000
# No name and no address of mail is longer; what is tried is not to fill our memory.
_LONGEST = 254
_Key = tuple[str, str, str]
_K = TypeVar("_K")
_V = TypeVar("_V")


class Rule(NamedTuple):
    """How many failures are free; how long one waits after more; when one is forgiven.

    `longest` and `forgiven` are seconds.
    """

    free: int
    longest: int
    forgiven: int

    def wait(self, failures: float) -> float:
        """Return the seconds from a failure to the next attempt; they double with each.

        >>> [Rule(3, 6, 60).wait(failures) for failures in range(1, 8)]
        [0, 0, 1, 2, 4, 6, 6]
        """
        over = math.ceil(failures) - self.free
        return 0 if over < 0 else min(2 ** min(over, 32), self.longest)


RULES = {
    "name at address": Rule(free=5, longest=900, forgiven=600),
    "address": Rule(free=50, longest=900, forgiven=60),
    "name": Rule(free=100, longest=60, forgiven=60),
}


@dataclass
class _Failures:
    count: float
    last: float

    def left(self, rule: Rule, now: float) -> float:
        """Return how many are not forgiven yet."""
        return max(0.0, self.count - (now - self.last) / rule.forgiven)


class Attempts:
    """Attempts to sign in; `now` is in seconds, from any fixed moment on.

    Args:
        most: how many names and addresses are remembered.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._failures: OrderedDict[_Key, _Failures] = OrderedDict()
        self._at_home: OrderedDict[tuple[str, str], None] = OrderedDict()

    def begin(self, name: str, address: str, now: float) -> int:
        """Count an attempt, and return 0; or return the seconds until it may be made.

        It counts as a failure until it has succeeded, so that many at once are no way around.
        """
        network = network_of(address)
        with self._lock:
            keys = list(self._keys(name, network))
            wait = max(self._wait(key, now) for key in keys)
            if wait > 0:
                return math.ceil(wait)
            for key in keys:
                self._add(key, 1, now)
            return 0

    def succeed(self, name: str, address: str, now: float) -> None:
        """Take back an attempt that was counted; the failures of this name here are forgotten."""
        network = network_of(address)
        with self._lock:
            for key in self._keys(name, network):
                self._add(key, -1, now)
            self._failures.pop(_at(name, network), None)
            _keep(self._at_home, (name, network), None, self._most)

    def __len__(self) -> int:
        """Return how much is remembered."""
        return len(self._failures) + len(self._at_home)

    def _keys(self, name: str, network: str) -> Iterator[_Key]:
        yield _at(name, network)
        yield ("address", "", network)
        if (name, network) not in self._at_home:
            yield ("name", name[:_LONGEST], "")

    def _wait(self, key: _Key, now: float) -> float:
        failures = self._failures.get(key)
        if failures is None:
            return 0
        rule = RULES[key[0]]
        return failures.last + rule.wait(failures.left(rule, failures.last)) - now

    def _add(self, key: _Key, count: int, now: float) -> None:
        known = self._failures.get(key)
        before = known.left(RULES[key[0]], now) if known else 0
        _keep(self._failures, key, _Failures(max(0, before + count), now), self._most)


def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6, where one has very many, the network.

    >>> network_of("2001:db8::1:2"), network_of("::ffff:10.0.0.1"), network_of("a socket")
    ('2001:db8::/64', '10.0.0.1', 'a socket')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found.packed, 64), strict=False))


def _at(name: str, network: str) -> _Key:
    return ("name at address", name[:_LONGEST], network)


def _keep(memory: OrderedDict[_K, _V], key: _K, value: _V, most: int) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > most:
        memory.popitem(last=False)
