ALTER TABLE "pauses" ADD COLUMN "trial_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "pauses" ADD COLUMN "trials" integer DEFAULT 0 NOT NULL;