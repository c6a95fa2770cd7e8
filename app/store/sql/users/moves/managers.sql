-- managers.sql · how many who manage people there are besides :user_id
SELECT COUNT(*) AS others FROM users
WHERE role = 'security_admin' AND disabled_ms IS NULL AND password_hash IS NOT NULL AND user_id <> :user_id
