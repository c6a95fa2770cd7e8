"""What is marked as shared is found by its hash, whoever marked it."""

from app.feedback.ports import ContextRow
from app.reviewing.contexts import contexts
from app.sighting import Sighter
from detectors.policy import SharedContext

SIGHTER = Sighter(bytes(32), "DE")


class Marked:
    def live_contexts(self, _):
        key = SIGHTER.digest("one", "device", "till-1")
        return [
            ContextRow("c1", "one", "device", "till-1", key, "store_tablet", "", "", 0, None),
            ContextRow("c2", "two", "device", "till-1", key, "kiosk", "", "", 0, None),
            ContextRow("c3", "one", "ip", "192.0.2.0/24", b"", "office_nat", "", "", 0, None),
        ]


def test_marks_of_analysts_and_of_the_policy_are_found_and_those_of_other_programmes_are_not():
    said = (SharedContext("ip", "192.0.2.7", "office_nat"), SharedContext("ip", "192.0.2.0/24", "kiosk"))
    found = contexts(Marked(), lambda _: said, SIGHTER.digest, "one", 0)
    assert found("one", "device", SIGHTER.digest("one", "device", "till-1")) == "store_tablet"
    assert found("one", "ip", SIGHTER.digest("one", "ip", "192.0.2.7")) == "office_nat"
    assert found("one", "ip", SIGHTER.digest("one", "ip", "192.0.2.8")) is None
    assert found("one", "payment", b"") is None
