-- stop.sql · nothing comes of a request → user_id; no row: there is none
DELETE FROM user_requests WHERE user_id = :user_id AND request_id = :request_id RETURNING user_id
