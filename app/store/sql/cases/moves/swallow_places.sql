-- swallow_places.sql · :into touched what :case_id touched
INSERT INTO case_places (case_id, kind, value, program_id)
SELECT CAST(:into AS TEXT), kind, value, program_id FROM case_places WHERE case_id = :case_id
ON CONFLICT (case_id, kind, value) DO NOTHING
