-- begin.sql · a session begins
INSERT INTO user_sessions (session_hash, user_id, version, ticket_hash, agent, made_ms, seen_ms)
VALUES (:session_hash, :user_id, :version, :ticket_hash, :agent, :now_ms, :now_ms)
