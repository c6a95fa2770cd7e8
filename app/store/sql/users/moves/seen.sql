-- seen.sql · a session was used now
UPDATE user_sessions SET seen_ms = :now_ms WHERE session_hash = :session_hash AND seen_ms < :now_ms AND ended_ms IS NULL
