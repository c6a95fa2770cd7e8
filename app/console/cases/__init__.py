"""
The case page at `/console/cases/{case_id}`: from a flag to a decision in a minute.

Each tab is a page of its own, so that it works without a script and counts as opened when it was (`looks`): why it was
flagged, the timeline, the things it used, the linked accounts, the record. On every one stand the case's head, what can
be done about it and the notes (`frame.html`). What acts goes through a page that tells the consequence first (`acts`,
`moves`).
"""
