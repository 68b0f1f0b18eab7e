-- roost: no transaction
-- The search goes on while the index is built.
-- step: index screen_text_words
CREATE INDEX CONCURRENTLY screen_text_words ON roost.screen_text USING gin (words);
