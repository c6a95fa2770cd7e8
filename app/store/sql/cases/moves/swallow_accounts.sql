-- swallow_accounts.sql · the accounts of :case_id that have not left it go on in :into, where one may have been before
INSERT INTO case_accounts (case_id, account_id, program_id, is_open, left_ms, why, joined_ms, risk_score,
    gained_points, spent_points, decisions, challenged, reviewed, blocked, typology, reasons)
SELECT CAST(:into AS TEXT), account_id, program_id, 0, NULL, CASE why WHEN 'dispute' THEN why ELSE 'merged' END, CAST(:now_ms AS BIGINT),
    risk_score, gained_points, spent_points, decisions, challenged, reviewed, blocked, typology, reasons
FROM case_accounts WHERE case_id = :case_id AND left_ms IS NULL
ON CONFLICT (case_id, account_id) DO UPDATE SET left_ms = NULL, why = excluded.why, joined_ms = excluded.joined_ms,
    risk_score = excluded.risk_score, gained_points = excluded.gained_points, spent_points = excluded.spent_points,
    decisions = excluded.decisions, challenged = excluded.challenged, reviewed = excluded.reviewed,
    blocked = excluded.blocked, typology = excluded.typology, reasons = excluded.reasons
