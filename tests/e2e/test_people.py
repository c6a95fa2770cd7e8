"""Farms are found, and couples, tills and households are left alone: sign-ups through the real service."""

from __future__ import annotations

from tests.e2e.events import event, evidence, fresh, instant

NAMES = ("Ada Quist", "Bo Lindahl", "Cem Aydin", "Dora Vogel", "Emil Haas", "Finn Brandt")


def person(given, family, **rest):
    return {"given_name": given, "family_name": family, "country": "DE"} | rest


def test_a_farm_on_one_device_is_reviewed_by_its_fifth_account_and_linked(client):
    device = {"id": fresh("d")}
    decisions = []
    for number, name in enumerate(NAMES):
        given, family = name.split()
        profile = person(
            given, family, email=f"{fresh()}@mailinator.com", date_of_birth=f"199{number}-03-0{number + 1}"
        )
        at = instant(minutes=30 - 4 * number)
        decisions.append(
            client.decide(
                event(
                    "signup",
                    fresh("farm"),
                    device=device,
                    ip="198.51.100.7",
                    channel="web",
                    occurred_at=at,
                    profile=profile,
                )
            ).json
        )
    assert decisions[0]["decision"] == "allow"
    assert all(one["decision"] in {"review", "block"} for one in decisions[4:])
    last = decisions[-1]
    assert evidence(last, "SIGNUP_FARM_DEVICE")
    assert last["linked_accounts"]["count"] > 0
    links = client.get(f"/v1/accounts/{last['account_id']}/links").json
    assert links["cluster_id"].startswith("clu_")
    assert {one["account_id"] for one in links["links"]} <= {one["account_id"] for one in decisions}
    assert all(one["evidence"] and 0 < one["probability"] <= 1 for one in links["links"])
    first = client.get(f"/v1/accounts/{decisions[0]['account_id']}/links").json
    assert last["account_id"] in {one["account_id"] for one in first["links"]}, (
        "links are seen from both ends"
    )


def test_a_couple_with_one_device_address_and_phone_is_allowed(client):
    device, home = {"id": fresh("d")}, {"street": f"{fresh('Weg')} 7", "postcode": "10115", "city": "Berlin"}
    phone = f"+4930{abs(hash(device['id'])) % 10**7:07d}"
    hers = person(
        "Jana",
        "Berger",
        phone=phone,
        date_of_birth="1984-05-09",
        email=f"{fresh('jana')}@example.org",
        **home,
    )
    his = person(
        "Tom", "Berger", phone=phone, date_of_birth="1982-11-21", email=f"{fresh('tom')}@example.org", **home
    )
    for profile, days in ((hers, 1), (his, 0)):
        sent = event(
            "signup",
            fresh(),
            device=device,
            ip="203.0.113.9",
            channel="app",
            occurred_at=instant(days=days),
            profile=profile,
        )
        assert client.decide(sent).json["decision"] == "allow"


def test_the_same_person_with_dots_in_the_mailbox_is_found(client):
    box, phone = fresh("lee").replace("-", ""), "+4915112345678"
    same = {"phone": phone, "date_of_birth": "1990-02-14"}
    first = person("Kim", "Lee", email=f"{box}@gmail.com", **same)
    again = person("Kim", "Lee", email=f"{box[:3]}.{box[3:]}+x@googlemail.com", **same)
    assert (
        client.decide(event("signup", fresh(), profile=first, occurred_at=instant(days=2))).json["decision"]
        == "allow"
    )
    decision = client.decide(event("signup", fresh(), profile=again)).json
    assert decision["decision"] != "allow"
    assert evidence(decision, "DUPLICATE_PERSON")["probability"] > 0.8


def test_a_store_tablet_signs_up_forty_strangers_in_a_day(client):
    tablet, store = {"id": fresh("tablet")}, fresh("s")
    decisions = []
    for number in range(40):
        unlike = fresh()
        profile = person(
            f"Given{unlike[2:8]}", f"Family{unlike[8:]}", email=f"{unlike}@example.org",
            phone=f"+4917{abs(hash(unlike)) % 10**8:08d}", date_of_birth=f"19{50 + number}-0{1 + number % 9}-10",
            street=f"{unlike} Street {number}", postcode=f"{10000 + 17 * number}", city="Berlin",
        )  # fmt: skip
        at = instant(minutes=600 - 15 * number)
        sent = event(
            "signup", unlike, device=tablet, ip="192.0.2.44", channel="kiosk" if number % 2 else "pos",
            store_id=store, terminal_id="t-1", occurred_at=at, profile=profile,
        )  # fmt: skip
        decisions.append(client.decide(sent).json)
    assert [
        (n, one["decision"], one["reasons"]) for n, one in enumerate(decisions) if one["decision"] != "allow"
    ] == []
