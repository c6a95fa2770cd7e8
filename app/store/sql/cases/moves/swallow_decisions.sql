-- swallow_decisions.sql · the decisions of :case_id are linked to :into too
INSERT INTO case_decisions (case_id, seq, decision_id, program_id, account_id, type, occurred_ms, decision, risk_score)
SELECT CAST(:into AS TEXT), seq, decision_id, program_id, account_id, type, occurred_ms, decision, risk_score
FROM case_decisions WHERE case_id = :case_id
ON CONFLICT (case_id, seq) DO NOTHING
