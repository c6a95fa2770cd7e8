-- lock_messages.sql · takes the lock of whoever makes messages or changes which endpoints there are → the number given last
SELECT seq FROM webhook_cursors WHERE source = 'messages' FOR UPDATE
