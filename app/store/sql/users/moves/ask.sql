-- ask.sql · ask something for a user as of :version, who can sign in to be told → request_id; no row: they changed, are disabled, or something asked after :over_ms waits
INSERT INTO user_requests (user_id, request_id, wanted, role, scope, version, asked_by, asked_ms)
SELECT user_id, :request_id, :wanted, :role, :scope, version, :asked_by, :asked_ms FROM users
WHERE user_id = :user_id AND version = :version AND disabled_ms IS NULL
ON CONFLICT (user_id) DO UPDATE SET
  request_id = excluded.request_id, wanted = excluded.wanted, role = excluded.role, scope = excluded.scope,
  version = excluded.version, asked_by = excluded.asked_by, asked_ms = excluded.asked_ms
WHERE user_requests.asked_ms <= :over_ms OR user_requests.version <> excluded.version
  OR NOT EXISTS (SELECT 1 FROM users AS asker WHERE asker.user_id = user_requests.asked_by
    AND asker.role = 'security_admin' AND asker.disabled_ms IS NULL)
RETURNING request_id
