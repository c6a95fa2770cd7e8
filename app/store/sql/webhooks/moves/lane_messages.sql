-- lane_messages.sql · the first message and :others more of each of these lanes, in order → account_id, message_id, body, attempts
SELECT m.account_id, m.message_id, m.body, m.attempts
FROM webhook_lanes l
JOIN webhook_messages m ON m.webhook_id = l.webhook_id AND m.state = 'waiting' AND m.account_id = l.account_id
    AND m.number <= COALESCE((
        SELECT x.number FROM webhook_messages x
        WHERE x.webhook_id = l.webhook_id AND x.state = 'waiting' AND x.account_id = l.account_id
        ORDER BY x.number LIMIT 1 OFFSET :others
    ), :last)
WHERE l.webhook_id = :webhook_id AND l.account_id IN :accounts
ORDER BY m.account_id, m.number
