-- decided.sql · decisions given to a caller in a stretch, of these programmes; history that was handed in is none → their rows, as they were decided whatever was passed since
SELECT seq, program_id, decision_id, event_id, account_id, type, received_ms,
       CASE WHEN passed_ms IS NULL THEN decision ELSE 'challenge' END AS decision, risk_score, source, answer
FROM decisions
WHERE seq > :after AND seq <= :upto AND program_id IN :programs AND origin <> 'event'
ORDER BY seq
