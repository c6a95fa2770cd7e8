-- behind.sql · how far decisions are read for cases, and how far they go → seq, last
SELECT c.seq, (SELECT seq FROM record_head) AS last FROM case_cursors c WHERE c.source = 'decisions'
