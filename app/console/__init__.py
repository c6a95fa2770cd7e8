"""
The analyst console at `/console`: server-rendered pages inside one frame, which asks who is there before a page is asked.

To add a page, write a module (or a room) in `app/console` with its templates in `app/console/templates/<room>/`:

    PLACE = Place("queue", "Queue", "/console/queue", "view_queue", key="q")      # its item in the navigation

    class Queue:
        def __init__(self, cases: Cases) -> None: ...

        async def show(self, visit: Visit) -> Response:
            found = await to_thread.run_sync(self._cases.queue, visit.viewer.scope, visit.now_ms)
            return visit.page("queue/list.html", "Queue", cases=found)

        async def claim(self, visit: Visit) -> Response:
            case = await to_thread.run_sync(self._cases.case, visit.path["case_id"])
            if case is None or not visit.viewer.admits(case.program_id, case.partners, case.stores):
                raise turned(404)                                 # what is out of scope is not there
            ...
            return visit.back("/console/queue", "Claimed for 15 minutes.")        # 303 with a notice

        def gestures(self) -> list[Gesture]:
            return [
                Get("/console/queue", "view_queue", self.show),
                Post("/console/queue/{case_id}/claim", "work_case", self.claim),
            ]

and a line in `app/composition/console.py`: `Room(PLACE, Queue(...).gestures())`. A gesture names the right it needs, and
the frame asks for it before the handler runs: a POST besides must come from a form of this session (`parts.form` carries
its token). Which programme, partner or store is for the handler: `visit.viewer.admits`, `visit.viewer.scope`.

A template begins with `{% extends "base.html" %}` and fills `{% block main %}`; `parts` holds the building blocks
(`parts.html` lists them), `visit` the visit, `may("right")` whether to offer something. No `style` attribute, no inline
script: the Content-Security-Policy stops both. The classes are in `static/console.css`.
"""
