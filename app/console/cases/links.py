"""The accounts around an account as a graph, and what speaks for two of them being one hand."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urlencode

from anyio import to_thread
from starlette.responses import Response

from app.charts.graph import draw
from app.console.cases.desk import Desk, Opened, noted, opened
from app.console.cases.shown import page
from app.console.visit import Visit, turned
from app.reviewing.graph import Edge, Graph, Link, Node, around
from app.reviewing.panels import SHOWN, Use

KEPT: Final = 128
"""Drawings kept by what they show: each is 30 kB and 10 ms."""
LINKS_MOST: Final = 400
"""Read to find one pair's."""
picture: Final = lru_cache(maxsize=KEPT)(draw)


class Shared(NamedTuple):
    """Something both of a pair used: each one's use, and what it is marked as."""

    one: Use
    other: Use
    context: str | None


async def links_page(desk: Desk, visit: Visit) -> Response:
    """The graph, and the same as a table."""
    case = await opened(desk, visit, "links")

    def read() -> Graph:
        context_of = desk.reads.contexts(case.program_id, visit.now_ms)
        return around(
            desk.reads.uses, context_of, case.program_id, case.account.account_id, visit.viewer.scope
        )

    graph = within(case, await to_thread.run_sync(read))
    drawn = await to_thread.run_sync(picture, graph)
    others = [node for node in graph.nodes if node.kind == "account" and node.hop]
    return page(
        visit, "case/links.html", case, "links", graph=graph, drawn=drawn, around=others,
        in_case={one.account_id for one in case.file.accounts},
        links=[edge for edge in graph.edges if edge.kind == "link"],
    )  # fmt: skip


def within(case: Opened, graph: Graph) -> Graph:
    """The graph with its clicks leading to pages of the case, where opening them counts as evidence."""
    whose = {one.account_id for one in case.file.accounts}

    def node(one: Node) -> Node:
        if one.kind == "account":
            href = case.path + "?" + urlencode({"account": one.name}) if one.name in whose else one.href
            return one._replace(href=href)
        return one._replace(href=case.at(f"things/{one.key.replace(':', '/')}"))

    def edge(one: Edge) -> Edge:
        if one.kind == "used":
            return one._replace(href=case.at(f"decisions/{one.href.rsplit('/', 1)[1]}"))
        a, b = one.one.removeprefix("account:"), one.other.removeprefix("account:")
        return one._replace(href=case.at("pair", one=a, other=b))

    return Graph(tuple(map(node, graph.nodes)), tuple(map(edge, graph.edges)), graph.left_out)


async def pair_page(desk: Desk, visit: Visit) -> Response:
    """Two accounts: the link between them with its evidence, and what both used."""
    one, other = visit.query.get("one", ""), visit.query.get("other", "")
    case = await opened(desk, visit)
    if not one or not other or one == other:
        raise turned(404, again=case.at("links"))
    found, shared = await to_thread.run_sync(_pair, desk, visit, case.program_id, one, other)
    if found is None and not shared:
        raise turned(404, "Nothing connects these two that you may see.", again=case.at("links"))
    case = await noted(desk, visit, case, f"{min(one, other)} and {max(one, other)}")
    return page(
        visit, "case/pair.html", case, "links", one=one, other=other, link=found, shared=shared,
        in_case={account.account_id for account in case.file.accounts},
    )  # fmt: skip


def _pair(
    desk: Desk, visit: Visit, program_id: str, one: str, other: str
) -> tuple[Link | None, list[Shared]]:
    scope, uses = visit.viewer.scope, desk.reads.uses
    if not all(desk.reads.shown.is_shown(program_id, account, scope) for account in (one, other)):
        return None, []
    links = uses.links_of(program_id, [one], LINKS_MOST, scope)
    link = next((found for found in links if {found.one, found.other} == {one, other}), None)
    context_of = desk.reads.contexts(program_id, visit.now_ms)
    theirs = {(use.kind, use.digest): use for use in uses.of_account(program_id, other, SHOWN, scope)}
    shared = [
        Shared(use, theirs[use.kind, use.digest], context_of(program_id, use.kind, use.digest))
        for use in uses.of_account(program_id, one, SHOWN, scope)
        if (use.kind, use.digest) in theirs
    ]
    return link, shared
