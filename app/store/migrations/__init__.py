"""The history of the record's tables, applied by `app.store.sql.migrate`. What is released never changes."""
