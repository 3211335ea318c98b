"""Which network address a request comes from."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from fastapi import Request

from core.settings import Settings


def network_of(request: Request) -> str | None:
    """The sender's network: an IPv4 address or an IPv6 /64; None for this machine itself.

    Behind ``Settings.proxy_hops`` proxies of the city's own, the address is the one that the
    outermost of them saw, counted from the right of ``X-Forwarded-For``; whatever stands before it
    was written by the sender. Without proxies the header counts for nothing.
    """
    settings: Settings = request.app.state.settings
    seen = request.client.host if request.client else ""
    if settings.proxy_hops:
        hops = [hop.strip() for hop in ",".join(_forwarded(request)).split(",") if hop.strip()]
        if len(hops) >= settings.proxy_hops:
            seen = hops[-settings.proxy_hops]
    return _network(seen)


def _forwarded(request: Request) -> list[str]:
    return request.headers.getlist("x-forwarded-for")


def _network(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return None
    if isinstance(address, IPv6Address):
        # One subscriber has a whole /64 to choose from.
        return str(IPv6Address(int(address) >> 64 << 64)) + "/64"
    return str(address)
