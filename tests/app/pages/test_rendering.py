from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.pages.assets import FOLDER, load_assets
from app.pages.rendering import PROGRESS, Renderer, Sheet
from app.redeeming.terms import Terms
from app.redeeming.views import View
from tests.app.pages.examples import LOCALES, MISHAPS, STEPS, TERMS, view_of
from tests.app.pages.reading import Page
from tokens.token import Reward

RENDERER = Renderer("https://rewards.nordlicht.example", load_assets())
TOKEN = "f" * 64
HOSTILE = st.one_of(
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "' onfocus='alert(1)' autofocus='",
            "{{7*7}}{% raw %}{{ view }}",
            "{brand}{0}{left.__class__}",
            "%s%(x)s",
            "</title></textarea></style><svg/onload=alert(1)>",
            "javascript:alert(1)",
            "https://evil.example/",
            "\u202eelpmaxe\u2066 قسيمة هدية",
            "W" * 3000,
            "&lt;b&gt; & <!-- -->",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)


def page_of(view: View) -> tuple[str, Page]:
    """The page, as text and taken apart."""
    html = RENDERER.step(view, Sheet(view.locale, "/redeem?lang=de", "", TOKEN))
    return html, Page(html)


def shape(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """The elements and the names of their attributes: what a value must not be able to change."""
    return [(tag, tuple(attributes)) for tag, attributes in page.elements]


def with_text(step: str, locale: str, text: str, mishap: str | None) -> View:
    """A view in which everything anybody else wrote is this text."""
    return view_of(
        step,
        locale,
        terms=replace(TERMS, brand=text, support=text),
        reward=Reward(reward_id=text, title=text, points=7, face_value_minor=7, currency=text),
        destination=text,
        reference=text,
        redemption_id=text,
        echo=text,
        payload={"voucher_code": text, "note": text, "k" + text: text},
        mishap=mishap,
    )


@settings(deadline=None, max_examples=150)
@given(
    step=st.sampled_from(STEPS),
    locale=st.sampled_from(LOCALES),
    text=HOSTILE.filter(bool),
    mishap=st.sampled_from([None, *MISHAPS]),
)
def test_what_others_wrote_is_text_and_nothing_else(step, locale, text, mishap):
    """Whatever a brand, a title or a payload holds, the page has the elements it has with an honest word."""
    _, page = page_of(with_text(step, locale, text, mishap))
    _, honest = page_of(with_text(step, locale, "word", mishap))
    assert shape(page) == shape(honest)
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        for name in ("href", "src", "action"):
            assert re.fullmatch(r"|#\w+|(/redeem\w*|/r-static)?[\w./?=-]*", attributes.get(name) or "")
    assert text in page.text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("mishap", [None, *MISHAPS])
@pytest.mark.parametrize("step", STEPS)
def test_every_page_is_whole(step, locale, mishap):
    """Balanced elements, one h1, landmarks, a language, unique ids, labels, a token in every POST, nothing foreign."""
    html, page = page_of(view_of(step, locale, mishap=mishap, tries_left=1))
    assert page.open == []
    assert [len(page.all(tag)) for tag in ("h1", "main", "header", "footer", "title")] == [1] * 5
    assert page.all("html") == [{"lang": locale}]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
    typed = [field for field in page.all("input") if field["type"] != "hidden"]
    assert {field["id"] for field in typed} == {label["for"] for label in page.all("label")}
    for attributes, fields in page.forms:
        if step == "confirm":  # only leads to another page of ours, and a token in an address would be told
            assert (attributes["method"], "form_token" in fields) == ("get", False)
        else:
            assert (attributes["method"], fields["form_token"]) == ("post", TOKEN)
    assert not re.search(r"""https?://|url\(|//[a-z]""", html)
    assert [element for element in page.elements if element[0] in {"img", "iframe", "style", "object"}] == []
    assert ("aria-current" in html) == (step in PROGRESS)


def test_a_code_is_typed_with_the_right_keyboard():
    _, page = page_of(view_of("type"))
    field = next(field for field in page.all("input") if field.get("id") == "code")
    assert (field["inputmode"], field["autocomplete"]) == ("numeric", "one-time-code")


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en", ["12,500", "€10.00", "23 November 2026, 13:00", "Code K7, sent 12:59", "in 45 seconds"]),
        (
            "de",
            ["12.500", "10,00\u00a0€", "23. November 2026, 13:00\u00a0Uhr", "K7, gesendet um 12:59\u00a0Uhr"],
        ),
    ],
)
def test_amounts_and_times_are_written_as_people_write_them(locale, told):
    _, page = page_of(view_of("type", locale))
    for words in told:
        assert words in page.text


def test_a_new_code_is_offered_only_where_one_can_be_sent():
    def offers(**given: object) -> bool:
        return any(form["action"] == "/redeem/code" for form, _ in page_of(view_of("type", **given))[1].forms)

    assert offers(method="sms")
    assert offers(method="email")
    assert not offers(method="totp")
    assert not offers(method="sms", mishap="sends_spent")


def test_nothing_is_said_of_what_is_not_known():
    """Each fact may be missing; a page then says less, and never None."""
    for step in STEPS:
        given = {} if step not in {"ask", "type"} else {"method": "sms", "destination": "•••• 42"}
        _, page = page_of(View(step=step, terms=Terms(), locale="en", **given))
        assert "None" not in page.text
        assert "{" not in page.text


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


TEXT, LINES = 4.5, 3.0
"""The least contrast of text and of what bounds a control: WCAG 2.2, 1.4.3 and 1.4.11."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        ("ink", "sheet", TEXT), ("ink", "ground", TEXT), ("ink", "tint", TEXT), ("ink", "fault-tint", TEXT),
        ("quiet", "sheet", TEXT), ("quiet", "ground", TEXT), ("quiet", "tint", TEXT), ("deep", "sheet", TEXT),
        ("deep", "ground", TEXT), ("deep", "tint", TEXT), ("deeper", "ground", TEXT), ("on-deep", "deep", TEXT),
        ("on-deep", "deeper", TEXT), ("fault", "sheet", TEXT), ("fault", "fault-tint", TEXT),
        ("edge", "sheet", LINES), ("ring", "sheet", LINES), ("ring", "ground", LINES),
    ],
)  # fmt: skip
def test_everybody_can_read_it(scheme, front, back, least):
    css = (FOLDER / "page.css").read_text()
    block = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme == "dark"]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    one, other = sorted((_luminance(colours[front]), _luminance(colours[back])), reverse=True)
    assert (one + 0.05) / (other + 0.05) >= least
