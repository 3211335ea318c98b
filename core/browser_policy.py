"""What browsers are told about every page: where it may load from, and who may show it in a frame."""

from __future__ import annotations


def content_policy(ancestors: str = "'none'") -> str:
    """The content security policy of a page that ``ancestors`` (sources, W3C CSP 3) may embed.

    Nothing inline: scripts and styles are files of ours.
    """
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"frame-ancestors {ancestors}; base-uri 'none'; form-action 'self'; object-src 'none'"
    )


# A citizen may share a place; nothing else of the device is asked for.
PERMISSIONS = (
    "geolocation=(self), camera=(), microphone=(), display-capture=(), payment=(), usb=(), "
    "serial=(), bluetooth=(), midi=(), browsing-topics=()"
)
