-- forget_sessions.sql · sessions that began before :before_ms are of no more use
DELETE FROM user_sessions WHERE user_id = :user_id AND made_ms < :before_ms
