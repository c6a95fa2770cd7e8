-- barred.sql · until when the tries of :kind, :hash have to wait
SELECT until_ms FROM user_tries WHERE kind = :kind AND hash = :hash AND until_ms > :now_ms
