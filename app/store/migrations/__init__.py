"""The history of the record's tables. Applied by `app.store.sql.migrate`; a released migration never changes."""
