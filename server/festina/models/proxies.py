"""Which proxy the environment asks for, if any, on the way to a model server."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

from festina.models.presets import is_loopback


def proxy_for(url: str) -> str:
    """Return the URL of the proxy that the environment asks for, "" where there is none.

    This machine itself is never asked through a proxy.
    """
    if is_loopback(url):
        return ""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not proxy or urllib.request.proxy_bypass(f"{host}:{parts.port}" if parts.port else host):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def without_credentials(proxy: str) -> str:
    """Return a proxy as it may be shown, "" where it is no address."""
    try:
        parts = urlsplit(proxy)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else ""
