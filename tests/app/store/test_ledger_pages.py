"""Lists of tokens: newest first, each once, whatever the page's size and whatever is issued meanwhile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.sql import BadCursor
from app.store.sql.cursor import NEWEST, write_cursor
from app.store.sql.tokens.listing import read_place, write_place
from tests.app.store.ledger_samples import NOW_MS, PROGRAM, issue, new_token, open_ledger


@pytest.fixture
def ledger(engine):
    ledger = open_ledger(engine)
    issue(
        ledger,
        *[
            new_token(
                n,
                account_id=f"m-{n % 2}",
                campaign_id="c" if n % 3 else None,
                issued_ms=NOW_MS + n // 4,
            )
            for n in range(20)
        ],
        new_token(99, program_id="another"),
    )
    return ledger


def pages(ledger, limit, **wanted):
    cursor, found = None, []
    filters = {"account_id": None, "campaign_id": None} | wanted
    while True:
        page = ledger.tokens(PROGRAM, **filters, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        found += [token.token_id for token in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 3, 19, 20, 21])
def test_pages_of_any_size_give_every_token_once_newest_first(ledger, limit):
    assert pages(ledger, limit) == [f"tok_{n:06}" for n in reversed(range(20))]


def test_lists_are_of_an_account_or_a_campaign(ledger):
    assert pages(ledger, 4, account_id="m-1") == [f"tok_{n:06}" for n in (19, 17, 15, 13, 11, 9, 7, 5, 3, 1)]
    assert pages(ledger, 4, campaign_id="c") == [f"tok_{n:06}" for n in reversed(range(20)) if n % 3]
    assert pages(ledger, 4, account_id="m-0", campaign_id="c") == [
        f"tok_{n:06}" for n in reversed(range(20)) if n % 3 and n % 2 == 0
    ]


def test_a_token_issued_meanwhile_moves_nothing(ledger):
    first = ledger.tokens(PROGRAM, account_id=None, campaign_id=None, limit=5, cursor=None)
    issue(ledger, new_token(50, issued_ms=NOW_MS + 100))
    second = ledger.tokens(PROGRAM, account_id=None, campaign_id=None, limit=5, cursor=first.next_cursor)
    assert [token.token_id for token in second.items] == [f"tok_{n:06}" for n in (14, 13, 12, 11, 10)]


@given(st.integers(0, 2**63 - 1), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_cursor_reads_as_it_was_written(issued_ms, token_id):
    assert read_place(write_place(issued_ms, token_id)) == (issued_ms, token_id)


@given(st.text(max_size=40))
def test_anything_else_is_no_cursor(text):
    try:
        place = read_place(text)
    except BadCursor:
        return
    assert write_place(*place) == text


def test_a_cursor_of_another_list_is_refused(ledger):
    for cursor in (write_cursor(b"D", NEWEST), "", "?"):
        with pytest.raises(BadCursor):
            ledger.tokens(PROGRAM, account_id=None, campaign_id=None, limit=5, cursor=cursor)
