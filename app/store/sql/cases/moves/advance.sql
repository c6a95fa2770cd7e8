-- advance.sql · decisions are read for cases up to :seq
UPDATE case_cursors SET seq = :seq WHERE source = 'decisions'
