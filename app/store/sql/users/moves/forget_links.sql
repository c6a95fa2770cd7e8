-- forget_links.sql · a user's open links are good no more
DELETE FROM user_links WHERE user_id = :user_id AND used_ms IS NULL
