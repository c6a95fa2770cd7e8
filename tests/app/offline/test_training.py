"""Training: whom it draws, that a draw changes no vector, and that the same history gives the same model."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.offline.columns import AT
from app.offline.event_files import EventFiles
from app.offline.known_fraud import UnreadableLabels, known_fraud
from app.offline.looking import ORDER, ROLE, WANTED, HelperLost, look, look_side_by_side
from app.offline.recorded import segment_of
from app.offline.sampling import MEMBER, TICKET, draw, shares, ticket
from app.offline.strangers import overheard
from app.offline.training import Plan, train
from app.offline.usual import usual, with_usual
from app.offline.window import NothingToLearn, counted
from app.policy.file import DEFAULT_FILE, load, parse
from detectors.forest.artefact import write
from detectors.forest.features import NAMES
from detectors.forest.fit import FOR_TESTS, NothingLearned
from detectors.snapshot import Segment

POLICIES = load(DEFAULT_FILE)
START = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS = 6_000
MEMBERS = 400
KINDS = ("earn", "login", "login_failed", "redeem", "transfer", "referral")
WEIGHTS = (40, 20, 20, 8, 10, 2)


def quiet(*_):
    """Nobody looks at the progress."""


def lived(rng: random.Random, number: int) -> dict[str, object]:
    """One event of a crowded programme: few addresses, shared devices and instruments, favourite receivers."""
    member, kind = rng.randrange(MEMBERS), rng.choices(KINDS, WEIGHTS)[0]
    online = kind in {"login", "login_failed", "transfer"}
    six = f"2001:db8:0:{rng.randrange(3)}::{rng.randrange(1, 200):x}"
    return {
        "event_id": f"e{number:05}",
        "type": kind,
        "occurred_at": (START + timedelta(seconds=rng.randrange(40 * 86_400))).isoformat(),
        "account_id": f"m{member}",
        "program_id": "west" if member % 10 == 0 else "east",
        "points": None if kind in {"login", "login_failed"} else rng.randrange(1, 900),
        "device.id": f"d{member // 50}" if online and rng.random() < 0.8 else None,
        "ip": (six if rng.random() < 0.3 else f"10.0.0.{rng.choice((0, 0, 0, 1))}") if online else None,
        "payment_instrument_id": f"p{member // 3}" if kind == "earn" else None,
        "counterparty_account_id": f"m{rng.randrange(12)}" if kind in {"transfer", "referral"} else None,
        "store_id": f"s{member % 7}" if kind == "earn" else None,
    }


@pytest.fixture(scope="module")
def crowd() -> pl.DataFrame:
    rng = random.Random(5)
    return pl.DataFrame([lived(rng, number) for number in range(EVENTS)], infer_schema_length=None)


@pytest.fixture(scope="module")
def rows(crowd, tmp_path_factory):
    """The same as EventFiles gives it to training."""
    path = tmp_path_factory.mktemp("crowd") / "events.parquet"
    crowd.write_parquet(path)
    with EventFiles([path]) as files:
        yield files.lazy().drop("metadata").rename({"occurred_at": AT}).collect().lazy()


def own_rows(rows, members):
    named = rows.join(members.lazy(), on=list(MEMBER)).with_columns(
        pl.lit(value=True).alias(WANTED), pl.lit(None, pl.String).alias(ROLE), pl.col(AT).alias("occurred_at")
    )
    return named.collect()


def vectors(rows):
    seen = look(rows, POLICIES, None, quiet)
    keys = seen.keys.select("event_id", "program_id").iter_rows()
    return {
        key: (row.tobytes(), segment)
        for key, row, segment in zip(keys, seen.matrix, seen.segments, strict=True)
    }


@pytest.fixture(scope="module")
def whole(rows):
    """The vectors of the whole history."""
    return vectors(own_rows(rows, draw(rows, 0, EVENTS).members).drop(TICKET))


def sampled(rows, most, strangers):
    drawn = draw(rows, 3, most)
    own = own_rows(rows, drawn.members)
    halves = [own.filter(pl.col(TICKET) % 2 == half).drop(TICKET) for half in (0, 1)]
    others = overheard(rows, EVENTS, halves, strangers)
    found = {}
    for half, other in zip(halves, others.shards, strict=True):
        found |= vectors(pl.concat([half, other], how="diagonal"))
    assert len(found) == own.height
    return found, sum(one.height for one in others.shards), others.left_out


@pytest.mark.parametrize("most", [300, 1_500, EVENTS])
def test_members_drawn_have_the_very_vectors_they_have_in_the_whole_history(rows, whole, most):
    found, others, left_out = sampled(rows, most, 10**6)
    assert found == {key: whole[key] for key in found}
    assert others > 0
    assert left_out == 0
    crowded = np.frombuffer(b"".join(row for row, _ in found.values()), "<f4").reshape(-1, len(NAMES))
    assert np.expm1(crowded[:, NAMES.index("ip_accounts")]).max() > 31, "an address was full"


def test_a_limit_on_strangers_is_kept_and_said_and_costs_the_crowded_features_alone(rows, whole):
    found, others, left_out = sampled(rows, 300, 1_000)
    assert others == 1_000
    assert left_out > 0
    shared = {"device_accounts", "ip_accounts", "payment_accounts", "gifts_7d", "ip_failed_1h"}
    for key, (row, segment) in found.items():
        differs = np.frombuffer(row, "<f4") != np.frombuffer(whole[key][0], "<f4")
        assert {NAMES[place] for place in np.flatnonzero(differs)} <= shared
        assert segment == whole[key][1]


def test_a_draw_is_about_as_large_as_wanted_and_leaves_no_small_programme_out(rows):
    everybody = rows.select(MEMBER).unique().collect()
    drawn = draw(rows, 1, 1_500)
    sizes = rows.join(drawn.members.lazy(), on=list(MEMBER)).group_by("program_id").len().collect()
    held = dict(sizes.iter_rows())
    of_west = rows.filter(pl.col("program_id") == "west").select(pl.len()).collect().item()
    assert held["west"] == of_west
    assert 1_500 <= sum(held.values()) < 1_600
    assert (drawn.of, drawn.busy, drawn.whole) == (everybody.height, 0, False)
    assert not draw(rows, 2, 1_500).members.equals(drawn.members)


def test_an_account_that_would_fill_the_draw_by_itself_is_no_member():
    busy = pl.LazyFrame(
        {"program_id": ["p"] * 600, "account_id": ["till"] * 300 + [f"m{n}" for n in range(300)]}
    )
    drawn = draw(busy, 0, 100)
    assert "till" not in drawn.members["account_id"].to_list()
    assert (drawn.busy, drawn.members.height) == (1, 100)


@given(
    st.dictionaries(st.text(max_size=3), st.integers(1, 10**6), min_size=1, max_size=9), st.integers(0, 10**6)
)
def test_programmes_share_all_there_is_to_share_and_the_small_ones_keep_theirs(sizes, most):
    given_out = shares(sizes, most)
    assert sum(given_out.values()) == min(most, sum(sizes.values()))
    assert all(given_out[name] <= size for name, size in sizes.items())
    cut = [given_out[name] for name, size in sizes.items() if given_out[name] < size]
    assert not cut or max(given_out.values()) <= max(cut) <= min(cut) + 1


def test_a_ticket_hangs_on_nothing_but_the_member_and_the_seed():
    assert ticket("p", "m1", 0) == 18_129_395_638_262_154_435, "a draw can be repeated years later"
    assert len({ticket(p, m, s) for p in "pq" for m in ("m1", "m2") for s in (0, 1)}) == 8


def write_as(crowd, folder, pieces, kind):
    folder.mkdir()
    for number in range(pieces):
        part = crowd[number::pieces]
        if kind == "csv":
            part.write_csv(folder / f"{pieces - number}.csv")
        else:
            part.write_parquet(folder / f"{pieces - number}.parquet")
    return folder


def trained(*sources, **plan):
    with EventFiles(sources) as files:
        return train(files, POLICIES, Plan(settings=FOR_TESTS, **plan), quiet)


def test_the_same_events_in_other_files_and_another_order_give_the_same_bytes(crowd, tmp_path):
    one = write_as(crowd, tmp_path / "one", 1, "parquet")
    other = write_as(crowd.sample(fraction=1, shuffle=True, seed=1), tmp_path / "other", 3, "csv")
    assert write(trained(one, most=2_000)) == write(trained(other, most=2_000))
    assert write(trained(one, most=2_000, seed=1)) != write(trained(one, most=2_000))


def test_two_processes_learn_what_one_learns(crowd, tmp_path):
    history = write_as(crowd, tmp_path / "history", 1, "parquet")
    assert trained(history, shard_events=1).arrays.keys()
    alone, together = trained(history), trained(history, shard_events=1)
    assert together.card.arrays_sha256 == alone.card.arrays_sha256
    assert together.card.notes["events_of_others"] > 0


def test_a_helper_that_dies_is_told_and_not_waited_for(rows):
    broken = own_rows(rows, draw(rows, 0, EVENTS).members).head(10).with_columns(pl.lit("x").alias("type"))
    with pytest.raises(HelperLost):
        look_side_by_side([broken, broken], POLICIES, None, quiet)


def test_until_is_as_if_nothing_had_happened_since(crowd, tmp_path):
    instant = START + timedelta(days=20)
    history = write_as(crowd, tmp_path / "history", 1, "parquet")
    early = write_as(
        crowd.filter(pl.col("occurred_at") < instant.isoformat()), tmp_path / "early", 1, "parquet"
    )
    cut, short = trained(history, until=instant), trained(early)
    assert cut.card.arrays_sha256 == short.card.arrays_sha256
    assert cut.card.window.until_ms < instant.timestamp() * 1_000
    with pytest.raises(NothingToLearn):
        trained(history, until=START)


def test_known_fraud_is_not_learned_but_others_still_see_it(crowd, tmp_path):
    history = write_as(crowd, tmp_path / "history", 1, "parquet")
    labels = tmp_path / "labels.csv"
    some = crowd.filter(pl.col("type") == "redeem")["event_id"].to_list()[:50]
    lines = [f"{event},,fraud" for event in some] + [",m1,fraud", ",m2,legitimate", "e00001,m3,undetermined"]
    labels.write_text("\n".join(["event_id,account_id,label", *lines]))
    fraud = known_fraud(labels)
    assert (fraud["event_id"].drop_nulls().to_list(), fraud["account_id"].drop_nulls().to_list()) == (
        some,
        ["m1"],
    )
    usual_model, clean = trained(history), trained(history, fraud=fraud)
    named = crowd.filter(pl.col("event_id").is_in(some) | (pl.col("account_id") == "m1"))
    warm = clean.card.notes["learned_from"]
    late = named.filter(pl.col("occurred_at") >= warm).height
    assert clean.card.notes["events_known_fraud"] == named.height
    held = [one.card.checks["held_out_rows"] + one.card.rows for one in (usual_model, clean)]
    assert held[0] - held[1] == late


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.xlsx", ""),
        ("labels.csv", "event_id,said\ne1,fraud"),
        ("labels.csv", "label\nfraud"),
        ("labels.csv", ""),
    ],
)
def test_labels_that_cannot_be_used_are_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(UnreadableLabels, match="labels"):
        known_fraud(tmp_path / name)


def test_too_short_a_history_is_no_model(crowd, tmp_path):
    with pytest.raises(NothingLearned):
        trained(write_as(crowd.head(60), tmp_path / "few", 1, "parquet"))


def days(counts):
    at = [START + timedelta(days=day) for day in range(len(counts))]
    return pl.DataFrame({"events": counts, "first": at, "last": [day + timedelta(hours=23) for day in at]})


def test_the_first_month_of_a_history_is_not_learned_from_nor_more_than_a_tenth_of_a_short_one():
    assert counted(days([10] * 800)).warm == START + timedelta(days=16 + 30)
    short = counted(days([10] * 20))
    assert short.warm == START + (short.last - START) / 10
    late = counted(days([1, *[0] * 300, *[1_000] * 400]).filter(pl.col("events") > 0))
    assert late.warm >= START + timedelta(days=301 + 30)
    assert late.first == START


def test_the_card_says_what_was_read_drawn_and_left_out(crowd, tmp_path):
    history = write_as(crowd, tmp_path / "history", 1, "parquet")
    with (history / "more.ndjson").open("w") as more:
        more.write("nonsense\n")
    card = trained(history, most=2_000).card
    notes = card.notes
    assert (notes["rows_read"], notes["rows_refused"], notes["events"]) == (EVENTS + 1, 1, EVENTS)
    assert 0 < notes["members_drawn"] < notes["members"] == MEMBERS
    assert notes["events_of_members"] >= card.rows + card.checks["held_out_rows"] > 0
    assert notes["events_of_others_left_out"] == 0
    assert (
        sum(int(part.split()[1].replace(",", "")) for part in notes["events_by_month"].split(", ")) == EVENTS
    )


def test_rows_kept_apart_stand_beyond_the_99th_percentile_as_often_as_they_should(crowd, tmp_path):
    checks = trained(write_as(crowd, tmp_path / "history", 1, "parquet")).card.checks
    assert checks["held_out_rows"] > 300
    assert 0 < checks["held_out_above_99th_percentile"] < 0.05


def test_what_is_usual_is_learned_for_programmes_that_do_not_say_it(rows):
    found = {one.program_id: one for one in usual(rows)}
    east = rows.filter(pl.col("program_id") == "east").collect()
    earned, burned = (east.filter(pl.col("type") == kind)["points"].sum() for kind in ("earn", "redeem"))
    assert found["east"].burn_per_earn == pytest.approx(burned / earned, rel=1e-5)
    assert found.keys() == {"east", "west"}
    policies = with_usual(POLICIES, usual(rows))
    assert policies.programme("east").segment == Segment(
        found["east"].burn_per_earn, found["east"].month_points, found["east"].points_per_minor
    )
    own = parse('name = "own"\n[segment]\nmonth_points = 77\n')
    assert with_usual(own, usual(rows)).programme("east").segment.month_points == 77


def test_the_tenure_read_from_a_vector_is_the_tenure_it_was_made_with(whole):
    made = set()
    for (_, program_id), (row, segment) in whole.items():
        vector = np.frombuffer(row, "<f4")
        assert segment_of(program_id, segment[1], vector) == segment
        made.add(segment[2])
    assert made == {"new", "settled"}


def test_what_is_looked_at_comes_in_the_order_of_history(rows):
    own = own_rows(rows, draw(rows, 0, EVENTS).members).drop(TICKET)
    seen = look(own.sample(fraction=1, shuffle=True, seed=2).head(500), POLICIES, None, quiet)
    assert seen.keys.equals(seen.keys.sort(ORDER))
