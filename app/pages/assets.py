"""The style sheet and the script: ours, named by their content, so that a browser may keep them for a year."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

PREFIX: Final = "/r-static/"
FOLDER: Final = Path(__file__).with_name("static")
DIGEST_CHARS: Final = 16
"""Of the SHA-256 in a name: 64 bits tell any two versions apart."""
_MEDIA: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Asset(NamedTuple):
    """One file as served."""

    address: str
    body: bytes
    media_type: str


def load_assets(folder: Path = FOLDER, prefix: str = PREFIX) -> Mapping[str, Asset]:
    """Every asset of a folder by the name templates know it by, `page.css`; served below `prefix`."""
    return {path.name: _asset(path, prefix) for path in sorted(folder.iterdir()) if path.suffix in _MEDIA}


def _asset(path: Path, prefix: str) -> Asset:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:DIGEST_CHARS]
    return Asset(f"{prefix}{path.stem}.{digest}{path.suffix}", body, _MEDIA[path.suffix])
