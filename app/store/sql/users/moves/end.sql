-- end.sql · end one session of a user → its hash; no row: it has ended
UPDATE user_sessions SET ended_ms = :now_ms
WHERE session_hash = :session_hash AND user_id = :user_id AND ended_ms IS NULL
RETURNING session_hash
