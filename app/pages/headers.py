"""The headers every page carries: nothing is kept, framed, indexed, or told to anybody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FEATURES_OFF: Final = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
    "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone",
    "midi", "otp-credentials", "payment", "picture-in-picture", "screen-wake-lock", "serial", "storage-access", "usb",
    "xr-spatial-tracking",
)  # fmt: skip
"""Every browser feature a page could ask for, but `clipboard-write`: the reward page has a button that copies."""
PASSKEY_GET: Final = "publickey-credentials-get"
PASSKEY_CREATE: Final = "publickey-credentials-create"
"""Off as well, but on the page that uses or makes a passkey."""
HSTS_S: Final = 63_072_000
"""How long browsers insist on https: two years, in seconds, as the preload lists ask."""
ASSET_LIFE_S: Final = 31_536_000
"""How long an asset may be kept, in seconds: a year, the most caches heed. Its name changes with its content."""

_ALWAYS: Final = {
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, noarchive",
}


def page_headers(*, https: bool, policy: str = POLICY, features: Collection[str] = ()) -> Mapping[str, str]:
    """
    The headers of a page. `X-Content-Type-Options` is not among them: `app.api.edge` gives it to every response.

    Args:
        https: whether members come by https; only then may a browser be told to insist on it.
        policy: the Content-Security-Policy.
        features: those a page needs for itself: `PASSKEY_GET`, `PASSKEY_CREATE`.
    """
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Permissions-Policy": _permissions(features),
        **_ALWAYS,
    }
    return (
        headers | {"Strict-Transport-Security": f"max-age={HSTS_S}; includeSubDomains"} if https else headers
    )


def _permissions(features: Collection[str]) -> str:
    off = [
        f"{feature}=()" for feature in (*FEATURES_OFF, PASSKEY_GET, PASSKEY_CREATE) if feature not in features
    ]
    return ", ".join([*off, *(f"{feature}=(self)" for feature in features)])


def asset_headers() -> Mapping[str, str]:
    """The headers of a style sheet or script, which hold nothing of anybody."""
    return {"Cache-Control": f"public, max-age={ASSET_LIFE_S}, immutable", **_ALWAYS}
