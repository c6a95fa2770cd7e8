-- labelled.sql · labels in a stretch, of these programmes, and whose event was labelled → their rows
SELECT l.seq, l.program_id, l.label_id, l.account_id, l.event_id, l.label, l.typology, l.source, l.labelled_ms,
    COALESCE(l.account_id, d.account_id) AS whose
FROM labels l
LEFT JOIN decisions d ON d.program_id = l.program_id AND d.event_id = l.event_id
WHERE l.seq > :after AND l.seq <= :upto AND l.program_id IN :programs
ORDER BY l.seq
