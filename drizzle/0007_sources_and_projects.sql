CREATE TABLE "destination_accounts" (
	"account" text PRIMARY KEY NOT NULL,
	"adopted_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "mappings" ADD COLUMN "definition" jsonb;--> statement-breakpoint
ALTER TABLE "mappings" ADD COLUMN "withdrawn_at" timestamp with time zone;