"""What figures stand on and what they do not say, in sentences."""

from __future__ import annotations

from typing import Final

from app.offline.figures import Coverage
from app.offline.labelling import NO_LABEL, POSITIVE


def coverage_sentences(coverage: Coverage) -> list[str]:
    """What the labels cover, what became of the rest, and what that means."""
    labels = coverage.labels
    positive = sum(labels[name] for name in POSITIVE)
    honest, unsure, without = labels["legitimate"], labels["undetermined"], labels[NO_LABEL]
    taken = "are taken for honest" if coverage.unlabelled == "honest" else "are labelled legitimate"
    first = (
        f"{positive:,} of {coverage.events:,} events are labelled abuse and {honest:,} "
        f"{taken}; they make {coverage.transactions:,} transactions."
    )
    said = [first]
    if coverage.unlabelled == "honest":
        said.append(
            "Events without a label count as honest: whoever ran this says the labels name all abuse."
        )
    elif without:
        said.append(
            f"{without:,} events have no label. They are in the rates of alerts and in nothing else: "
            "nobody said that they are honest."
        )
    if unsure:
        said.append(f"{unsure:,} events are labelled undetermined and left out.")
    if coverage.unmatched:
        said.append(f"{coverage.unmatched:,} labels belong to events or accounts that were not replayed.")
    if not positive:
        said.append("No abuse is labelled, so nothing can be said of what was caught.")
    if not honest:
        said.append("No event is labelled legitimate, so nothing can be said of false alarms.")
    return said


LIMITS_OF_FIGURES: Final = """\
Labels come late and mostly from what somebody already suspected. Abuse nobody noticed is labelled by nobody, so \
recall is measured against known abuse only.
A replay shows what would have been decided, not what members and fraudsters would have done next: a challenged \
member might have passed, a blocked fraudster might have tried again.
A challenge counts as stopped. How many honest members pass one, and how many fraudsters do, is not in here.
A score ranks events against each other. It is not the probability of fraud, and no one should be judged by a \
score alone.
Figures of a few incidents move a lot by chance; read them beside the counts.
""".splitlines()
"""What belongs under every report, a sentence or two each."""
