-- Forget a view of this user's own; its id, or nothing where it is not theirs.
DELETE FROM console_views WHERE view_id = :view_id AND user_id = :user_id RETURNING view_id
