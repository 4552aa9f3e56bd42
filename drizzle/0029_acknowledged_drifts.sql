ALTER TABLE "drifts" ADD COLUMN "acknowledged_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "drifts" ADD COLUMN "acknowledged_by" text;--> statement-breakpoint
ALTER TABLE "drifts" ADD COLUMN "acknowledged_reason" text;--> statement-breakpoint
ALTER TABLE "drifts" ADD CONSTRAINT "drifts_acknowledged" CHECK (num_nonnulls(acknowledged_at, acknowledged_by, acknowledged_reason) in (0, 3));