-- as_of.sql · hold the user's row if it is as of :version and may sign in
SELECT version FROM users
WHERE user_id = :user_id AND version = :version AND disabled_ms IS NULL AND password_hash IS NOT NULL FOR UPDATE
