-- trim_decisions.sql · of the decisions of :case_id the first stays linked, and so many after the newest
DELETE FROM case_decisions
WHERE case_id = :case_id
  AND seq < (SELECT seq FROM case_decisions WHERE case_id = :case_id ORDER BY seq DESC LIMIT 1 OFFSET :kept)
  AND seq > (SELECT MIN(seq) FROM case_decisions WHERE case_id = :case_id)
