-- go_ahead.sql · use an open request up, :by a second person, or by anybody where it was asked by :waited_ms → user_id; no row: it is over, or not for :by
DELETE FROM user_requests
WHERE user_id = :user_id AND request_id = :request_id AND asked_ms > :over_ms
  AND ((asked_by <> :by AND user_id <> :by) OR asked_ms <= :waited_ms)
  AND EXISTS (SELECT 1 FROM users AS asker WHERE asker.user_id = user_requests.asked_by
    AND asker.role = 'security_admin' AND asker.disabled_ms IS NULL)
RETURNING user_id
