"""Security headers of the web page: nothing from another host, nothing inline, in nobody's frame.

Knows headers; knows nothing about pages.
"""

from __future__ import annotations

_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}


def security_headers() -> dict[str, str]:
    """Return the headers of every answer under `/` and `/glyph/`.

    Example:
        >>> "unsafe" in security_headers()["Content-Security-Policy"]
        False
    """
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    }
