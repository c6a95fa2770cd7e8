"""Who is around an account: two steps, hubs folded with their counts, evidence behind every edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.graph import draw, said
from app.charts.layout import places
from app.ports.journal import LinkFound
from app.reviewing.graph import HUB_ACCOUNTS, MOST_NODES, around
from app.reviewing.panels import panels
from app.users.rights import EVERYTHING, Scope
from detectors.event import Device, Profile


def nowhere(*_):
    return None


def events(kept, decided, uses, **more):
    """One login for each (account, device)."""
    kept.record.append([
        decided(n, type="login", points=None, account_id=who, device=Device(id=what), **more,
                account_key=kept.sighter.digest("default", "account", who))
        for n, (who, what) in enumerate(uses)
    ])  # fmt: skip
    kept.read_on()


def test_two_steps_are_drawn_and_a_third_is_not(kept, decided):
    chain = [("m-1", "a"), ("m-2", "a"), ("m-2", "b"), ("m-3", "b"), ("m-3", "c"), ("m-4", "c")]
    events(kept, decided, chain)
    graph = around(kept.uses, nowhere, "default", "m-1", EVERYTHING)
    assert {node.name: node.hop for node in graph.nodes if node.kind == "account"} == {
        "m-1": 0,
        "m-2": 1,
        "m-3": 2,
    }
    assert [node.folded for node in graph.nodes if node.kind == "device"] == [0, 0]


def test_a_hub_is_one_node_that_keeps_its_count(kept, decided):
    events(kept, decided, [(f"m-{n}", "tablet") for n in range(HUB_ACCOUNTS + 5)])
    graph = around(kept.uses, nowhere, "default", "m-1", EVERYTHING)
    [hub] = [node for node in graph.nodes if node.kind == "device"]
    assert (hub.accounts, hub.folded, len(graph.nodes)) == (HUB_ACCOUNTS + 5, HUB_ACCOUNTS + 4, 2)


def test_a_shared_context_is_folded_and_told(kept, decided):
    events(kept, decided, [("m-1", "tablet"), ("m-2", "tablet")])
    graph = around(kept.uses, lambda *_: "store_tablet", "default", "m-1", EVERYTHING)
    [node] = [node for node in graph.nodes if node.kind == "device"]
    assert (node.context, node.folded) == ("store_tablet", 1)
    assert "store tablet" in said(node)


def test_drawn_and_folded_together_are_all_who_used_a_thing(kept, decided):
    uses = [(f"m-{n % 40}", f"d-{n % 7}") for n in range(200)]
    events(kept, decided, uses)
    graph = around(kept.uses, nowhere, "default", "m-1", EVERYTHING)
    true = {}
    for who, what in uses:
        true.setdefault(kept.sighter.digest("default", "device", what).hex(), set()).add(who)
    assert len(graph.nodes) <= MOST_NODES
    for node in graph.nodes:
        if node.kind == "device":
            spokes = sum(edge.other == node.key for edge in graph.edges)
            assert spokes + node.folded == node.accounts == len(true[node.key.partition(":")[2]])


def test_the_evidence_of_every_edge_can_be_reached(kept, decided):
    found = LinkFound(kept.sighter.digest("default", "account", "m-9"), 0.97, (("email", "exact", 9.0),))
    events(kept, decided, [("m-1", "a"), ("m-2", "a"), ("m-9", "z")])
    key = kept.sighter.digest("default", "account", "m-1")
    kept.record.append([decided(50, type="login", points=None, account_key=key, links=(found,))])
    graph = around(kept.uses, nowhere, "default", "m-1", EVERYTHING)
    assert {edge.kind for edge in graph.edges} == {"used", "link"}
    for edge in graph.edges:
        if edge.kind == "used":
            decision_id = edge.href.rpartition("/")[2]
            row, _ = kept.shown.shown("default", decision_id, EVERYTHING)
            assert edge.one == f"account:{row.account_id}"
        else:
            assert edge.href.endswith("/m-1/links#m-9")
            assert "97%" in edge.title


def test_accounts_of_other_stores_are_counted_and_not_shown(kept, decided):
    events(kept, decided, [("m-1", "a")], store_id="s-1")
    kept.record.append([
        decided(9, event_id="other", decision_id="dec_o", type="login", points=None, account_id="m-2",
                device=Device(id="a"), store_id="s-2")
    ])  # fmt: skip
    kept.read_on()
    graph = around(kept.uses, nowhere, "default", "m-1", Scope(stores=frozenset({"s-1"})))
    assert {node.name for node in graph.nodes if node.kind == "account"} == {"m-1"}
    assert [node.folded for node in graph.nodes if node.kind == "device"] == [1]


def test_uses_are_counted_once_however_they_are_read(kept, decided):
    profile = Profile(email="anna@example.org")
    kept.record.append([
        decided(n, type="signup", points=None, account_id=f"m-{n % 2}", device=Device(id="a"), ip="81.91.160.1",
                profile=profile)
        for n in range(5)
    ])  # fmt: skip
    kept.read_on()
    assert kept.gathering.step(100) == 0
    shown = panels(kept.uses, nowhere, "default", "m-0", EVERYTHING)
    [device], [ip], [email] = shown["device"], shown["ip"], shown["email"]
    assert (device.others, device.use.events, ip.use.country, email.others) == (1, 3, "DE", 1)
    assert device.use.last_ms - device.use.first_ms == 4_000
    assert "anna" not in repr(shown)
    assert "81.91" not in repr(shown)


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60))
def test_places_are_within_the_picture_and_always_the_same(nodes, pairs):
    edges = [(one % nodes, other % nodes) for one, other in pairs]
    found = places(nodes, edges)
    assert ((found >= 0) & (found <= 1)).all()
    assert (found == places(nodes, edges)).all()


def test_the_picture_names_and_links_everything_and_needs_no_style(kept, decided):
    events(kept, decided, [("<script>", "a"), ("m-2", "a")])
    graph = around(kept.uses, nowhere, "default", "m-2", EVERYTHING)
    drawn = draw(graph)
    assert drawn.svg.count("<a ") == len(graph.nodes) + len(graph.edges)
    assert "<script>" not in drawn.svg
    assert "style=" not in drawn.svg
    assert len(drawn.rows) == len(graph.edges)


@pytest.mark.parametrize("account", ["nobody"])
def test_an_account_without_neighbours_stands_alone(kept, account):
    graph = around(kept.uses, nowhere, "default", account, EVERYTHING)
    assert [node.name for node in graph.nodes] == [account]
    assert draw(graph).svg
