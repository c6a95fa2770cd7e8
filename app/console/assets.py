"""The console's style sheet and scripts, and the members' passkey script, which serves both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.pages.assets import Asset, load_assets

PREFIX: Final = "/console/static/"
FOLDER: Final = Path(__file__).with_name("static")


def console_assets() -> Mapping[str, Asset]:
    """By the name templates know them by."""
    return {"passkey.js": load_assets()["passkey.js"], **load_assets(FOLDER, PREFIX)}
