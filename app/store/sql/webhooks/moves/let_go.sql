-- let_go.sql · those of these lanes that are still held until :until_ms are due now
UPDATE webhook_lanes SET next_ms = :now_ms
WHERE webhook_id = :webhook_id AND account_id IN :accounts AND next_ms = :until_ms
