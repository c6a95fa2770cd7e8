-- give_back.sql · it was right: take one off, and the wait with it
UPDATE user_tries SET tries = tries - 1, until_ms = 0 WHERE kind = :kind AND hash = :hash AND tries > 0
