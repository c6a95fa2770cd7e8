-- Hold a decision's points until another instant, with another end, while nobody ended the hold. A row means it was so.
UPDATE holds SET due_ms = :due_ms, planned = :planned
WHERE program_id = :program_id AND decision_id = :decision_id AND due_ms IS NOT NULL
RETURNING decision_id
