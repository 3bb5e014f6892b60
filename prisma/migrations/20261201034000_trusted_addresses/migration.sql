-- Before this version only operators wrote addresses of accounts with passwords: they count as verified.
UPDATE "users" SET "email_verified_at" = "created_at"
  WHERE "email_verified_at" IS NULL AND "email" IS NOT NULL AND "password_hash" IS NOT NULL;
