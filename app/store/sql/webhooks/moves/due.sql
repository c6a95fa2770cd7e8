-- due.sql · enabled endpoints that have a lane which is due → webhook_id …
SELECT e.webhook_id FROM webhook_endpoints e
WHERE e.state = 'enabled'
    AND EXISTS (SELECT 1 FROM webhook_lanes l WHERE l.webhook_id = e.webhook_id AND l.next_ms <= :now_ms)
ORDER BY e.webhook_id
