-- forget_codes.sql · a user's recovery codes are good no more
DELETE FROM user_codes WHERE user_id = :user_id
