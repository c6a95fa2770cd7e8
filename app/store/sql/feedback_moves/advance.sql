-- Move the version of what people said by one, and hold it until the commit; the new one.
UPDATE feedback_head SET version = version + 1 WHERE id = 1 RETURNING version
