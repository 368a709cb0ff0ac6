"""Finding a relay in the house, by multicast DNS (RFC 6762, RFC 6763); for pairing only.

Whatever answers here is only a suggestion: the code that the owner compares and the authority
that pairing pins decide whom a board trusts. The only importer of zeroconf.
"""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from edgevoice.errors import NeighbourError

if TYPE_CHECKING:
    from zeroconf import ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

SERVICE = "_edgevoice-relay._tcp.local."
VERSION = b"1"
ASK_MS = 1_500
MOST_FOUND = 16


@dataclass(frozen=True, slots=True)
class FoundRelay:
    name: str
    """Of its machine, such as kitchen.local."""
    url: str
    """By that name."""
    url_by_address: str
    """For machines that cannot look such names up, and as long as it has this address."""


class Advert:
    """A relay's notice that it is there."""

    def __init__(self, url: str, interfaces: Sequence[str] = ()) -> None:
        """`url`: as the relay listens; where that is any address, the machine's own are told."""
        self._url = url
        self._interfaces = interfaces

    async def run(self) -> None:
        async with _zeroconf(self._interfaces) as zeroconf:
            info = _service(self._url)
            await zeroconf.async_register_service(info, allow_name_change=True)
            log.info("mDNS: %s is announced in the local network", info.server)
            try:
                await asyncio.Event().wait()
            finally:
                await zeroconf.async_unregister_service(info)


async def find_relays(seconds: float, interfaces: Sequence[str] = ()) -> list[FoundRelay]:
    """Those that answer within this time. NeighbourError where nobody can be asked."""
    from zeroconf import ServiceStateChange
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo

    names: dict[str, None] = {}

    def seen(name: str, state_change: ServiceStateChange, **_: Any) -> None:
        if state_change is ServiceStateChange.Added and len(names) < MOST_FOUND:
            names[name] = None

    async with _zeroconf(interfaces) as zeroconf:
        browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE, handlers=[seen])
        try:
            await asyncio.sleep(seconds)
            infos = [AsyncServiceInfo(SERVICE, name) for name in names]
            await asyncio.gather(*(i.async_request(zeroconf.zeroconf, ASK_MS) for i in infos))
        finally:
            await browser.async_cancel()
    return [found for info in infos if (found := read(info))]


def read(info: "ServiceInfo") -> FoundRelay | None:
    """Its URL; None for one that says too little, or is not ours to speak to."""
    properties = info.properties
    if properties.get(b"v") != VERSION or not info.port or not info.server:
        return None
    scheme = "https" if properties.get(b"tls") == b"1" else "http"
    name = info.server.removesuffix(".").lower()
    addresses = info.parsed_addresses()
    if not addresses:
        return None
    address = next((a for a in addresses if ":" not in a), addresses[0])
    host = f"[{address}]" if ":" in address else address
    url, by_address = (f"{scheme}://{place}:{info.port}" for place in (name, host))
    return FoundRelay(name, url, by_address)


def _service(url: str) -> "ServiceInfo":
    from zeroconf import ServiceInfo

    parts = urlsplit(url)
    host = socket.gethostname().partition(".")[0]
    return ServiceInfo(
        SERVICE,
        f"{host[:50]} edgevoice.{SERVICE}",
        port=parts.port,
        parsed_addresses=_addresses(parts.hostname or ""),
        properties={b"v": VERSION, b"tls": b"1" if parts.scheme == "https" else b"0"},
        server=f"{host}.local.",
    )


def _addresses(host: str) -> list[str]:
    """By which others reach it: the one it listens on, or all of the machine's own."""
    if not ipaddress.ip_address(host).is_unspecified:
        return [host]
    import ifaddr

    found = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    addresses = [address if isinstance(address, str) else address[0] for address in found]
    return [a for a in addresses if not ipaddress.ip_address(a.partition("%")[0]).is_loopback]


@asynccontextmanager
async def _zeroconf(interfaces: Sequence[str]) -> AsyncIterator["AsyncZeroconf"]:
    try:
        from zeroconf import Error as ZeroconfError
        from zeroconf import InterfaceChoice, IPVersion
        from zeroconf.asyncio import AsyncZeroconf
    except ImportError as missing:
        raise NeighbourError(
            f"finding relays needs zeroconf ({missing}); install edgevoice[appliance], or say"
            " where the relay is: `edgevoice pair URL`"
        ) from missing
    try:
        zeroconf = AsyncZeroconf(
            interfaces=list(interfaces) or InterfaceChoice.Default, ip_version=IPVersion.V4Only
        )
    except (OSError, ZeroconfError) as error:
        raise NeighbourError(
            f"no multicast DNS here ({error}): look at the network, or name the relay by its URL"
        ) from error
    try:
        yield zeroconf
    except ZeroconfError as error:
        raise NeighbourError(
            f"multicast DNS failed ({error!r}): name the relay by its URL"
        ) from error
    finally:
        await zeroconf.async_close()
