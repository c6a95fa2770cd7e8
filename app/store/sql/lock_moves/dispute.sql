-- Note that a member disputes a redemption; a row means it is the first time.
INSERT INTO disputes (program_id, redemption_id, account_id, at_ms)
VALUES (:program_id, :redemption_id, :account_id, :now_ms)
ON CONFLICT (program_id, redemption_id) DO NOTHING
RETURNING redemption_id
