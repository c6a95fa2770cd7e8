"""Law: of every account and event the last label counts, whatever was said before and however it was heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.feedback.hearing import Hearing
from app.feedback.ports import News, PairRow, Word
from app.feedback.standing import EXCUSED_FOR_MS, Standing, standing
from detectors.said import NOTHING_SAID

KEY = b"8 bytes!"
LABELS = ("fraud", "legitimate", "policy_abuse", "undetermined")
said = st.lists(st.tuples(st.sampled_from(("", "e-1", "e-2")), st.sampled_from(LABELS)), max_size=12)


def word(version: int, subject: str = "", label: str = "legitimate", typology: str | None = None) -> Word:
    codes = {"DUPLICATE_PERSON": 0.5} if label == "legitimate" else {}
    return Word("p", "m-1", subject, KEY, label, typology, f"lbl_{version}", 1_000 * version, codes, version)


def hear(hearing: Hearing, news: News) -> None:
    hearing.take(hearing.read(lambda _: news))


def heard(words: list[Word], *, at_once: bool) -> Hearing:
    hearing = Hearing()
    for stretch in [words] if at_once else [[one] for one in words]:
        last = {(one.account_id, one.subject): one for one in stretch}  # a row holds the last word alone
        version = max((one.version for one in stretch), default=0)
        said_now = sorted(last.values(), key=lambda one: one.version)
        hear(hearing, News(version, said_now, ()))
    return hearing


@given(said)
def test_the_last_word_of_each_counts_however_it_was_heard(given_words):
    words = [word(n, subject, label) for n, (subject, label) in enumerate(given_words, 1)]
    last = {one.subject: one for one in words}
    expected = standing(last.values())
    for at_once in (True, False):
        known = heard(words, at_once=at_once).of("p")
        of = known.of(KEY, 0)
        assert set(of.frauds) == ({KEY.hex()} if expected.fraud else set())
        assert dict(of.excused) == expected.excused(0)
        assert [hit.entry_id for hit in known.watched(KEY)] == [
            one.label_id for one in (expected.fraud,) if one
        ]


@given(said)
def test_fraud_ends_every_excuse_given_before_it(given_words):
    words = [word(n, subject, label) for n, (subject, label) in enumerate(given_words, 1)]
    after = standing([*{one.subject: one for one in words}.values(), word(99, "e-9", "fraud")])
    assert after.excuses == ()


@given(said)
def test_undetermined_of_each_leaves_nothing(given_words):
    words = [word(n, subject, label) for n, (subject, label) in enumerate(given_words, 1)]
    withdrawn = [word(50 + n, subject, "undetermined") for n, subject in enumerate(("", "e-1", "e-2"))]
    hearing = heard([*words, *withdrawn], at_once=False)
    assert hearing.of("p").of(KEY, 0) == NOTHING_SAID


def test_an_excuse_ends_after_a_season():
    stands = standing([word(1)])
    assert stands.excused(1_000 + EXCUSED_FOR_MS - 1) == {"DUPLICATE_PERSON": 0.5}
    assert stands.excused(1_000 + EXCUSED_FOR_MS) == {}


def test_who_was_robbed_is_no_fraud():
    assert standing([word(1, "", "fraud", "ato_drain")]) == Standing()
    assert standing([word(1, "", "fraud", "signup_farm")]).fraud is not None
    assert standing([word(1, "e-1", "fraud")]).fraud is None


@given(st.lists(st.sampled_from(("same_person", "household", "unrelated", None)), min_size=1, max_size=8))
def test_the_last_verdict_on_a_pair_counts_from_either_side(verdicts):
    hearing, other = Hearing(), b"another!"
    for version, verdict in enumerate(verdicts, 1):
        row = PairRow("p", "m-1", "m-2", KEY, other, verdict, "Ana", version, None, version)
        hear(hearing, News(version, (), (row,)))
    last = verdicts[-1]
    for mine, theirs in ((KEY, other), (other, KEY)):
        of = hearing.of("p").of(mine, 0)
        assert (of.confirmed == {theirs.hex()}) is (last == "same_person")
        assert (of.released == {theirs.hex()}) is (last in {"household", "unrelated"})


def test_a_record_put_back_to_before_is_read_anew():
    hearing = heard([word(5, "", "fraud")], at_once=True)
    asked = []

    def heard_since(version: int) -> News:
        asked.append(version)
        return News(2, () if version else (word(2),), ())

    hearing.take(hearing.read(heard_since))
    assert (asked, hearing.version) == ([5, 0], 2)
    assert not hearing.of("p").watched(KEY)
