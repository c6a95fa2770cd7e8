-- Note that a session opened a link; once, however often it is told.
INSERT INTO link_openings (token_hash, session_hash, opened_ms, device, browser, country, kept_until_ms)
VALUES (:token_hash, :session_hash, :opened_ms, :device, :browser, :country, :kept_until_ms)
ON CONFLICT (token_hash, session_hash) DO NOTHING
