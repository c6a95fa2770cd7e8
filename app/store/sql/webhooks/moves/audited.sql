-- audited.sql · what the audit holds of these events and programmes in a stretch, and whose token, decision, challenge or case it was → seq, program_id, event, subject, at_ms, account_id
SELECT a.seq, a.program_id, a.event, a.subject, a.at_ms, COALESCE(t.account_id, d.account_id, c.account_id) AS account_id
FROM audit a
LEFT JOIN cases c ON c.case_id = a.subject AND c.program_id = a.program_id
LEFT JOIN tokens t ON t.token_id = a.subject AND t.program_id = a.program_id
LEFT JOIN decisions d ON d.program_id = a.program_id
    AND d.decision_id = CASE WHEN a.subject LIKE 'chl!_%' ESCAPE '!' THEN 'dec_' || substr(a.subject, 5) ELSE a.subject END
WHERE a.seq > :after AND a.seq <= :upto AND a.program_id IN :programs AND a.event IN :events
ORDER BY a.seq
