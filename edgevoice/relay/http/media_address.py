"""At which of our addresses a client reaches the media sockets."""

import ipaddress

from aiohttp import web

from edgevoice.config import RelayConfig


def media_host(config: RelayConfig, request: web.Request) -> str | None:
    """Configured, else the address the request came to; unknown behind a proxy."""
    if config.media_host:
        return config.media_host
    if config.behind_proxy or request.transport is None:
        return None
    sockname = request.transport.get_extra_info("sockname")
    return _unmapped(str(sockname[0])) if sockname else None


def _unmapped(address: str) -> str:
    """An IPv4 address as such, also when it came over an IPv6 socket."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or address)
