"""How often somebody may give a wrong login: a few times freely, then after a wait that doubles."""

import ipaddress
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE, LONGEST_WAIT, FORGOTTEN_AFTER, ADDRESSES = 5, 60.0, 900.0, 10_000

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


class Throttle:
    """Counts wrong logins of each address. Safe to use from several threads.

    No address waits for another's failures. Of IPv6 the network (/64) counts as the address: whoever has one has it all.

    Args:
        free: failures of an address that cost it nothing.
        longest_wait: seconds for which an address is refused at most; the first wait is one second, the next two.
        forgotten_after: seconds after its last failure when an address is as good as new.
        addresses: how many are remembered; beyond that the one whose last failure is the longest ago is forgotten.
        clock: seconds that pass.
    """

    def __init__(
        self,
        free: int = FREE,
        longest_wait: float = LONGEST_WAIT,
        forgotten_after: float = FORGOTTEN_AFTER,
        addresses: int = ADDRESSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free, self._longest_wait, self._forgotten_after = free, longest_wait, forgotten_after
        self._addresses, self._clock = addresses, clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str) -> float:
        """Seconds for which no login of this address is looked at; 0 if it may try."""
        with self._lock:
            failures = self._known(_network(address))
            return max(0.0, failures.until - self._clock()) if failures else 0.0

    def failed(self, address: str) -> None:
        """Notes a wrong login, and logs that it came, from where, and how many there were; nothing of what was given."""
        network = _network(address)
        with self._lock:
            failures = self._known(network) or _Failures()
            failures.count += 1
            failures.last = self._clock()
            beyond = failures.count - self._free
            wait = min(self._longest_wait, 2.0 ** min(beyond - 1, 30)) if beyond > 0 else 0.0
            failures.until = failures.last + wait
            self._failures[network] = failures
            self._failures.move_to_end(network)
            while len(self._failures) > self._addresses:
                self._failures.popitem(last=False)
        logger.warning("Wrong login from %s, number %d; next one in %d s.", network, failures.count, wait)

    def _known(self, network: str) -> _Failures | None:
        failures = self._failures.get(network)
        if failures and self._clock() - failures.last > self._forgotten_after:
            del self._failures[network]
            return None
        return failures


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
