"""Charts need no style and no script, lead where they say, and name themselves."""

import multiprocessing
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from xml.etree import ElementTree as ET

import pytest

from app.charts import specs
from app.charts.drawing import DrawingRoom
from app.charts.inks import CLASSES
from app.charts.rendering import render

PATIENCE_S = 20.0
"""Far beyond what drawing takes."""
SVG = "{http://www.w3.org/2000/svg}"
HREF = '/console/queue?a=1&b="><script>'
CHARTS = {
    "over_time": specs.over_time(
        "Decisions", {20_000: {"allow": 5, "block": 2}}, 20_000, 20_006, {(20_000, "block"): HREF}
    ),
    "bars": specs.bars("Reasons", [("<b>A", 3.0, HREF), ("B", 1.0, "")], "alerts"),
    "shares": specs.shares("Precision", [("velocity", 0.5, 0.3, 0.7, HREF)]),
    "course": specs.course(
        "Balance", [(1_772_366_400_000, 100, False, HREF), (1_772_466_400_000, 40, True, HREF)]
    ),
    "usual": specs.beside_usual("Earned", [(1_772_366_400_000, 500, 200)], 500, 350),
}


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_a_chart_can_stand_under_a_policy_without_inline_styles(name):
    chart = CHARTS[name]
    root = ET.fromstring(render(chart))  # noqa: S314 - made here
    everything = list(root.iter())
    assert not any("style" in element.attrib or element.tag.endswith("script") for element in everything)
    colours = {element.get(kind) for element in everything for kind in ("fill", "stroke")} - {
        None,
        "none",
        "transparent",
    }
    assert colours.isdisjoint(CLASSES), "a stand-in colour was left"
    assert colours <= {"white", "black"}, "a colour the style sheet does not know"
    assert root.find(f"{SVG}title").text == chart.title
    assert root.get("aria-label").startswith(chart.title)
    assert root.get("role") == ("group" if chart.doors else "img")


@pytest.mark.parametrize("name", sorted(set(CHARTS) - {"usual"}))
def test_marks_lead_where_they_say_and_are_named(name):
    links = list(ET.fromstring(render(CHARTS[name])).iter(f"{SVG}a"))  # noqa: S314 - made here
    assert links
    assert {link.get("href") for link in links} == {HREF}
    assert {link.get("aria-label") for link in links} <= {door.label for door in CHARTS[name].doors}
    assert not any("vega" in value for link in links for value in link.attrib.values())


def test_the_table_says_what_the_picture_shows():
    chart = CHARTS["over_time"]
    assert chart.rows[0] == (20_000, 5, 0, 0, 2)
    assert len(chart.rows) == 7


def test_what_was_earned_stands_beside_what_was_burned_and_empty_stretches_before_it_are_left_out():
    """A smaller amount behind a larger one would not be seen."""
    month_ms = 30 * 86_400_000
    first_ms = 1_772_366_400_000
    stretches = [
        (first_ms + n * month_ms, *moved) for n, moved in enumerate([(0, 0), (0, 0), (500, 900), (0, 70)])
    ]
    chart = specs.beside_usual("Earned", stretches, 500, 350)
    assert list(chart.rows) == stretches[2:]
    drawn = render(chart)
    earned, burned = (
        re.findall(rf'd="M([\d.]+),[\d.]+h([\d.]+)v[^"]*" class="fill-{name}"', drawn)[:2]
        for name in ("main", "other")
    )
    for (left, width), (right, _) in zip(earned, burned, strict=True):
        assert float(left) + float(width) <= float(right)
    assert len(earned) == 2


async def test_a_chart_is_drawn_once_for_what_it_shows():
    with ThreadPoolExecutor(1) as pool:
        room = DrawingRoom(pool, PATIENCE_S)
        first, other = await room.draw(CHARTS["bars"], CHARTS["shares"])
        again, _ = await room.draw(CHARTS["bars"], CHARTS["shares"])
        assert first.svg is again.svg
        assert first.svg != other.svg
        more = await room.draw(specs.bars("Reasons", [("<b>A", 4.0, HREF)], "alerts"))
        assert more[0].svg != first.svg


async def test_a_process_of_its_own_draws_the_same_and_ends_when_told():
    room = DrawingRoom(patience_s=PATIENCE_S)
    await room.warm_up()
    [drawn] = await room.draw(CHARTS["shares"])
    assert drawn.svg == render(CHARTS["shares"])
    room.close()


async def test_who_comes_to_the_console_has_it_warmed_up_once_and_waits_for_nothing():
    begun = []

    class Pool(ThreadPoolExecutor):
        def submit(self, *given):
            begun.append(given)
            return super().submit(*given)

    with Pool(1) as pool:
        room = DrawingRoom(pool, PATIENCE_S)
        room.get_ready()
        room.get_ready()
        await room.draw(CHARTS["bars"])
        room.get_ready()
        await room.draw(CHARTS["shares"])
    assert len(begun) == 3  # two charts, and the first that nobody asked for


async def test_a_page_that_waits_in_vain_has_an_empty_picture_and_the_next_one_has_it():
    told, go_on = Event(), Event()

    def busy() -> None:
        told.set()
        go_on.wait()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(busy)
        told.wait()
        room = DrawingRoom(pool, patience_s=0.0)
        [missing] = await room.draw(CHARTS["bars"])
        assert not missing.svg
        assert missing.rows == CHARTS["bars"].rows
        go_on.set()
        await DrawingRoom(pool, patience_s=PATIENCE_S).draw(CHARTS["bars"])  # behind the first
        [drawn] = await room.draw(CHARTS["bars"])
        assert drawn.svg


async def test_a_process_that_died_is_started_anew_and_what_cannot_be_drawn_has_no_picture():
    room = DrawingRoom(patience_s=PATIENCE_S)
    await room.warm_up()
    [process] = multiprocessing.active_children()
    process.kill()
    process.join()
    [lost] = await room.draw(CHARTS["bars"])
    assert not lost.svg
    [drawn] = await room.draw(CHARTS["bars"])
    assert drawn.svg == render(CHARTS["bars"])
    faulty = CHARTS["bars"]._replace(spec={"mark": "no such mark"})
    assert not (await room.draw(faulty))[0].svg
    room.close()
