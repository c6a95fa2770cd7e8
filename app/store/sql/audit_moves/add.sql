-- Write a row of the chain; only for who holds the lock of its end.
INSERT INTO audit (seq, at_ms, program_id, event, subject, actor, ip_hash, detail, mac)
VALUES (:seq, :at_ms, :program_id, :event, :subject, :actor, :ip_hash, :detail, :mac)
