-- split_accounts.sql · these accounts of :case_id go on in :into
INSERT INTO case_accounts (case_id, account_id, program_id, is_open, left_ms, why, joined_ms, risk_score,
    gained_points, spent_points, decisions, challenged, reviewed, blocked, typology, reasons)
SELECT CAST(:into AS TEXT), account_id, program_id, 0, NULL, why, CAST(:now_ms AS BIGINT),
    risk_score, gained_points, spent_points, decisions, challenged, reviewed, blocked, typology, reasons
FROM case_accounts WHERE case_id = :case_id AND left_ms IS NULL AND account_id IN :account_ids
