"""What an error page says where the page that failed has no better words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TITLES: Final[Mapping[int, str]] = {
    400: "That form cannot be read",
    403: "Not yours to do",
    404: "There is nothing here",
    409: "Somebody else was first",
    413: "That is too long",
    415: "That form cannot be read",
    422: "Something is missing",
    429: "Too many tries",
    503: "A store does not answer",
}
LEADS: Final[Mapping[int, str]] = {
    400: "Nothing was done. Go back and send the form again.",
    403: "Nothing was done. The form did not come from a page of this console, or your role does not include it.",
    404: "It may never have existed, may be gone, or may belong to a programme that is not yours.",
    409: "What you saw has changed since. Nothing of yours was done; look at it again and decide anew.",
    413: "Nothing was done. Shorten the text, or mark fewer rows, and send it again.",
    415: "Nothing was done. Go back and send the form again.",
    422: "Nothing was done. Go back and fill in what is missing.",
    429: "Wait a while, then try again.",
    503: "Nothing was done, or it was done and could not be shown. Look again in a few seconds.",
}
