-- swallow_merged.sql · what ended in :case_id before goes on in :into
UPDATE cases SET merged_into = :into WHERE merged_into = :case_id
