ALTER TABLE "erasures" ADD COLUMN "signed" jsonb;--> statement-breakpoint
ALTER TABLE "verifications" ADD COLUMN "signed" jsonb;