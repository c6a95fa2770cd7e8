"""Cases in SQL: reading, moving, and opening them from the record or in another's transaction."""

from app.store.sql.cases.casing import SqlCasing
from app.store.sql.cases.desk import SqlCases
from app.store.sql.cases.opener import CaseOpener
from app.store.sql.cases.sweeping import SqlCaseSweep
from app.store.sql.cases.writing import Kept

__all__ = ["CaseOpener", "Kept", "SqlCaseSweep", "SqlCases", "SqlCasing"]
