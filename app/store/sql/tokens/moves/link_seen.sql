-- The openings of a link, this session's first, then in the order they came, at most `most`.
SELECT session_hash, opened_ms, device, browser, country, check_id FROM link_openings
WHERE token_hash = :token_hash
ORDER BY CASE WHEN session_hash = :session_hash THEN 0 ELSE 1 END, opened_ms, session_hash LIMIT :most
