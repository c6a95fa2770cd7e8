"""Which accounts and cases belong together: what is linked is one ring, and the oldest case of it goes on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

RING_MOST: Final = 500
"""Accounts of a ring: more than anybody can look through, and a wrong link must not swallow the programme. What would
grow beyond stays apart."""


class OpenCase(NamedTuple):
    """An open case, as far as belonging goes. `seq` orders by age; `size`: accounts in it."""

    seq: int
    case_id: str
    size: int


class Group(NamedTuple):
    """
    What becomes one case.

    into:     the case that goes on; None: a new one.
    merged:   cases that end in it, the older first.
    newcomers: accounts that join, sorted.
    """

    into: OpenCase | None
    merged: tuple[OpenCase, ...]
    newcomers: tuple[str, ...]


def groups(
    flagged: Iterable[str],
    at: Mapping[str, OpenCase],
    linked: Iterable[tuple[str, str]],
    most: int = RING_MOST,
) -> Sequence[Group]:
    """
    Put flagged accounts where they belong.

    Args:
        flagged: Accounts of one programme with a decision that asks for a case.
        at: Account → the open case it is in; of flagged accounts and of those they are linked with.
        linked: Pairs of accounts held to be one hand's; at least one of each is flagged.
        most: Accounts in one case.

    Returns:
        Groups that share no account and no case, ordered by the first account of each.
    """
    parent: dict[str | OpenCase, str | OpenCase] = {}
    size: dict[str | OpenCase, int] = {}

    def root(node: str | OpenCase) -> str | OpenCase:
        if node not in parent:
            parent[node], size[node] = node, node.size if isinstance(node, OpenCase) else 1
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    nodes: dict[str, str | OpenCase] = {account: at.get(account, account) for account in sorted(set(flagged))}
    for node in nodes.values():
        root(node)
    for one, other in sorted(linked):
        ends = [at.get(account, nodes.get(account)) for account in (one, other)]
        if ends[0] is None or ends[1] is None:  # linked with somebody who is neither flagged nor in a case
            continue
        a, b = root(ends[0]), root(ends[1])
        if a != b and size[a] + size[b] <= most:
            parent[b] = a
            size[a] += size[b]
    members: dict[str | OpenCase, list[str | OpenCase]] = {}
    for node in parent:
        members.setdefault(root(node), []).append(node)
    return [_group(found) for found in members.values()]


def _group(nodes: Sequence[str | OpenCase]) -> Group:
    cases = sorted(node for node in nodes if isinstance(node, OpenCase))
    newcomers = tuple(sorted(node for node in nodes if isinstance(node, str)))
    return Group(cases[0] if cases else None, tuple(cases[1:]), newcomers)
