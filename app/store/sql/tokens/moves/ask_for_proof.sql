-- Note the decision that asked this session for proof; a later one takes its place.
INSERT INTO link_openings (token_hash, session_hash, device, browser, country, check_id, kept_until_ms)
VALUES (:token_hash, :session_hash, :nothing, :nothing, '', :check_id, :kept_until_ms)
ON CONFLICT (token_hash, session_hash) DO UPDATE SET check_id = excluded.check_id
