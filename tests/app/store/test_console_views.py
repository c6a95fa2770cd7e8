"""Saved views: one of a name and one to begin with for each user, and never more than there may be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from app.composition.console import sql_users
from app.console.saved_views import SavedView
from app.store.sql import open_engine
from app.store.sql.console_views import SqlViews
from app.users.ports import NewPerson
from app.users.rights import EVERYTHING
from tests.app.store.cased import NOW_MS, House
from tokens.who import Who

MOST = 5


@pytest.fixture
def views(engine) -> SqlViews:
    numbers = count(1)
    return SqlViews(engine, lambda prefix: f"{prefix}_{next(numbers)}")


def view(name="v", user_id="usr_1", **given):
    return SavedView("", user_id, name, "default", "state=todo", **given)


def test_a_name_is_one_view(views: SqlViews):
    first = views.save(view(), MOST, NOW_MS)
    assert views.save(view(is_shared=True), MOST, NOW_MS + 1) == first
    [kept] = views.views("usr_1", frozenset())
    assert kept.is_shared


def test_others_see_what_is_shared_of_their_programmes(views: SqlViews):
    views.save(view("mine"), MOST, NOW_MS)
    views.save(view("ours", is_shared=True), MOST, NOW_MS)
    assert [one.name for one in views.views("usr_2", None)] == ["ours"]
    assert [one.name for one in views.views("usr_2", {"default"})] == ["ours"]
    assert views.views("usr_2", {"coffee"}) == []


def test_one_view_is_begun_with(views: SqlViews):
    ids = [views.save(view(f"v-{n}"), MOST, NOW_MS + n) or "" for n in range(3)]
    for chosen in (*ids, ""):
        views.begin_with("usr_1", chosen)
        assert [one.view_id for one in views.views("usr_1", None) if one.is_default] == (
            [chosen] if chosen else []
        )


def test_nobody_forgets_anothers_view(views: SqlViews):
    view_id = views.save(view(), MOST, NOW_MS) or ""
    assert not views.forget("usr_2", view_id)
    assert views.forget("usr_1", view_id)
    assert not views.forget("usr_1", view_id)


def test_saved_at_once_there_are_never_more_than_there_may_be(somebody, database_url):
    """Eight threads, twenty views; the user's row is what they wait for each other at."""
    engine = open_engine(database_url)
    numbers = count(1)
    views = SqlViews(engine, lambda prefix: f"{prefix}_{next(numbers)}")
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda n: views.save(view(f"v-{n}", somebody), MOST, NOW_MS), range(20)))
    assert sum(one is not None for one in saved) == MOST
    assert len(views.views(somebody, frozenset())) == MOST
    assert views.save(view(views.views(somebody, frozenset())[0].name, somebody), MOST, NOW_MS) is not None
    engine.dispose()


@pytest.fixture
def somebody(engine) -> str:
    """The id of a user who is there."""
    person = NewPerson("usr_9", "ana@shop.example", b"hash", "analyst", EVERYTHING)
    sql_users(engine, bytes(range(32))).add(person, None, Who("test"), NOW_MS)
    return "usr_9"


def test_programmes_are_those_with_a_case(engine, decided, views):
    house = House(engine, decided)
    assert views.programmes() == []
    for program_id in ("b", "a", "b"):
        house.record_all(house.decide(f"m-{program_id}", program_id=program_id))
        house.drain()
    assert views.programmes() == ["a", "b"]
