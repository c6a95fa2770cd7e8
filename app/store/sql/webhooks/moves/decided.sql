-- decided.sql · decisions given to a caller in a stretch, of these programmes; history that was handed in is none → their rows
SELECT seq, program_id, decision_id, event_id, account_id, type, received_ms, decision, risk_score, source, answer
FROM decisions
WHERE seq > :after AND seq <= :upto AND program_id IN :programs AND origin <> 'event'
ORDER BY seq
