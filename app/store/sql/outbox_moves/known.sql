-- known.sql · whether there is such a message → a row, or none
SELECT message_id FROM outbox WHERE message_id = :message_id
