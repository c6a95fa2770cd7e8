-- put_off.sql · a lane held until :until_ms is due at :next_ms
UPDATE webhook_lanes SET next_ms = :next_ms
WHERE webhook_id = :webhook_id AND account_id = :account_id AND next_ms = :until_ms
