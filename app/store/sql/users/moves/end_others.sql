-- end_others.sql · end a user's sessions but this one → their hashes
UPDATE user_sessions SET ended_ms = :now_ms
WHERE session_hash <> :session_hash AND user_id = :user_id AND ended_ms IS NULL AND version = :version
RETURNING session_hash
