-- Hold a user's row until the commit, so that of two views saved at once each counts for the other.
SELECT user_id FROM users WHERE user_id = :user_id FOR UPDATE
