"""What a member reads on the pages of locks, in English and German: see `app.pages.texts`."""

from __future__ import annotations

from typing import Final

EN: Final = {
    "dispute_heading": "This was not you?",
    "dispute_lead": "You came here from a message about a redemption that {brand} sent you.",
    "dispute_what": "If it was not you, press the button. Redeeming is then switched off for your account at once, and "
    "somebody at the programme looks into it. You go on earning points.",
    "dispute_safe": "Nothing happens by looking at this page. If it was you, just close it.",
    "dispute_confirm": "It was not me: switch redeeming off",
    "disputed_heading": "Redeeming is switched off",
    "disputed_lead": "Thank you for telling us. Nobody can redeem from your account now.",
    "disputed_next": "Somebody at the programme looks into it and will get in touch. You need not do anything else, and "
    "you go on earning points. To switch redeeming on again, contact the programme.",
    "disputed_before_heading": "You have told us already",
    "disputed_before_lead": "This redemption was reported before, and redeeming has been switched on again since.",
    "disputed_before_next": "If something is still wrong, please get in touch.",
    "dispute_expired_heading": "This link has expired",
    "dispute_expired_lead": "It works for two weeks. Nothing was done.",
    "dispute_expired_next": "If the redemption was not you, please get in touch.",
    "dispute_unknown_heading": "We cannot open this link",
    "dispute_unknown_lead": "It may be incomplete. Nothing was done.",
    "dispute_unknown_next": "Open the link straight from your message, or get in touch.",
    "dispute_wait_heading": "One moment, please",
    "dispute_wait_lead": "There were many attempts in a short time. Please try again in {left}.",
    "dispute_wait_next": "If it is urgent, please get in touch.",
    "dispute_refused_heading": "Please open your link again",
    "dispute_refused_lead": "We could not tell that this request came from our own page, so nothing was done.",
    "dispute_refused_next": "Open the link from your message and go on from there.",
    "dispute_away_heading": "Please try again in a minute",
    "dispute_away_lead": "We could not finish this just now.",
    "dispute_away_next": "Open the link from your message again in a minute. If it is urgent, please get in touch.",
}
DE: Final = {
    "dispute_heading": "Das waren Sie nicht?",
    "dispute_lead": "Sie kommen aus einer Nachricht über eine Einlösung, die Sie von {brand} erhalten haben.",
    "dispute_what": "Wenn Sie es nicht waren, wählen Sie die Schaltfläche. Das Einlösen wird dann für Ihr Konto sofort "
    "ausgeschaltet, und jemand aus dem Programm geht der Sache nach. Punkte sammeln Sie weiter.",
    "dispute_safe": "Durch das Ansehen dieser Seite geschieht nichts. Wenn Sie es waren, schließen Sie sie einfach.",
    "dispute_confirm": "Das war ich nicht: Einlösen ausschalten",
    "disputed_heading": "Das Einlösen ist ausgeschaltet",
    "disputed_lead": "Danke, dass Sie uns Bescheid geben. Von Ihrem Konto kann jetzt niemand einlösen.",
    "disputed_next": "Jemand aus dem Programm geht der Sache nach und meldet sich bei Ihnen. Sie müssen nichts weiter "
    "tun und sammeln weiter Punkte. Um das Einlösen wieder einzuschalten, wenden Sie sich an das Programm.",
    "disputed_before_heading": "Sie haben uns schon Bescheid gegeben",
    "disputed_before_lead": "Diese Einlösung wurde schon gemeldet, und das Einlösen ist seither wieder eingeschaltet.",
    "disputed_before_next": "Wenn noch etwas nicht stimmt, melden Sie sich bitte.",
    "dispute_expired_heading": "Dieser Link ist abgelaufen",
    "dispute_expired_lead": "Er gilt zwei Wochen lang. Es wurde nichts getan.",
    "dispute_expired_next": "Wenn Sie das Einlösen nicht waren, melden Sie sich bitte.",
    "dispute_unknown_heading": "Dieser Link lässt sich nicht öffnen",
    "dispute_unknown_lead": "Vielleicht ist er unvollständig. Es wurde nichts getan.",
    "dispute_unknown_next": "Öffnen Sie den Link direkt aus Ihrer Nachricht, oder melden Sie sich.",
    "dispute_wait_heading": "Einen Moment bitte",
    "dispute_wait_lead": "Es gab viele Versuche in kurzer Zeit. Bitte versuchen Sie es in {left} wieder.",
    "dispute_wait_next": "Wenn es eilt, melden Sie sich bitte.",
    "dispute_refused_heading": "Bitte öffnen Sie Ihren Link noch einmal",
    "dispute_refused_lead": "Wir konnten nicht erkennen, dass diese Anfrage von unserer Seite kam. Es wurde "
    "nichts getan.",
    "dispute_refused_next": "Öffnen Sie den Link aus Ihrer Nachricht und machen Sie dort weiter.",
    "dispute_away_heading": "Bitte versuchen Sie es in einer Minute wieder",
    "dispute_away_lead": "Das konnten wir gerade nicht abschließen.",
    "dispute_away_next": "Öffnen Sie den Link aus Ihrer Nachricht in einer Minute noch einmal. Wenn es eilt, "
    "melden Sie sich.",
}
