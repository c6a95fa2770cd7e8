-- skip.sql · while nobody is told anything, sources are not read; before the first is, they are passed over up to here
UPDATE webhook_cursors SET seq = CASE source
    WHEN 'decisions' THEN (SELECT seq FROM record_head)
    WHEN 'audit' THEN (SELECT seq FROM audit_head)
    ELSE (SELECT COALESCE(MAX(seq), 0) FROM labels)
END
WHERE source <> 'messages' AND NOT EXISTS (SELECT 1 FROM webhook_endpoints WHERE state = 'enabled')
