-- Make one of a user's views the one they begin with, or none where `view_id` is empty.
UPDATE console_views SET is_default = CASE WHEN view_id = :view_id THEN 1 ELSE 0 END WHERE user_id = :user_id
