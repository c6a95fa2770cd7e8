-- behind.sql · how far each source is read, and how far it goes → source, seq, last
SELECT c.source, c.seq, CASE c.source
    WHEN 'decisions' THEN (SELECT seq FROM record_head)
    WHEN 'audit' THEN (SELECT seq FROM audit_head)
    ELSE (SELECT COALESCE(MAX(seq), 0) FROM labels)
END AS last
FROM webhook_cursors c WHERE c.source <> 'messages'
ORDER BY c.source
