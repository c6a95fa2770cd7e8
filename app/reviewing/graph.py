"""The accounts around an account, two steps far: whom it shares things with, and who was found to be the same hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, Protocol
from urllib.parse import quote

from app.reviewing import hrefs
from app.reviewing.panels import ContextOf, Use
from app.users.rights import Scope

HUB_ACCOUNTS: Final = 12
"""An identifier of more accounts is folded to one node: a family, a flat and a small farm are seen whole, and whatever is
larger tells more by its count than by its spokes."""
MOST_NODES: Final = 60
"""What can be read on a screen, and laid out in 10 ms."""
MOST_ROWS: Final = 400
"""Read of each step: beyond it nothing more could be shown."""


class Link(NamedTuple):
    """Two accounts found to be the same hand: how likely, and by what (identifier, agreement, weight in bits)."""

    one: str
    other: str
    probability: float
    evidence: tuple[tuple[str, str, float], ...]
    found_ms: int


class Node(NamedTuple):
    """
    An account, or something accounts share.

    key:     unique in the graph: `account:m-1`, `device:3fa2c1…`.
    kind:    `account`, or the identifier's.
    name:    as shown; of an identifier no value.
    hop:     steps from the account the graph is about, 0 to 2.
    folded:  accounts that used it and are not drawn.
    context: the shared context it is marked as.
    """

    key: str
    kind: str
    name: str
    hop: int
    href: str
    accounts: int = 0
    folded: int = 0
    context: str | None = None


class Edge(NamedTuple):
    """
    What joins two nodes, and where its evidence lies.

    kind: `used`: the account used the thing; `link`: the accounts were found to be the same hand.
    """

    one: str
    other: str
    kind: str
    title: str
    href: str
    probability: float | None = None


class Graph(NamedTuple):
    """`left_out`: accounts next to it that there was no room for."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int


class Neighbours(Protocol):
    """Who shares what with whom. Raises RecordAway."""

    def shared_by(
        self, program_id: str, account_ids: Collection[str], limit: int, scope: Scope
    ) -> Sequence[Use]:
        """What these accounts share with anybody, the least shared first."""
        ...

    def users_of(
        self, program_id: str, wanted: Collection[tuple[str, bytes]], limit: int, scope: Scope
    ) -> Sequence[str]:
        """The accounts that used any of these identifiers, in order."""
        ...

    def links_of(
        self, program_id: str, account_ids: Collection[str], limit: int, scope: Scope
    ) -> Sequence[Link]:
        """Who was found to be the same hand as any of these, likeliest first."""
        ...


def around(
    record: Neighbours, context_of: ContextOf, program_id: str, account_id: str, scope: Scope
) -> Graph:
    """
    The graph of an account: two steps, hubs and shared contexts folded. Synchronous. Raises RecordAway.

    Who may see only some partners or stores is shown the accounts that did something there; others are counted only.
    """
    drawing = _Drawing(program_id, context_of, account_id)
    at_the_edge = [account_id]
    for hop in (1, 2):
        used = record.shared_by(program_id, at_the_edge, MOST_ROWS, scope)
        opened = drawing.take_things(used, hop)
        reached = record.users_of(program_id, opened, MOST_ROWS, scope)
        found = record.links_of(program_id, at_the_edge, MOST_ROWS, scope)
        at_the_edge = drawing.take_accounts([*(link.other for link in found), *reached], hop)
        if not at_the_edge:
            break
    drawn = drawing.accounts()
    return drawing.done(
        record.shared_by(program_id, drawn, MOST_ROWS * 2, scope),
        record.links_of(program_id, drawn, MOST_ROWS, scope),
    )


class _Drawing:
    """The nodes so far."""

    def __init__(self, program_id: str, context_of: ContextOf, account_id: str) -> None:
        self._program_id, self._context_of = program_id, context_of
        self._nodes: dict[str, Node] = {}
        self._left_out: set[str] = set()
        self._add_account(account_id, 0)

    def take_things(self, used: Sequence[Use], hop: int) -> set[tuple[str, bytes]]:
        """Draw what is shared; those to go on from: neither hubs nor shared contexts."""
        opened: set[tuple[str, bytes]] = set()
        for use in used:
            key = _thing(use)
            if key in self._nodes or len(self._nodes) >= MOST_NODES:
                continue
            context = self._context_of(self._program_id, use.kind, use.digest)
            href = hrefs.identifier(self._program_id, use.kind, use.digest)
            self._nodes[key] = Node(key, use.kind, use.name, hop, href, use.accounts, 0, context)
            if context is None and use.accounts <= HUB_ACCOUNTS:
                opened.add((use.kind, use.digest))
        return opened

    def take_accounts(self, reached: Sequence[str], hop: int) -> list[str]:
        """Draw accounts; those that are new."""
        new = []
        for account_id in dict.fromkeys(reached):
            if _account(account_id) in self._nodes:
                continue
            if len(self._nodes) >= MOST_NODES:
                self._left_out.add(account_id)
                continue
            self._add_account(account_id, hop)
            new.append(account_id)
        return new

    def accounts(self) -> list[str]:
        """Those drawn, by id."""
        return [node.name for node in self._nodes.values() if node.kind == "account"]

    def done(self, used: Sequence[Use], found: Sequence[Link]) -> Graph:
        """With every edge between what is drawn, and what is folded counted."""
        edges = [self._used(use) for use in used if _thing(use) in self._nodes]
        pairs = {(min(link[:2]), max(link[:2])): link for link in reversed(found)}
        edges += [
            self._linked(link._replace(one=one, other=other))
            for (one, other), link in sorted(pairs.items())
            if _account(one) in self._nodes and _account(other) in self._nodes
        ]
        spokes: dict[str, int] = {}
        for edge in edges:
            spokes[edge.other] = spokes.get(edge.other, 0) + 1
        nodes = [
            node if node.kind == "account" else node._replace(folded=node.accounts - spokes.get(node.key, 0))
            for node in self._nodes.values()
        ]
        return Graph(tuple(nodes), tuple(edges), len(self._left_out))

    def _add_account(self, account_id: str, hop: int) -> None:
        key = _account(account_id)
        self._nodes[key] = Node(key, "account", account_id, hop, hrefs.account(self._program_id, account_id))

    def _used(self, use: Use) -> Edge:
        events = f"{use.events} event" + ("" if use.events == 1 else "s")
        title = f"{use.account_id} used {use.name}: {events}"
        href = hrefs.decision(self._program_id, use.decision_id)
        return Edge(_account(use.account_id), _thing(use), "used", title, href)

    def _linked(self, link: Link) -> Edge:
        because = ", ".join(_because(name, agreement) for name, agreement, _ in link.evidence)
        title = f"{link.one} and {link.other}: the same hand with {link.probability:.0%} ({because})"
        href = f"{hrefs.account(self._program_id, link.one)}/links#{quote(link.other, safe='')}"
        return Edge(_account(link.one), _account(link.other), "link", title, href, link.probability)


_SAID: Final[Mapping[str, str]] = {
    "earlier": "found earlier", "sign_ups": "signed up together", "analyst": "said by an analyst", "email": "mailbox",
    "phone": "telephone", "payment": "payment instrument", "ip": "network address", "address": "postal address",
    "name_dob": "name with date of birth",
}  # fmt: skip
"""What a piece of evidence is called, where its own name does not tell a person."""
_WHOLE: Final = ("carried", "together", "confirmed")


def _because(identifier: str, agreement: str) -> str:
    said = _SAID.get(identifier, identifier.replace("_", " "))
    return said if agreement in _WHOLE else f"{'same' if agreement == 'exact' else agreement} {said}"


def _account(account_id: str) -> str:
    return f"account:{account_id}"


def _thing(use: Use) -> str:
    return f"{use.kind}:{use.digest.hex()}"
