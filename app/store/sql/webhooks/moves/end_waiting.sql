-- end_waiting.sql · what waits for an endpoint becomes dead letters
UPDATE webhook_messages SET state = 'dead', why = :why, ended_ms = :now_ms
WHERE webhook_id = :webhook_id AND state = 'waiting'
