-- forget_passkey.sql · one passkey of a user → its id; no row: there is none
DELETE FROM user_passkeys WHERE passkey_id = :passkey_id AND user_id = :user_id RETURNING passkey_id
