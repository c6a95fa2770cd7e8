-- add_passkey_link.sql · a new link to enrol by
INSERT INTO passkey_links (link_hash, program_id, account_id, made_ms, expires_ms, used_ms)
VALUES (:link_hash, :program_id, :account_id, :made_ms, :expires_ms, NULL)
