-- split_places.sql · :into touched what its own decisions did, and not all that the ring it was split from did
INSERT INTO case_places (case_id, kind, value, program_id)
SELECT c.case_id, 'partner', d.partner_id, c.program_id FROM case_decisions c
JOIN decisions d ON d.decision_id = c.decision_id WHERE c.case_id = :into AND d.partner_id IS NOT NULL
UNION
SELECT c.case_id, 'store', d.store_id, c.program_id FROM case_decisions c
JOIN decisions d ON d.decision_id = c.decision_id WHERE c.case_id = :into AND d.store_id IS NOT NULL
