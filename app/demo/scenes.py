"""Where things happen: till, app, web, telephone, back office. Honest people and thieves alike use these."""

from __future__ import annotations

from typing import Final

from app.demo.chance import Chance
from app.demo.intents import Device, Scene, Store
from app.demo.networks import HOME, address_in
from app.demo.people import Account
from app.demo.places import Place
from app.demo.whereabouts import at_work, travelling
from app.demo.world import World, near

WANDER: Final = 0.02
"""Degrees a member's phone is away from home, typically: two kilometres."""
HOME_TABLET: Final = 0.1
"""Share of sessions at home on the tablet of all."""


def at_till(chance: Chance, store: Store, employee: str | None = None) -> Scene:
    """At one of the store's tills, with whoever sits there."""
    return Scene(
        "pos",
        store=store,
        terminal=chance.choice(store.terminals),
        employee=employee or chance.choice(store.staff),
    )


def at_tablet(chance: Chance, store: Store) -> Scene:
    """At the store's tablet, held by one of the staff."""
    return Scene(
        "kiosk", store=store, terminal=store.terminals[0], employee=chance.choice(store.staff),
        device=store.tablet, ip=store.ip,
    )  # fmt: skip


def in_app(chance: Chance, device: Device, ip: str, place: Place) -> Scene:
    """In the app on this phone."""
    return Scene("app", device=device, ip=ip, place=near(chance, place, WANDER), session=chance.opaque("x"))


def on_web(chance: Chance, device: Device, ip: str) -> Scene:
    """On the web site in this browser."""
    return Scene("web", device=device, ip=ip, session=chance.opaque("x"))


def by_phone(chance: Chance, world: World, agent: str | None = None) -> Scene:
    """On the telephone with an agent, who types."""
    return Scene("call_centre", employee=agent or chance.choice(world.agents), ip=world.call_centre_ip)


def back_office(agent: str) -> Scene:
    """In the back office, by an agent alone."""
    return Scene("admin", employee=agent)


def from_partner(partner: str) -> Scene:
    """Posted by a partner."""
    return Scene("partner", partner=partner)


def batch() -> Scene:
    """Posted by the programme itself."""
    return Scene("batch")


def own(chance: Chance, world: World, account: Account, at_ms: int) -> Scene:
    """A session of the member's own: by phone or browser, at home, at work, on the road or abroad."""
    abroad = travelling(account, at_ms)
    by_app = chance.happens(account.online)
    if abroad is not None:
        ip = _hotel(world, account, abroad, at_ms)
        return (
            in_app(chance, account.phone_at(at_ms), ip, abroad)
            if by_app
            else on_web(chance, account.browser, ip)
        )
    working = at_work(account, at_ms)
    if account.office is not None and working and chance.happens(0.6):
        ip = account.office.at(at_ms)
    elif by_app and chance.happens(0.8 if "carrier_nat" in account.traits else 0.25):
        ip = account.carrier.any(chance)
    else:
        ip = account.household.line.at(at_ms)
    if not by_app:
        return on_web(chance, account.browser, ip)
    if "household" in account.traits and not working and chance.happens(HOME_TABLET):
        return in_app(chance, account.household.tablet, account.household.line.at(at_ms), account.place)
    place = account.work if account.work is not None and working else account.place
    return in_app(chance, account.phone_at(at_ms), ip, place)


def _hotel(world: World, account: Account, abroad: Place, at_ms: int) -> str:
    """The address of where the traveller stays: one a trip, the same whenever it is asked for."""
    trip = next(index for index, (since, until, _) in enumerate(account.trips) if since <= at_ms < until)
    return address_in(Chance.of(world.start_ms, account.id, "trip", trip), HOME[abroad.country])
