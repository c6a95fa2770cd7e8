-- forget_passkeys.sql · a user's passkeys are good no more
DELETE FROM user_passkeys WHERE user_id = :user_id
