-- clear.sql · it was right: forget the wrong tries before it
DELETE FROM user_tries WHERE kind = :kind AND hash = :hash
