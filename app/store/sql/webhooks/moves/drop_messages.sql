-- drop_messages.sql · deletes all messages of an endpoint
DELETE FROM webhook_messages WHERE webhook_id = :webhook_id
