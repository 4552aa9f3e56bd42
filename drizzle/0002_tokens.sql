CREATE TABLE "oauth_tokens" (
	"account" text PRIMARY KEY NOT NULL,
	"sealed" text,
	"expires_at" timestamp with time zone,
	"grant_hash" text NOT NULL,
	"refreshed_at" timestamp with time zone,
	"lease" uuid,
	"leased_until" timestamp with time zone
);
