-- behind.sql · how far each source is read, and how far it goes, if anybody is told anything → source, seq, last
SELECT c.source, c.seq, CASE c.source
    WHEN 'decisions' THEN (SELECT seq FROM record_head)
    WHEN 'audit' THEN (SELECT seq FROM audit_head)
    ELSE (SELECT COALESCE(MAX(seq), 0) FROM labels)
END AS last
FROM webhook_cursors c
WHERE c.source <> 'messages' AND EXISTS (SELECT 1 FROM webhook_endpoints WHERE state = 'enabled')
ORDER BY c.source
