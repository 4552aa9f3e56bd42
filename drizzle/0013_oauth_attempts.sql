ALTER TABLE "oauth_tokens" ADD COLUMN "attempt" uuid;--> statement-breakpoint
ALTER TABLE "oauth_tokens" ADD COLUMN "attempted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "oauth_tokens" ADD COLUMN "tenant" text;