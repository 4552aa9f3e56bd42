CREATE TABLE "bulk_actions" (
	"action_id" text PRIMARY KEY NOT NULL,
	"named_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "batches" ADD COLUMN "kind" text DEFAULT 'bulk' NOT NULL;--> statement-breakpoint
ALTER TABLE "batches" ADD COLUMN "lost" jsonb;