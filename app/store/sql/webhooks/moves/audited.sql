-- audited.sql · what the audit holds of these events and programmes in a stretch, and whose token or decision it was → seq, program_id, event, subject, at_ms, account_id
SELECT a.seq, a.program_id, a.event, a.subject, a.at_ms, COALESCE(t.account_id, d.account_id) AS account_id
FROM audit a
LEFT JOIN tokens t ON t.token_id = a.subject AND t.program_id = a.program_id
LEFT JOIN decisions d ON d.decision_id = a.subject AND d.program_id = a.program_id
WHERE a.seq > :after AND a.seq <= :upto AND a.program_id IN :programs AND a.event IN :events
ORDER BY a.seq
