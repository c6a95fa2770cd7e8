-- stand.sql · takes the place where decisions are read for cases until the commit → how far they are read
SELECT seq FROM case_cursors WHERE source = 'decisions' FOR UPDATE
