"""One person, one spelling of the name: titles off, one given name, nicknames undone, particles joined."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from nicknames import NickNamer

from detectors.identity.fold import collapse, words

TITLES: Final = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "herr",
     "frau", "mme", "mlle", "dipl", "ing", "phd", "esq", "jr", "sr", "ii", "iii"}
)  # fmt: skip
"""Not part of a name; forms ask for them in a field of their own or not at all."""
HYPHENS: Final = dict.fromkeys(map(ord, "-‐‑–"))  # noqa: RUF001 - as word processors write them
"""Deleted: Hans-Peter is one name, and is not Hans."""
_FORMAL_IN_ORDER: Final = """
james michael robert john david william richard joseph thomas christopher charles daniel matthew
anthony mark steven andrew paul joshua kenneth kevin brian timothy ronald jason george edward
jeffrey ryan jacob nicholas gary jonathan stephen eric larry justin scott brandon benjamin
samuel gregory alexander patrick frank jack raymond dennis tyler aaron jerry jose nathan adam
henry zachary douglas peter noah kyle ethan christian jeremy keith austin sean roger terry
walter dylan gerald carl jordan bryan gabriel jesse harold lawrence logan arthur bruce billy
elijah joe alan juan louis willie albert wayne randy mason vincent liam roy frederick leonard
philip theodore eugene max leon mary patricia jennifer linda elizabeth barbara susan jessica
karen sarah lisa nancy sandra ashley emily kimberly betty margaret donna michelle carol amanda
melissa deborah stephanie rebecca sharon laura cynthia amy kathleen angela dorothy shirley emma
brenda nicole pamela samantha anna katherine christine debra rachel olivia carolyn maria janet
heather diane catherine julie victoria helen joyce lauren kelly christina joan judith ava evelyn
andrea hannah megan cheryl jacqueline madison teresa abigail sophia martha sara gloria janice
kathryn ann isabella judy charlotte julia theresa alice beverly denise marilyn amber danielle
brittany rose diana natalie marie grace alexis kayla florence caroline lena clara nora
"""
FORMAL: Final = tuple(_FORMAL_IN_ORDER.split())
"""Formal names, commonest first (after the US Social Security Administration's top names of the last 100
years, with a few European ones). Only these absorb nicknames: the `nicknames` data has rare and reversed
pairs, under which Maria would become Marietta. A name on this list is never taken for another's nickname."""
SHORT_BUT_FORMAL: Final = frozenset({"jack", "billy", "joe", "willie"})
"""On the list above in their own right, yet mostly short for John, William, Joseph: treated as nicknames."""
MISFILED: Final = frozenset({("robert", "bill"), ("robert", "billy"), ("robert", "willie")})
"""Pairs of the data that are wrong: Bill is William."""


@lru_cache(maxsize=8192)
def canonical_given(text: str) -> str | None:
    """
    The first given name, folded, formal for a known nickname: `Bob J.` and `Robert` are `robert`.

    Middle names go because most second registrations leave them out. None without a letter. Idempotent.
    """
    found = _bare(text)
    if not found:
        return None
    name = next((word for word in found if len(word) > 1), found[0])
    return _formal_of().get(name, name)


@lru_cache(maxsize=8192)
def canonical_family(text: str) -> str | None:
    """The family name, folded and joined: `von der Leyen`, `Von-der-Leyen` are one. Idempotent."""
    return collapse("".join(_bare(text))) or None


def _bare(text: str) -> list[str]:
    found = [word for word in words(text.translate(HYPHENS)) if not word.isdigit()]
    return [word for word in found if word not in TITLES] or found


@cache
def _formal_of() -> dict[str, str]:
    """Nickname → formal name, both folded and collapsed; the commoner formal name wins. No value is a key."""
    known, formal = NickNamer(), [name for name in FORMAL if name not in SHORT_BUT_FORMAL]
    heads = {collapse(name) for name in formal}
    found: dict[str, str] = {}
    for name in formal:
        for nickname in sorted(known.nicknames_of(name)):
            short = collapse(nickname)
            if short not in heads and (name, nickname) not in MISFILED:
                found.setdefault(short, collapse(name))
    return found
