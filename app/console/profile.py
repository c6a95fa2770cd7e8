"""One's own page: role and rights, sessions, password, recovery codes, passkeys."""

from __future__ import annotations

from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.console.access import asker_of, patience
from app.console.place import HOME
from app.console.visit import Gesture, Get, Post, Visit, turned
from app.users.entering import SignIn, Wait
from app.users.limits import SHORTEST_PASSWORD
from app.users.own import Own
from app.users.passwords import Passwords, fault
from app.users.rights import RIGHTS

PROFILE: Final = f"{HOME}/profile"
NOT_IT: Final = "That is not your password."
TOLD: Final = {
    "added": "The passkey is added: use it at your next sign-in.",
    "taken": "This authenticator has a passkey here already.",
    "full": "You have as many passkeys as there may be. Remove one first.",
    "refused": "The browser's answer did not hold, or the page was too old. Try again.",
}


class Profile:
    """
    Args:
        own: the use cases.
        sign_in: confirms the password before what would outlast a stolen session.
        passwords: hashes.
    """

    def __init__(self, own: Own, sign_in: SignIn, passwords: Passwords) -> None:
        self._own, self._sign_in, self._passwords = own, sign_in, passwords

    def gestures(self) -> list[Gesture]:
        """All of it is everybody's own."""
        return [
            Get(PROFILE, "own_profile", self.show),
            Post(f"{PROFILE}/password", "own_profile", self.set_password),
            Post(f"{PROFILE}/codes", "own_profile", self.renew_codes),
            Post(f"{PROFILE}/passkeys/new", "own_profile", self.offer_passkey),
            Post(f"{PROFILE}/passkeys", "own_profile", self.make_passkey),
            Post(f"{PROFILE}/passkeys/forget", "own_profile", self.forget_passkey),
            Post(f"{PROFILE}/sessions/end", "own_profile", self.end),
            Post(f"{PROFILE}/sessions/end-others", "own_profile", self.end_others),
        ]

    async def show(self, visit: Visit) -> Response:
        """The page."""
        return await self._shown(visit, {})

    async def set_password(self, visit: Visit) -> Response:
        """Another password; this browser gets a new session, every other ends."""
        new = visit.form.exact("password_new")
        wrong = fault(new, visit.viewer.email)
        if wrong is not None:
            return await self._shown(visit, {"password_new": wrong})
        if new != visit.form.exact("password_again"):
            return await self._shown(visit, {"password_again": "Not the same as above."})
        if (mishap := await self._unconfirmed(visit, "password")) is not None:
            return await self._shown(visit, {"password": mishap})
        hashed, asker = await self._passwords.hash(new), asker_of(visit.request, visit.console.cookies)
        cookie = await to_thread.run_sync(self._own.set_password, visit.viewer, hashed, asker, visit.now_ms)
        if cookie is None:
            raise turned(409, again=PROFILE)
        response = visit.back(PROFILE, "Your password is changed. Every other session has ended.")
        visit.console.cookies.give(response, "session", cookie)
        return response

    async def renew_codes(self, visit: Visit) -> Response:
        """Ten new codes, shown in the answer and nowhere else."""
        if (mishap := await self._unconfirmed(visit, "codes_password")) is not None:
            return await self._shown(visit, {"codes_password": mishap})
        codes = await to_thread.run_sync(self._own.renew_codes, visit.viewer, visit.now_ms)
        return visit.page("profile/codes.html", "Your new recovery codes", codes=codes)

    async def offer_passkey(self, visit: Visit) -> Response:
        """The page where the browser makes one."""
        if (mishap := await self._unconfirmed(visit, "passkey_password")) is not None:
            return await self._shown(visit, {"passkey_password": mishap})
        options, carried = await to_thread.run_sync(self._own.making, visit.viewer, visit.now_ms)
        return visit.page("profile/passkey.html", "Add a passkey", options=options, carried=carried)

    async def make_passkey(self, visit: Visit) -> Response:
        """With what the browser made."""
        sent = visit.form
        given = sent.exact("carried"), sent.exact("answer"), sent.text("label")
        made = await to_thread.run_sync(self._own.make, visit.viewer, *given, visit.now_ms)
        return visit.back(PROFILE, TOLD[made], "good" if made == "added" else "bad")

    async def forget_passkey(self, visit: Visit) -> Response:
        """One fewer."""
        passkey_id = visit.form.text("passkey")
        gone = await to_thread.run_sync(self._own.forget_passkey, visit.viewer, passkey_id, visit.now_ms)
        if not gone:
            raise turned(404, again=PROFILE)
        return visit.back(PROFILE, "The passkey is removed.")

    async def end(self, visit: Visit) -> Response:
        """One session."""
        ended = await to_thread.run_sync(
            self._own.end, visit.viewer, visit.form.text("session"), visit.now_ms
        )
        return visit.back(PROFILE, "The session has ended." if ended else "It had ended already.")

    async def end_others(self, visit: Visit) -> Response:
        """All but this."""
        ended = await to_thread.run_sync(self._own.end_others, visit.viewer, visit.now_ms)
        return visit.back(PROFILE, f"{ended} other session{'' if ended == 1 else 's'} ended.")

    async def _unconfirmed(self, visit: Visit, field: str) -> str | None:
        known = await self._sign_in.confirms(
            visit.viewer,
            visit.form.exact(field),
            asker_of(visit.request, visit.console.cookies),
            visit.now_ms,
        )
        if isinstance(known, Wait):
            return patience(known)
        return None if known else NOT_IT

    async def _shown(self, visit: Visit, faults: dict[str, str]) -> Response:
        security = await to_thread.run_sync(self._own.security, visit.viewer, visit.now_ms)
        rights = sorted(right.replace("_", " ") for right in RIGHTS[visit.viewer.role])
        return visit.page(
            "profile/own.html",
            "Profile and security",
            422 if faults else 200,
            security=security,
            rights=rights,
            faults=faults,
            least=SHORTEST_PASSWORD,
        )
