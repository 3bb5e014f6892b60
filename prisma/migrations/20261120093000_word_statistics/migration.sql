-- How often a word is said decides between the index of words and reading the newest messages until a page is full. Of words that are
-- not among those counted PostgreSQL believes that they are half as usual as the least of them: with the thousand that it
-- counts by itself it takes rare words for usual ones, and reads every message of a tenant.
alter table messages alter column content_words set statistics 300;
analyze messages (content_words);
