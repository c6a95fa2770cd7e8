"""Templates into HTML: everything that was not written here is escaped, and a name nobody gave is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.console import telling
from app.console.icons import icon
from app.pages.assets import Asset
from app.users.rights import ROLES

FOLDER: Final = Path(__file__).with_name("templates")
ROLE_NAMES: Final[Mapping[str, str]] = {role: role.replace("_", " ").capitalize() for role in ROLES}


class Renderer:
    """
    Args:
        assets: style sheets and scripts, by the name templates know them by.
        currency: programme → ISO 4217 code of its money.
    """

    def __init__(self, assets: Mapping[str, Asset], currency: Callable[[str], str]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "asset": lambda name: assets[name].address,
            "icon": icon,
            "points": telling.points,
            "money": telling.money,
            "worth": lambda minor, program_id: telling.money(minor, currency(program_id)),
            "span": telling.span,
            "browser": telling.browser,
            "role_names": ROLE_NAMES,
        }

    def render(self, template: str, **given: Any) -> str:
        """
        The page. `parts` is the module of building blocks, which know `now_ms`, `form_token` and `looks` from what is
        given here.
        """
        context = {**given, "when": lambda at_ms: telling.when(at_ms, given["now_ms"])}
        parts = self._environment.get_template("parts.html").make_module(context)
        return self._environment.get_template(template).render(context, parts=parts)
